import { createRequire } from "node:module"
import type { FieldsData } from "@kenjiuno/msgreader"
import { checkCompoundFile } from "./checkCompoundFile.ts"
import type { ReadDocument } from "./contract.ts"
import { attachmentBudget, type MailAttachment, type MailMessage, type ReadInside, renderMail } from "./mail.ts"
import { dateOf } from "./openXml.ts"
import { damagedFile } from "./unpackZip.ts"

// Required: what an import of this CommonJS package gives as its default differs between Node and bundlers.
const { default: MsgReader } = createRequire(import.meta.url)(
  "@kenjiuno/msgreader",
) as typeof import("@kenjiuno/msgreader", { with: { "resolution-mode": "require" }})

/** A message that Outlook saved: headers, body, attachments that can be read, messages inside. */
export async function readMsg(bytes: Uint8Array, readInside: ReadInside): Promise<ReadDocument> {
  checkCompoundFile(bytes, "Outlook message")
  // Copy: a Buffer is a window of memory that others use, and the reader looks at all of it.
  const reader = new MsgReader(Uint8Array.from(bytes).buffer)
  const fields = reader.getFileData()
  if (fields.error) throw damagedFile("Outlook message", fields.error)
  const message = messageOf(fields, reader)
  const text = await renderMail(message, readInside, attachmentBudget())
  return { text, title: message.subject || null, pages: [], pageCount: null, datedAt: message.sentAt }
}

function messageOf(fields: FieldsData, reader: InstanceType<typeof MsgReader>): MailMessage {
  const recipients = (kind: string): string[] =>
    (fields.recipients ?? [])
      .filter(({ recipType }) => (recipType ?? "to") === kind)
      .map(({ name = "", smtpAddress, email }) => address(name, smtpAddress ?? email))
  return {
    subject: fields.subject ?? "",
    from: address(fields.senderName ?? "", fields.senderSmtpAddress ?? fields.senderEmail),
    to: recipients("to"),
    cc: recipients("cc"),
    sentAt: dateOf(fields.messageDeliveryTime ?? fields.clientSubmitTime),
    text: fields.body ?? null,
    html: fields.bodyHtml ?? (fields.html ? new TextDecoder().decode(fields.html) : null),
    attachments: (fields.attachments ?? []).map((attachment): MailAttachment => {
      const name = attachment.fileName ?? attachment.name ?? "unnamed"
      if (attachment.innerMsgContent) return { name, bytes: null }
      const content = reader.getAttachment(attachment)
      return { name: content.fileName || name, bytes: content.content }
    }),
  }
}

/** Exchange writes its directory's path instead of an address: it tells a person nothing. */
function address(name: string, email: string | undefined): string {
  if (!email || email.startsWith("/") || email === name) return name || (email ?? "")
  return name ? `${name} <${email}>` : email
}
