import { speakAmounts } from "./speakAmounts.ts"

/**
 * Text as it is read aloud; the screen keeps the original. Markdown, citation marks, emoji and addresses become words or fall away;
 * dates, times, units and currencies are spelled out. Empty when nothing is left to say.
 */
export function speakable(markdown: string): string {
  const withoutBlocks = speakBlocks(markdown)
  const plain = speakInline(withoutBlocks)
  return tidy(speakAmounts(plain))
}

/** Fenced code and tables are announced; the marks of headings, lists and quotes fall away. */
function speakBlocks(markdown: string): string {
  const spoken: string[] = []
  let fence: string | undefined
  let isInTable = false
  for (const line of markdown.replaceAll("\r\n", "\n").split("\n")) {
    const mark = /^\s*(```|~~~)/.exec(line)?.[1]
    if (fence !== undefined) {
      if (mark === fence) fence = undefined
      continue
    }
    if (mark !== undefined) {
      fence = mark
      spoken.push("The code is on the screen.")
      continue
    }
    const isRow = /^\s*\|.*\|?\s*$/.test(line)
    if (isRow && !isInTable) spoken.push("The table is on the screen.")
    isInTable = isRow
    if (!isRow) spoken.push(speakLine(line))
  }
  return spoken.join("\n")
}

function speakLine(line: string): string {
  if (/^\s*([-*_])(?:\s*\1){2,}\s*$/.test(line) || /^\s*\[\^?[^\]]+\]:\s/.test(line)) return ""
  const isOwnSentence = /^\s*(?:#{1,6}\s|[-*+•]\s)/.test(line)
  const text = line
    .replace(/^(?:\s*>)+\s?/, "")
    .replace(/^\s*#{1,6}\s+/, "")
    .replace(/\s+#+\s*$/, "")
    .replace(/^\s*[-*+•]\s+(?:\[[ xX]\]\s+)?/, "")
    .replace(/^\s*(\d{1,3})[.)]\s+/, "$1. ")
    .trimEnd()
  return isOwnSentence && /[\p{L}\p{N}]$/u.test(text) ? `${text}.` : text
}

const namedLink = /!?\[([^\]]*)\]\((?:<[^>]*>|[^)\s]*)(?:\s+"[^"]*")?\)/g
const citation = /\s?\[\^?\d+(?:\s*[,–-]\s*\d+)*\]|\s?【[^】]*】|\s?\[\^[\w-]+\]/g
const address = /<?\b(?:https?:\/\/|ftp:\/\/|www\.)([^\s<>"')\]]+)>?/gi
const bareHost = /\b(?:[a-z0-9-]+\.)+(?:com|org|net|io|dev|edu|gov)\b/gi
const emailAddress = /<?(?:mailto:)?\b([\w.+-]+)@([\w-]+(?:\.[\w-]+)+)\b>?/gi
const emoji =
  /\p{Extended_Pictographic}(?:\ufe0f|\u200d\p{Extended_Pictographic}|[\u{1f3fb}-\u{1f3ff}])*|[\u{1f1e6}-\u{1f1ff}]{2}|[#*0-9]\ufe0f?\u20e3/gu

function speakInline(text: string): string {
  const code: string[] = []
  return (
    text
      .replace(/(`+)([^`]+)\1/g, (_, _marks: string, inside: string) => {
        code.push(speakCode(inside))
        return `\ue000${code.length - 1}\ue001`
      })
      .replace(/<!--[\s\S]*?-->/g, " ")
      .replace(namedLink, (_, name: string) => (name === "" ? "image" : name))
      .replace(citation, "")
      .replace(emailAddress, (_, name: string, host: string) => `${spellDots(name)} at ${spellDots(host)}`)
      .replace(address, (_, rest: string) => speakAddress(rest))
      .replace(bareHost, spellDots)
      .replace(/<\/?[a-z][^<>]{0,80}>/gi, " ")
      .replace(/[©®™]/g, "")
      .replace(emoji, " ")
      .replace(/\\([\\`*_{}[\]()#+\-.!|~>])/g, "$1")
      .replace(/(\*\*\*|\*\*|\*)(?=\S)([^*]*\S)\1/g, "$2")
      .replace(/(?<![\p{L}\p{N}])(___|__|_)(?=\S)([^_]*\S)\1(?![\p{L}\p{N}])/gu, "$2")
      .replace(/~~(?=\S)([^~]*\S)~~/g, "$1")
      // Marks that a cut at a clause left alone.
      .replace(/\*\*|__|~~|(?<!\S)[*_](?=\p{L})|(?<=[\p{L}.,!?])[*_](?!\S)/gu, "")
      .replace(/\$\$?([^$\n]+)\$\$?(?!\d)/g, (whole, inside: string) => (/[\\^_{}]/.test(inside) ? "a formula" : whole))
      .replace(/`/g, "")
      .replace(/\ue000(\d+)\ue001/g, (_, index: string) => code[Number(index)] ?? "")
  )
}

/** A short name in code style is read; anything longer stays on the screen. */
function speakCode(code: string): string {
  const trimmed = code.trim()
  if (trimmed.length > 40 || /[{};=<>|\\]/.test(trimmed)) return "the code on the screen"
  return trimmed
    .replace(/(?<=\w)\.(?=\w)/g, " dot ")
    .replace(/(?<=\w)\/(?=\w)/g, " slash ")
    .replace(/_/g, " ")
    .replace(/(?<!\S)--?(?=\w)/g, "dash ")
    .replace(/\(\)/g, "")
}

function speakAddress(rest: string): string {
  const trailing = /[.,;:!?]+$/.exec(rest)?.[0] ?? ""
  const host = rest.slice(0, rest.length - trailing.length).split(/[/?#:]/)[0] ?? ""
  return `link to ${spellDots(host.replace(/^www\./i, ""))}${trailing}`
}

const spellDots = (text: string): string => text.replaceAll(".", " dot ")

/** Keeps what a voice can use: letters, digits, and the punctuation that makes pauses. */
function tidy(text: string): string {
  return text
    .replace(/[ \t]*\n+[ \t]*/g, (gap, at: number, whole: string) =>
      /[\p{L}\p{N}"”)]/u.test(whole[at - 1] ?? "") && gap.includes("\n\n") ? ". " : " ",
    )
    .replace(/[\u200b-\u200f\u2060\ufeff]|\ufe0f/g, "")
    .replace(/\(\s*\)|\[\s*\]/g, "")
    .replace(/[[\]{}]/g, "")
    .replace(/\s+([.,;:!?])/g, "$1")
    .replace(/([,;:])(?:\s*[,;:])+/g, "$1")
    .replace(/\s+/g, " ")
    .trim()
    .replace(/^[^\p{L}\p{N}"“'‘($€£-]+(?=[\p{L}\p{N}"“'‘($€£-])/u, "")
    .replace(/^[^\p{L}\p{N}]+$/u, "")
}
