import { z } from "zod"
import { type ImportedChat, type ImportedMessage, titleOf, toMilliseconds } from "./importedChat.ts"

/** A chat of Jan: a folder with `thread.json` and `messages.jsonl`. */
const thread = z.looseObject({
  title: z.string().nullish(),
  created: z.number().nullish(),
  updated: z.number().nullish(),
  assistants: z.array(z.unknown()).nullish(),
})
const modelOfAssistant = z.looseObject({ model: z.looseObject({ id: z.string() }) })
const janMessage = z.looseObject({
  id: z.string(),
  role: z.string(),
  created_at: z.number().nullish(),
  content: z.array(z.looseObject({ type: z.string(), text: z.looseObject({ value: z.string() }).nullish() })).nullish(),
})

/** Throws a ZodError, or a SyntaxError for a line that is not JSON. The messages are one branch, in the order of the file. */
export function readJan(threadFile: unknown, lines: string, now: number): ImportedChat {
  const source = thread.parse(threadFile)
  const createdAt = toMilliseconds(source.created, now)
  const model = modelOfAssistant.safeParse(source.assistants?.[0]).data?.model.id ?? null
  const messages: ImportedMessage[] = []
  for (const line of lines.split("\n")) {
    if (line.trim() === "") continue
    const { id, role, content, created_at: time } = janMessage.parse(JSON.parse(line))
    const text = (content ?? [])
      .map((part) => part.text?.value ?? (part.type === "text" ? "" : "*(an attachment was here)*"))
      .join("\n\n")
      .trim()
    if ((role !== "user" && role !== "assistant") || text === "") continue
    const parentId = messages.at(-1)?.id ?? null
    messages.push({
      id,
      parentId,
      role,
      text,
      model: role === "assistant" ? model : null,
      createdAt: toMilliseconds(time, createdAt),
    })
  }
  return {
    title: titleOf(source.title, messages),
    createdAt,
    updatedAt: toMilliseconds(source.updated, createdAt),
    messages,
    activeMessageId: messages.at(-1)?.id ?? null,
  }
}
