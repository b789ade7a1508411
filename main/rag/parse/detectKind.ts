import { fileTypeFromBuffer } from "file-type"
import type { Document } from "#contract/documents.ts"
import { AppError } from "#core/errors.ts"

export type ReadableKind = Exclude<Document["kind"], "unknown">

const kindOfExtension: Record<string, ReadableKind> = {
  txt: "txt",
  text: "txt",
  log: "txt",
  md: "md",
  markdown: "md",
  html: "html",
  htm: "html",
  xhtml: "html",
  pdf: "pdf",
  docx: "docx",
}

const supported = "Supported are txt, md, html, pdf and docx."

/** What a file calls itself. Null: not one of ours by name. */
export function kindOfName(fileName: string): ReadableKind | null {
  const extension = /\.([^./\\]+)$/.exec(fileName)?.[1]?.toLowerCase() ?? ""
  return Object.hasOwn(kindOfExtension, extension) ? (kindOfExtension[extension] as ReadableKind) : null
}

/**
 * What a file is: its content decides, its name only tells text formats apart. Throws `document.unsupported`, `document.damaged`
 * (a PDF or DOCX by name without the bytes of one) or `document.encrypted` (a protected Office file).
 */
export async function detectKind(bytes: Uint8Array, fileName: string): Promise<ReadableKind> {
  const named = kindOfName(fileName)
  if (startsWith(bytes, "%PDF-")) return "pdf"
  const mime = await typeOf(bytes)
  if (mime === "application/pdf") return "pdf"
  if (mime?.includes("wordprocessingml")) return "docx"
  if (mime === "application/x-cfb") {
    if (includesUtf16(bytes, "EncryptedPackage")) {
      throw new AppError("document.encrypted", "The document is protected with a password.", {
        remedy: "Save a copy without a password and add that.",
      })
    }
    throw new AppError("document.unsupported", "This is an Office file of the old format.", {
      remedy: "Save it as docx or pdf and add that.",
    })
  }
  if (mime === "application/zip") {
    if (named === "docx") return "docx"
    throw new AppError("document.unsupported", "This is a zip archive.", { remedy: "Unpack it and add the folder." })
  }
  if (mime !== undefined && !mime.includes("xml") && !mime.startsWith("text/")) {
    throw new AppError("document.unsupported", `This is a file of the type ${mime}.`, { remedy: supported })
  }
  if (isBinary(bytes)) {
    if (named === "pdf" || named === "docx") {
      throw new AppError("document.damaged", `The file is not a readable ${named}.`, {
        remedy: "Open it in its own program and save it again.",
      })
    }
    throw new AppError("document.unsupported", "This file does not hold text.", { remedy: supported })
  }
  if (looksLikeHtml(bytes)) return named === "md" ? "md" : "html"
  return named === "md" || named === "html" ? named : "txt"
}

async function typeOf(bytes: Uint8Array): Promise<string | undefined> {
  try {
    return (await fileTypeFromBuffer(bytes))?.mime
  } catch {
    // A cut-off archive ends inside a header: its first bytes still tell.
    return startsWith(bytes, "PK\u0003\u0004") ? "application/zip" : undefined
  }
}

const latin = (bytes: Uint8Array): string => new TextDecoder("latin1").decode(bytes)

const startsWith = (bytes: Uint8Array, text: string): boolean => latin(bytes.subarray(0, text.length)) === text

function includesUtf16(bytes: Uint8Array, text: string): boolean {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes(Buffer.from(text, "utf16le"))
}

function looksLikeHtml(bytes: Uint8Array): boolean {
  const head = latin(bytes.subarray(0, 2048)).replace(/^[^<]{0,4}/, "")
  return /^\s*(?:<\?xml[^>]*>\s*)?(?:<!--[\s\S]*?-->\s*)*<(?:!doctype html|html|head|body)\b/i.test(head)
}

/** NUL bytes mean binary, unless every second one is NUL: UTF-16. */
function isBinary(bytes: Uint8Array): boolean {
  const head = bytes.subarray(0, 8192)
  if (head[0] === 0xff && head[1] === 0xfe) return false
  if (head[0] === 0xfe && head[1] === 0xff) return false
  if (utf16Order(head) !== null) return false
  let strange = 0
  for (const byte of head) {
    if (byte === 0) return true
    if (byte < 32 && byte !== 9 && byte !== 10 && byte !== 12 && byte !== 13 && byte !== 27) strange++
  }
  return strange > head.length * 0.02
}

/** Byte order of UTF-16 without a mark, judged by where the NULs of Latin letters stand. */
export function utf16Order(bytes: Uint8Array): "utf-16le" | "utf-16be" | null {
  const length = Math.min(bytes.length - (bytes.length % 2), 4096)
  if (length < 8) return null
  let even = 0
  let odd = 0
  for (let index = 0; index < length; index += 2) {
    if (bytes[index] === 0) even++
    if (bytes[index + 1] === 0) odd++
  }
  const half = length / 2
  if (odd > half * 0.7 && even < half * 0.05) return "utf-16le"
  if (even > half * 0.7 && odd < half * 0.05) return "utf-16be"
  return null
}
