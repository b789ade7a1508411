import type { ReadDocument } from "./contract.ts"
import { utf16Order } from "./detectKind.ts"

/** Text of any usual encoding: byte order mark, UTF-8, UTF-16 without a mark, else Windows-1252 (which never fails). */
export function decodeText(bytes: Uint8Array): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder("utf-16le").decode(bytes)
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return new TextDecoder("utf-16be").decode(bytes)
  const order = utf16Order(bytes)
  if (order) return new TextDecoder(order).decode(bytes)
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes)
  } catch {
    return new TextDecoder("windows-1252").decode(bytes)
  }
}

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
