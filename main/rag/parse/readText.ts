import { analyse } from "chardet"
import type { ReadDocument } from "./contract.ts"
import { utf16Order } from "./detectKind.ts"

/**
 * Text of any usual encoding: byte order mark, UTF-8, UTF-16 without a mark, what the file itself names, an East Asian, Cyrillic or
 * Greek one that fits, else Windows-1252 (which never fails).
 */
export function decodeText(bytes: Uint8Array, named?: string): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder("utf-16le").decode(bytes)
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return new TextDecoder("utf-16be").decode(bytes)
  const order = utf16Order(bytes)
  if (order) return new TextDecoder(order).decode(bytes)
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes)
  } catch {
    return (named && decodeAs(named, bytes)) || decodeAs(guessEncoding(bytes), bytes) || windows1252(bytes)
  }
}

const windows1252 = (bytes: Uint8Array): string => new TextDecoder("windows-1252").decode(bytes)

/** Null where the bytes are no text of this encoding, or the encoding is unknown. */
function decodeAs(encoding: string | null, bytes: Uint8Array): string | null {
  if (encoding === null) return null
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes)
  } catch {
    return null
  }
}

const multiByte = /^(?:Shift_JIS|EUC-JP|EUC-KR|Big5|GB18030)$/i
const otherAlphabet = /^(?:windows-125[13]|KOI8-R|ISO-8859-[57])$/i
/** Below this, a guess of a single-byte alphabet is weaker than text that is valid in a multi-byte one. */
const clearConfidence = 30

/** Latin alphabets are not told apart by their bytes reliably enough; the others are. */
function guessEncoding(bytes: Uint8Array): string | null {
  if (isMostlyLatin(bytes)) return null
  const found = analyse(bytes.subarray(0, 65_536)).filter(({ confidence }) => confidence >= 10)
  const alphabet = found.find(({ name }) => otherAlphabet.test(name))
  if (alphabet && alphabet.confidence >= clearConfidence) return alphabet.name
  const valid = found.find(({ name }) => multiByte.test(name) && decodeAs(name, bytes) !== null)
  return (valid ?? alphabet)?.name ?? null
}

/** One or two accented letters beside plain ones; a word of another script has none of these. */
function isMostlyLatin(bytes: Uint8Array): boolean {
  const text = windows1252(bytes.subarray(0, 65_536))
  let high = 0
  let accents = 0
  for (const [run] of text.matchAll(/[A-Za-z]?\P{ASCII}+[A-Za-z]?/gu)) {
    high++
    if (/^(?:[A-Za-z][À-ÿ]{1,2}[A-Za-z]?|[À-ÿ]{1,2}[A-Za-z])$/.test(run)) accents++
  }
  return accents > high * 0.6
}

/** No blanks at line ends. Line by line: a pattern would look at every blank of a long run again and again. */
export const withoutTrailingSpace = (text: string): string =>
  text
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n")

/** Plain text. A short line in capitals that stands alone becomes a heading, as it was meant. */
export function readPlainText(bytes: Uint8Array): ReadDocument {
  const lines = cleanText(decodeText(bytes)).split("\n")
  const isBlank = (line: string | undefined): boolean => line === undefined || line.trim() === ""
  const text = lines
    .map((line, index) =>
      isBlank(lines[index - 1]) && isBlank(lines[index + 1]) && isCapitalHeading(line) ? `## ${line.trim()}` : line,
    )
    .join("\n")
  return { text, title: null, pages: [], pageCount: null }
}

/** Markdown stays as it is; the front matter gives the title and is left out. */
export function readMarkdown(bytes: Uint8Array): ReadDocument {
  const text = cleanText(decodeText(bytes))
  const frontMatter = /^---\n([\s\S]{0,10000}?)\n(?:---|\.\.\.)(?:\n|$)/.exec(text)
  const title = frontMatter ? /^title:\s*["']?(.{1,300}?)["']?\s*$/m.exec(frontMatter[1] as string)?.[1] : undefined
  return {
    text: frontMatter ? text.slice(frontMatter[0].length) : text,
    title: title ?? null,
    pages: [],
    pageCount: null,
  }
}

/** `\n` line ends, and none of the characters that only disturb display and search. */
export function cleanText(text: string): string {
  return (
    text
      .replace(/^\uFEFF/, "")
      .replace(/\r\n?|\u2028|\u2029/g, "\n")
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is removed.
      .replace(/[\u0000-\u0008\u000B\u000E-\u001F\u007F\u00AD\u200B\u2060\uFFFE\uFFFF]/g, "")
      .replace(/\f/g, "\n\n")
  )
}

function isCapitalHeading(line: string): boolean {
  const text = line.trim()
  return (
    text.length >= 3 &&
    text.length <= 80 &&
    /\p{Lu}{3}/u.test(text) &&
    text === text.toUpperCase() &&
    !/[.;,|]$/.test(text)
  )
}
