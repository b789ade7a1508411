import { fileTypeFromBuffer } from "file-type"
import { acceptedKinds, kindOfName, type ReadableKind } from "#contract/documentKinds.ts"
import { AppError } from "#core/errors.ts"
import { damagedFile, encryptedFile } from "./unpackZip.ts"

const zipKinds: ReadonlySet<ReadableKind | null> = new Set(["docx", "pptx", "xlsx", "odt", "epub"])
const binaryKinds: ReadonlySet<ReadableKind | null> = new Set([...zipKinds, "pdf", "msg", "audio", "image"] as const)

/** Types whose bytes tell, by the beginning or a part of their name. */
const kindOfMime: readonly [RegExp, ReadableKind][] = [
  [/^application\/pdf$/, "pdf"],
  [/wordprocessingml|ms-word\.document/, "docx"],
  [/presentationml|ms-powerpoint\.presentation/, "pptx"],
  [/spreadsheetml|ms-excel\.sheet/, "xlsx"],
  [/opendocument\.text$/, "odt"],
  [/^application\/epub/, "epub"],
  [/^(?:text|application)\/rtf$/, "rtf"],
  [/^audio\/|^application\/ogg$|^video\/(?:webm|ogg)$/, "audio"],
  [/^image\/(?!svg)/, "image"],
]
const textMime = /xml|^text\/|json|x-subrip|javascript|^application\/mbox/

const supported = (): string => `Supported are ${acceptedKinds()}.`

/**
 * What a file is: its content decides, its name only tells text formats apart. Throws `document.unsupported`, `document.damaged`
 * (a PDF or DOCX by name without the bytes of one) or `document.encrypted` (a protected Office file).
 */
export async function detectKind(bytes: Uint8Array, fileName: string): Promise<ReadableKind> {
  const named = kindOfName(fileName)
  if (startsWith(bytes, "%PDF-")) return "pdf"
  const mime = await typeOf(bytes)
  const known = mime === undefined ? undefined : kindOfMime.find(([pattern]) => pattern.test(mime))?.[1]
  if (known) return known
  if (mime === "application/x-cfb") return kindOfCompound(bytes, named)
  if (mime === "application/zip") {
    if (named !== null && zipKinds.has(named)) return named
    throw new AppError("document.unsupported", "This is a zip archive.", { remedy: "Unpack it and add the folder." })
  }
  // M4A files of some recorders call themselves video.
  if (mime === "video/mp4" && named === "audio") return "audio"
  if (mime !== undefined && !textMime.test(mime)) {
    const remedy = mime.startsWith("video/") ? "Save its sound as an mp3 file and add that." : supported()
    throw new AppError("document.unsupported", `This is a file of the type ${mime}.`, { remedy })
  }
  if (isBinary(bytes)) {
    if (named !== null && binaryKinds.has(named)) throw damagedFile(named)
    throw new AppError("document.unsupported", "This file does not hold text.", { remedy: supported() })
  }
  return kindOfText(bytes, named)
}

/** Old Office files, protected new ones, and Outlook's messages share one container. */
function kindOfCompound(bytes: Uint8Array, named: ReadableKind | null): ReadableKind {
  if (includesUtf16(bytes, "EncryptedPackage")) throw encryptedFile()
  if (named === "msg" || includesUtf16(bytes, "__properties_version1.0")) return "msg"
  throw new AppError("document.unsupported", "This is an Office file of the old format.", {
    remedy: "Save it as docx, xlsx, pptx or pdf and add that.",
  })
}

function kindOfText(bytes: Uint8Array, named: ReadableKind | null): ReadableKind {
  const head = latin(bytes.subarray(0, 2048)).replace(/^\u00ef\u00bb\u00bf/, "")
  if (/^\s{0,20}\{\\rtf/.test(head)) return "rtf"
  if (/^\s{0,20}WEBVTT\b/.test(head)) return "subtitles"
  const isTextByName = named !== null && !binaryKinds.has(named)
  if (isTextByName && named !== "txt" && named !== "html" && named !== "xml" && named !== "rtf") return named
  if (looksLikeHtml(head)) return "html"
  if (named === "xml" || (named !== "html" && /^\s{0,20}<\?xml\b/.test(head))) return "xml"
  return named === "html" ? "html" : "txt"
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

function looksLikeHtml(head: string): boolean {
  const start = head.replace(/^[^<]{0,4}/, "")
  return /^\s*(?:<\?xml[^>]*>\s*)?(?:<!--[\s\S]*?-->\s*)*<(?:!doctype html|html|head|body)\b/i.test(start)
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
