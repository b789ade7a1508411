import PostalMime, { type Address } from "postal-mime"
import { AppError } from "#core/errors.ts"
import type { ReadDocument } from "./contract.ts"
import { attachmentBudget, type MailMessage, type ReadInside, renderMail } from "./mail.ts"
import { dateOf } from "./openXml.ts"
import { damagedFile } from "./unpackZip.ts"

const mostMessages = 20_000
const limits = { maxNestingDepth: 32, maxHeadersSize: 1024 * 1024, attachmentEncoding: "arraybuffer" } as const

/** One message (RFC 5322): headers, body, attachments that can be read. */
export async function readEml(bytes: Uint8Array, readInside: ReadInside): Promise<ReadDocument> {
  const message = await parseMessage(bytes)
  // Every text has lines with colons; without these it is none of a mail program.
  if (message.from === "" && message.to.length === 0 && message.sentAt === null && message.subject === "")
    throw damagedFile("e-mail")
  const text = await renderMail(message, readInside, attachmentBudget())
  return { text, title: message.subject || null, pages: [], pageCount: null, datedAt: message.sentAt }
}

/** A whole mailbox (RFC 4155): one section per message. */
export async function readMbox(bytes: Uint8Array, readInside: ReadInside): Promise<ReadDocument> {
  const budget = attachmentBudget()
  const texts: string[] = []
  let newest: number | null = null
  const parts = [...messagesOf(bytes)]
  if (parts.length > mostMessages) {
    throw new AppError("document.too-large", "The mailbox holds more than 20,000 messages.", {
      remedy: "Split it into smaller mailboxes.",
    })
  }
  for (const part of parts) {
    const message = await parseMessage(part)
    if (message.sentAt !== null) newest = Math.max(newest ?? 0, message.sentAt)
    texts.push(await renderMail(message, readInside, budget))
  }
  if (texts.length === 0) throw damagedFile("mailbox")
  return { text: texts.join("\n\n"), title: null, pages: [], pageCount: null, datedAt: newest }
}

/** Messages begin behind lines `From …`; in their text such a line carries a `>`. */
function* messagesOf(bytes: Uint8Array): Generator<Uint8Array> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const isStart = (at: number): boolean => buffer.toString("latin1", at, at + 5) === "From "
  let at = isStart(0) ? 0 : buffer.indexOf("\nFrom ") + 1
  if (!isStart(at)) return
  while (at < buffer.length) {
    const lineEnd = buffer.indexOf("\n", at)
    if (lineEnd === -1) return
    const next = buffer.indexOf("\nFrom ", lineEnd)
    const end = next === -1 ? buffer.length : next + 1
    yield buffer.subarray(lineEnd + 1, end)
    at = end
  }
}

async function parseMessage(bytes: Uint8Array): Promise<MailMessage> {
  const mail = await PostalMime.parse(bytes, limits)
  return {
    subject: mail.subject ?? "",
    from: mail.from ? addressText(mail.from) : "",
    to: (mail.to ?? []).map(addressText),
    cc: (mail.cc ?? []).map(addressText),
    sentAt: dateOf(mail.date),
    text: mail.text ?? null,
    html: mail.html ?? null,
    attachments: mail.attachments
      // Pictures of the layout are no documents of their own.
      .filter(({ related, mimeType }) => !(related && mimeType.startsWith("image/")))
      .map(({ filename, mimeType, content }) => ({
        name: filename ?? (mimeType === "message/rfc822" ? "message.eml" : "unnamed"),
        bytes: typeof content === "string" ? new TextEncoder().encode(content) : new Uint8Array(content),
      })),
  }
}

function addressText(address: Address): string {
  if (address.group) return `${address.name}: ${address.group.map(addressText).join(", ")}`
  return address.name ? `${address.name} <${address.address ?? ""}>` : (address.address ?? "")
}
