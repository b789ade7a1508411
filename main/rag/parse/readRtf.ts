import type { ReadDocument } from "./contract.ts"
import { markdownTable } from "./markdownTable.ts"
import { cleanText } from "./readText.ts"
import { damagedFile } from "./unpackZip.ts"

/** Groups whose text is no text of the document. Pictures, objects and field codes among them: nothing embedded is opened. */
const silent = new Set(
  "fonttbl colortbl stylesheet info pict object objdata listtable listoverridetable rsidtbl generator header headerl headerr headerf footer footerl footerr footerf fldinst themedata colorschememapping latentstyles datastore xmlnstbl wgrffmtfilter bkmkstart bkmkend annotation atnid atnauthor atndate pntext nonshppict filetbl revtbl mmathPr template".split(
    " ",
  ),
)
const codePages: Record<number, string> = {
  932: "shift_jis",
  936: "gbk",
  949: "euc-kr",
  950: "big5",
  10000: "macintosh",
}
const characters: Record<string, string> = {
  ...{ emdash: "—", endash: "–", lquote: "‘", rquote: "’", ldblquote: "“", rdblquote: "”", bullet: "•" },
  ...{ tab: "\t", line: "\n", emspace: " ", enspace: " ", qmspace: " ", page: "\n\n", sect: "\n\n" },
}
const deepestGroup = 2000

interface Group {
  isSilent: boolean
  isTitle: boolean
  isFootnote: boolean
  /** Characters that stand for a `\u` in readers that do not know it. */
  skip: number
}

/** Rich text (RTF 1.9): paragraphs, headings by outline level, tables and footnotes. Everything embedded is left out. */
export function readRtf(bytes: Uint8Array): ReadDocument {
  const source = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1")
  if (!/^\s*\{\\rtf/.test(source)) throw damagedFile("rtf")
  const blocks: string[] = []
  const notes: string[] = []
  let paragraph = ""
  let title = ""
  let level = 0
  let row: string[] = []
  let table: string[][] = []
  let isInTable = false
  let decoder = new TextDecoder("windows-1252")
  let hexBytes: number[] = []
  let toSkip = 0
  let group: Group = { isSilent: false, isTitle: false, isFootnote: false, skip: 1 }
  const stack: Group[] = []

  const flushHex = (): void => {
    if (hexBytes.length === 0) return
    const text = decoder.decode(Uint8Array.from(hexBytes))
    hexBytes = []
    write(text)
  }
  const write = (text: string): void => {
    if (group.isTitle) title += text
    else if (group.isSilent) return
    else if (group.isFootnote) notes[notes.length - 1] += text
    else paragraph += text
  }
  const endTable = (): void => {
    const [header = [], ...body] = table
    if (header.length > 0) blocks.push(markdownTable(header, body))
    table = []
  }
  const endParagraph = (): void => {
    if (group.isFootnote) {
      write(" ")
      return
    }
    const text = paragraph.replace(/[ \t]+/g, " ").trim()
    if (isInTable) {
      paragraph = `${text} `
      return
    }
    endTable()
    if (text !== "")
      blocks.push(level > 0 ? `${"#".repeat(level)} ${text.replace(/\n/g, " ")}` : text.replace(/^•\s*/, "- "))
    paragraph = ""
  }
  const control = (word: string, value: number | null, isOptional: boolean): void => {
    if (word === "u" && value !== null) {
      write(String.fromCharCode(value < 0 ? value + 65_536 : value))
      toSkip = group.skip
      return
    }
    if (Object.hasOwn(characters, word)) {
      write(characters[word] as string)
      return
    }
    switch (word) {
      case "par":
        endParagraph()
        return
      case "pard":
        level = 0
        isInTable = false
        return
      case "outlinelevel":
        level = value !== null && value < 6 ? value + 1 : 0
        return
      case "intbl":
        isInTable = true
        return
      case "cell":
        row.push(paragraph.replace(/\s+/g, " ").trim())
        paragraph = ""
        return
      case "row":
        if (row.length > 0) table.push(row)
        row = []
        isInTable = false
        return
      case "uc":
        group.skip = Math.min(10, Math.max(0, value ?? 1))
        return
      case "ansicpg":
        decoder = decoderOf(value)
        return
      case "title":
        group.isTitle = true
        return
      case "footnote":
        notes.push("")
        write(` [${notes.length}]`)
        group.isFootnote = true
        return
      default:
        if (isOptional || silent.has(word)) group.isSilent = true
    }
  }

  const token =
    /\\([a-zA-Z]{1,32})(-?\d{1,10})?[ ]?|\\'([0-9a-fA-F]{2})|\\(\*)|\\([^a-zA-Z])|([{}])|([^\\{}\r\n]+)|[\r\n]+|\\/g
  let isOptional = false
  for (let match = token.exec(source); match !== null; match = token.exec(source)) {
    const [, word, value, hex, star, symbol, brace, text] = match
    if (hex === undefined) flushHex()
    if (brace === "{") {
      if (stack.length >= deepestGroup) throw damagedFile("rtf")
      stack.push(group)
      group = { ...group }
      isOptional = false
    } else if (brace === "}") {
      const outer = stack.pop()
      if (!outer) break
      group = outer
    } else if (word !== undefined) {
      if (word === "bin") token.lastIndex += Math.max(0, Number(value ?? 0))
      else control(word, value === undefined ? null : Number(value), isOptional)
      isOptional = false
    } else if (star !== undefined) isOptional = true
    else if (hex !== undefined) {
      if (toSkip > 0) toSkip--
      else hexBytes.push(Number.parseInt(hex, 16))
    } else if (symbol !== undefined) {
      if (symbol === "~") write("\u00a0")
      else if (symbol === "\n" || symbol === "\r") endParagraph()
      else if (symbol === "_") write("-")
      else if ("\\{}".includes(symbol)) write(symbol)
    } else if (text !== undefined) {
      const rest = text.slice(toSkip)
      toSkip = Math.max(0, toSkip - text.length)
      write(rest)
    }
  }
  // The outermost group stays open in a file that was cut off.
  if (stack.length > 0) throw damagedFile("rtf")
  flushHex()
  isInTable = false
  endParagraph()
  endTable()
  if (notes.length > 0)
    blocks.push("## Notes", notes.map((note, index) => `[${index + 1}] ${note.trim()}`).join("\n\n"))
  return { text: cleanText(blocks.join("\n\n")), title: title.trim().slice(0, 300) || null, pages: [], pageCount: null }
}

function decoderOf(codePage: number | null): TextDecoder {
  try {
    return new TextDecoder(codePages[codePage ?? 0] ?? `windows-${codePage ?? 1252}`)
  } catch {
    return new TextDecoder("windows-1252")
  }
}
