import { readFile } from "node:fs/promises"
import { posix } from "node:path"
import { unzip } from "fflate"
import { z } from "zod"
import { AppError } from "#core/errors.ts"
import { isChatGpt, readChatGpt } from "./chatGpt.ts"
import { toExported } from "./importedChat.ts"
import { readJan } from "./jan.ts"

export interface FoundChat {
  title: string
  createdAt: number | null
  messageCount: number | null
  /** In the form of an exported conversation, or why it cannot be read. */
  file: { conversation: unknown; messages: unknown[] } | { reason: string }
}

const mostBytes = 512 * 1024 * 1024

/**
 * The chats in files of ChatGPT (the zip of a data export, or its `conversations.json`), of Jan (`thread.json` with `messages.jsonl`, loose
 * or zipped) and of ZenGlow itself. One that cannot be read is named with the reason; the others are there. Throws `request.invalid` when
 * no file holds a chat, `request.too-large` when a zip unpacks to more than 512 MB.
 */
export async function readChatFiles(files: { path: string; name: string }[], now: number): Promise<FoundChat[]> {
  const texts = new Map<string, string>()
  for (const [index, { path, name }] of files.entries()) {
    const bytes = await readFile(path)
    if (!isZip(bytes)) texts.set(isOther(name) ? `${index}/${name}` : name, decode(bytes))
    else
      for (const [entry, content] of Object.entries(await unpack(bytes)))
        texts.set(`${index}/${entry}`, decode(content))
  }
  const found = [...texts].flatMap(([name, text]) => chatsIn(name, text, texts, now))
  if (found.length > 0) return found
  throw new AppError("request.invalid", "There are no chats in what was chosen.", {
    remedy:
      "Choose the zip of a ChatGPT data export or its conversations.json, thread.json together with messages.jsonl of Jan, or a chat that ZenGlow exported as JSON.",
  })
}

/** Files of Jan belong together by their names and stay in one place. */
const isOther = (name: string): boolean => name !== "thread.json" && name !== "messages.jsonl"

function chatsIn(name: string, text: string, all: ReadonlyMap<string, string>, now: number): FoundChat[] {
  const base = posix.basename(name)
  if (base === "messages.jsonl") return []
  const parsed = parseJson(text)
  if (parsed === undefined) return [unreadable(base, "It is not JSON.")]
  if (base === "thread.json") {
    const lines = all.get(posix.join(posix.dirname(name), "messages.jsonl"))
    if (lines === undefined) return [unreadable(base, "Its messages.jsonl was not chosen with it.")]
    return [read(titleIn(parsed) ?? base, () => readJan(parsed, lines, now))]
  }
  const exported = ownExport.safeParse(parsed)
  if (exported.success)
    return [
      { title: titleIn(exported.data.conversation) ?? base, createdAt: null, messageCount: null, file: exported.data },
    ]
  return [parsed]
    .flat()
    .filter(isChatGpt)
    .map((value) => read(titleIn(value) ?? base, () => readChatGpt(value, now)))
}

const ownExport = z.object({
  format: z.literal("zenglow-conversation"),
  version: z.literal(1),
  conversation: z.unknown(),
  messages: z.array(z.unknown()),
})
const titled = z.looseObject({ title: z.string().min(1) })
const titleIn = (value: unknown): string | undefined => titled.safeParse(value).data?.title.slice(0, 200)

const unreadable = (title: string, reason: string): FoundChat => ({
  title,
  createdAt: null,
  messageCount: null,
  file: { reason },
})

function read(title: string, readChat: () => Parameters<typeof toExported>[0]): FoundChat {
  try {
    const chat = readChat()
    if (chat.messages.length === 0) return unreadable(title, "It has no messages with text.")
    const { createdAt, messages } = chat
    return { title: chat.title, createdAt, messageCount: messages.length, file: toExported(chat) }
  } catch (error) {
    if (error instanceof z.ZodError) {
      const issue = error.issues[0]
      return unreadable(title, `${issue?.path.join(".").slice(0, 200) ?? ""}: ${issue?.message.slice(0, 200) ?? ""}`)
    }
    if (error instanceof SyntaxError) return unreadable(title, "One of its lines is not JSON.")
    throw error
  }
}

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)
const isZip = (bytes: Uint8Array): boolean => bytes[0] === 0x50 && bytes[1] === 0x4b
const isNeeded = (name: string): boolean =>
  /(^|\/)(conversations(-\d+)?\.json|thread\.json|messages\.jsonl)$/.test(name)

/** Counts what the archive says it unpacks to before anything is unpacked; an entry that lies is cut at what it said. */
function unpack(bytes: Uint8Array): Promise<Record<string, Uint8Array>> {
  let total = 0
  const filter = ({ name, originalSize }: { name: string; originalSize: number }): boolean => {
    if (!isNeeded(name)) return false
    total += originalSize
    return total <= mostBytes
  }
  return new Promise((resolve, reject) => {
    unzip(bytes, { filter }, (error, entries) => {
      if (total > mostBytes)
        reject(
          new AppError("request.too-large", "The archive unpacks to more than 512 MB of chats.", {
            remedy: "Unpack it and choose its conversations files one by one.",
          }),
        )
      else if (error)
        reject(
          new AppError("request.invalid", "The archive is damaged or protected.", {
            remedy: "Download it again, or unpack it and choose its files.",
            cause: error,
          }),
        )
      else resolve(entries)
    })
  })
}
