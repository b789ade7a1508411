import { z } from "zod"
import { type ImportedChat, type ImportedMessage, titleOf, toMilliseconds } from "./importedChat.ts"

/** One conversation of `conversations.json` in a data export of ChatGPT. The tree holds every branch; `current_node` is the leaf shown. */
const conversation = z.looseObject({
  title: z.string().nullish(),
  create_time: z.number().nullish(),
  update_time: z.number().nullish(),
  current_node: z.string().nullish(),
  mapping: z.record(
    z.string(),
    z.looseObject({
      parent: z.string().nullish(),
      children: z.array(z.string()).default([]),
      message: z
        .looseObject({
          author: z.looseObject({ role: z.string() }),
          create_time: z.number().nullish(),
          recipient: z.string().nullish(),
          content: z.looseObject({
            content_type: z.string(),
            parts: z.array(z.unknown()).nullish(),
            text: z.string().nullish(),
            language: z.string().nullish(),
          }),
          metadata: z
            .looseObject({
              is_visually_hidden_from_conversation: z.boolean().nullish(),
              model_slug: z.string().nullish(),
            })
            .nullish(),
        })
        .nullish(),
    }),
  ),
})
type Node = z.output<typeof conversation>["mapping"][string]

export const isChatGpt = (value: unknown): boolean =>
  typeof value === "object" && value !== null && "mapping" in value && typeof value.mapping === "object"

/** Throws a ZodError when it is not of that form. System and tool messages, calls of tools and hidden messages are left out. */
export function readChatGpt(value: unknown, now: number): ImportedChat {
  const source = conversation.parse(value)
  const createdAt = toMilliseconds(source.create_time, now)
  const messages: ImportedMessage[] = []
  /** The message that stands for a node: its own, or that of the nearest node above which is kept. */
  const standsFor = new Map<string, string | null>()
  const waiting = Object.entries(source.mapping)
    .filter(([, node]) => !node.parent || !(node.parent in source.mapping))
    .map(([id]) => ({ id, parentId: null as string | null }))
  for (const { id, parentId } of waiting) {
    const node = source.mapping[id]
    // A file may name a node twice, or in a circle.
    if (!node || standsFor.has(id)) continue
    const text = shownText(node)
    const keptId = text === "" ? parentId : id
    standsFor.set(id, keptId)
    if (text !== "" && node.message)
      messages.push({
        id,
        parentId,
        role: node.message.author.role === "user" ? "user" : "assistant",
        text,
        model: node.message.metadata?.model_slug ?? null,
        createdAt: toMilliseconds(node.message.create_time, createdAt),
      })
    // The list grows while it is read: each node brings those below it.
    for (const child of node.children) waiting.push({ id: child, parentId: keptId })
  }
  return {
    title: titleOf(source.title, messages),
    createdAt,
    updatedAt: toMilliseconds(source.update_time, createdAt),
    messages,
    activeMessageId: standsFor.get(source.current_node ?? "") ?? null,
  }
}

function shownText({ message }: Node): string {
  if (!message || message.metadata?.is_visually_hidden_from_conversation) return ""
  const { role } = message.author
  if (role !== "user" && role !== "assistant") return ""
  if (message.recipient && message.recipient !== "all") return ""
  const { content_type: type, parts, text, language } = message.content
  if (type === "code") return text ? `\`\`\`${language && language !== "unknown" ? language : ""}\n${text}\n\`\`\`` : ""
  if (type !== "text" && type !== "multimodal_text") return ""
  return (parts ?? [])
    .map((part) => (typeof part === "string" ? part : "*(an attachment was here)*"))
    .join("\n\n")
    .trim()
}
