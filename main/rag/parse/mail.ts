import { Parser } from "htmlparser2"
import { AppError } from "#core/errors.ts"
import type { ReadDocument } from "./contract.ts"
import { htmlToMarkdown } from "./htmlToMarkdown.ts"
import { cleanText } from "./readText.ts"

/** A message of any mail format. */
export interface MailMessage {
  subject: string
  from: string
  to: string[]
  cc: string[]
  sentAt: number | null
  text: string | null
  html: string | null
  attachments: MailAttachment[]
}

export interface MailAttachment {
  name: string
  /** Null: its bytes are not read. */
  bytes: Uint8Array | null
}

/** Reads a file inside a file. Null: a kind that is not read there. Throws `document.*`. */
export type ReadInside = (file: { bytes: Uint8Array; fileName: string }) => Promise<ReadDocument | null>

/** Attachments of one file share this room, whatever it nests. */
export interface AttachmentBudget {
  files: number
  bytes: number
}

export const attachmentBudget = (): AttachmentBudget => ({ files: 200, bytes: 64 * 1024 * 1024 })

/** A message as Markdown: headers, body, then each attachment that can be read; the others by their names. */
export async function renderMail(
  message: MailMessage,
  readInside: ReadInside,
  budget: AttachmentBudget,
  level = 1,
): Promise<string> {
  const heading = "#".repeat(level)
  const lines = [
    ["From", message.from],
    ["To", message.to.slice(0, 50).join(", ")],
    ["Cc", message.cc.slice(0, 50).join(", ")],
    [
      "Date",
      message.sentAt === null ? "" : `${new Date(message.sentAt).toISOString().slice(0, 16).replace("T", " ")} UTC`,
    ],
  ].filter(([, value]) => value !== "")
  const blocks = [
    `${heading} ${oneLine(message.subject) || "(no subject)"}`,
    lines.map(([name, value]) => `${name}: ${oneLine(value as string)}`).join("\n"),
    bodyOf(message),
  ]
  const unread: string[] = []
  for (const { name, bytes } of message.attachments) {
    const label = `${oneLine(name).slice(0, 200) || "unnamed"}${bytes ? ` (${sizeOf(bytes.byteLength)})` : ""}`
    const text = bytes ? await attachmentText(name, bytes, readInside, budget) : null
    if (text === null) unread.push(label)
    else blocks.push(`${heading}# Attachment: ${label}`, shiftHeadings(text, level + 1))
  }
  if (unread.length > 0) blocks.push(`Attachments not read: ${unread.slice(0, 100).join(", ")}`)
  return blocks.filter((block) => block.trim() !== "").join("\n\n")
}

/** Attachments that fail are named, never the reason why the message itself is not read. */
async function attachmentText(
  name: string,
  bytes: Uint8Array,
  readInside: ReadInside,
  budget: AttachmentBudget,
): Promise<string | null> {
  budget.files--
  budget.bytes -= bytes.byteLength
  if (budget.files < 0 || budget.bytes < 0 || bytes.byteLength === 0) return null
  try {
    return (await readInside({ bytes, fileName: name }))?.text ?? null
  } catch (error) {
    if (error instanceof AppError) return null
    throw error
  }
}

/** The plain text, unless the HTML says much more. */
function bodyOf({ text, html }: MailMessage): string {
  const plain = cleanText(text ?? "").trim()
  if (!html || (plain !== "" && !/<table\b/i.test(html) && plain.length * 3 > htmlLength(html))) return plain
  const rich = cleanText(htmlToMarkdown(html, { hasLinks: true })).trim()
  return rich.length >= plain.length / 2 ? rich : plain
}

/** Characters that a page shows, about. */
function htmlLength(html: string): number {
  let length = 0
  let isShown = true
  const parser = new Parser({
    onopentagname: (name) => {
      if (name === "style" || name === "script") isShown = false
    },
    ontext: (text) => {
      if (isShown) length += text.trim().length
    },
    onclosetag: (name) => {
      if (name === "style" || name === "script") isShown = true
    },
  })
  parser.write(html)
  parser.end()
  return length
}

/** Headings of a file inside stand below the heading that names it. */
export const shiftHeadings = (text: string, by: number): string =>
  text.replace(/^(#{1,6}) /gm, (_, marks: string) => `${"#".repeat(Math.min(6, marks.length + by))} `)

const oneLine = (text: string): string => text.replace(/\s+/g, " ").trim()

const sizeOf = (bytes: number): string =>
  bytes < 1024
    ? `${bytes} bytes`
    : bytes < 1024 * 1024
      ? `${Math.round(bytes / 1024)} kB`
      : `${(bytes / 1024 / 1024).toFixed(1)} MB`
