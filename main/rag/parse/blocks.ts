import { linesOf, type Span } from "../sentences.ts"

export type Block =
  | { kind: "heading"; start: number; end: number; level: number; title: string }
  | { kind: "paragraph" | "code"; start: number; end: number; lines: Span[] }
  | { kind: "list"; start: number; end: number; items: Span[] }
  | { kind: "table"; start: number; end: number; header: string[]; rows: (Span & { cells: string[] })[] }

const atxHeading = /^ {0,3}(#{1,6})\s+(.*?)\s*#*\s*$/
const setext = /^ {0,3}(=+|-{3,})\s*$/
const fence = /^ {0,3}(`{3,}|~{3,})/
const listItem = /^(\s*)(?:[-*+•]|\d{1,3}[.)])\s+\S/
const thematicBreak = /^ {0,3}(?:-{3,}|\*{3,}|_{3,}|(?:- ){2,}-|(?:\* ){2,}\*)\s*$/
const ruleCell = /^:?-{2,}:?$/
/** Longer lines are never headings or table rules: keeps the patterns above linear on hostile input. */
const longestMark = 2000

/** Blocks of a Markdown-like text in one pass over its lines; exact offsets, and linear in the text's length for any input. */
export function blocksOf(text: string): Block[] {
  const lines = linesOf(text)
  const blocks: Block[] = []
  let index = 0
  while (index < lines.length) {
    const line = lines[index] as Span
    const next = lines[index + 1]
    const heading = headingOf(line.text)
    if (line.text.trim() === "" || (line.text.length <= longestMark && thematicBreak.test(line.text))) {
      index++
    } else if (heading) {
      const level = (heading[1] as string).length
      blocks.push({
        kind: "heading",
        start: line.start,
        end: line.end,
        level,
        title: plainHeading(heading[2] as string),
      })
      index++
    } else if (fence.test(line.text)) {
      index = pushCode(blocks, lines, index)
    } else if (line.text.includes("|") && isTableRule(next?.text)) {
      index = pushTable(blocks, lines, index, true)
    } else if (isTableRow(line.text)) {
      index = pushTable(blocks, lines, index, false)
    } else if (listItem.test(line.text)) {
      index = pushList(blocks, lines, index)
    } else if (next && next.text.length <= longestMark && setext.test(next.text) && line.text.trim().length <= 120) {
      const level = next.text.trim().startsWith("=") ? 1 : 2
      blocks.push({ kind: "heading", start: line.start, end: next.end, level, title: plainHeading(line.text.trim()) })
      index += 2
    } else {
      index = pushParagraph(blocks, lines, index)
    }
  }
  return blocks
}

function pushCode(blocks: Block[], lines: readonly Span[], from: number): number {
  const mark = fence.exec((lines[from] as Span).text)?.[1] as string
  let index = from + 1
  while (index < lines.length && !(lines[index] as Span).text.trimStart().startsWith(mark)) index++
  const last = Math.min(index, lines.length - 1)
  const inside = lines.slice(from, last + 1)
  blocks.push({ kind: "code", start: (lines[from] as Span).start, end: (lines[last] as Span).end, lines: inside })
  return last + 1
}

function pushTable(blocks: Block[], lines: readonly Span[], from: number, hasRule: boolean): number {
  let index = from + (hasRule ? 2 : 1)
  while (index < lines.length && (lines[index] as Span).text.trim() !== "" && (lines[index] as Span).text.includes("|"))
    index++
  const all = lines.slice(from, index).filter((line) => !isTableRule(line.text))
  const header = cellsOf((all[0] as Span).text)
  const rows = all.slice(1).map((line) => ({ ...line, cells: cellsOf(line.text) }))
  const end = (lines[index - 1] as Span).end
  blocks.push({ kind: "table", start: (lines[from] as Span).start, end, header, rows })
  return index
}

function pushList(blocks: Block[], lines: readonly Span[], from: number): number {
  const items: Span[] = []
  let index = from
  while (index < lines.length) {
    const line = lines[index] as Span
    const isItem = listItem.test(line.text)
    const isContinuation = line.text.trim() !== "" && !startsBlock(line.text)
    const blankBeforeItem = line.text.trim() === "" && listItem.test(lines[index + 1]?.text ?? "")
    if (isItem) items.push({ ...line })
    else if (isContinuation && (lines[index - 1] as Span).text.trim() !== "") (items.at(-1) as Span).end = line.end
    else if (!blankBeforeItem) break
    index++
  }
  const first = items[0] as Span
  const last = items.at(-1) as Span
  blocks.push({ kind: "list", start: first.start, end: last.end, items })
  return index
}

function pushParagraph(blocks: Block[], lines: readonly Span[], from: number): number {
  let index = from + 1
  while (index < lines.length) {
    const line = lines[index] as Span
    const next = lines[index + 1]
    if (line.text.trim() === "" || startsBlock(line.text) || listItem.test(line.text)) break
    if (line.text.includes("|") && isTableRule(next?.text)) break
    index++
  }
  const inside = lines.slice(from, index)
  blocks.push({ kind: "paragraph", start: (inside[0] as Span).start, end: (inside.at(-1) as Span).end, lines: inside })
  return index
}

const headingOf = (line: string): RegExpExecArray | null => (line.length <= longestMark ? atxHeading.exec(line) : null)

function isTableRow(line: string): boolean {
  const trimmed = line.trim()
  return trimmed.length > 1 && trimmed.startsWith("|") && trimmed.endsWith("|")
}

const isTableRule = (line: string | undefined): boolean =>
  line !== undefined &&
  line.length <= longestMark &&
  line.includes("|") &&
  cellsOf(line).every((cell) => ruleCell.test(cell))

const startsBlock = (line: string): boolean =>
  headingOf(line) !== null ||
  fence.test(line) ||
  isTableRow(line) ||
  (line.length <= longestMark && thematicBreak.test(line))

/** Cells of one row; `\|` is a literal bar. */
export function cellsOf(row: string): string[] {
  return row
    .trim()
    .replace(/^\|/, "")
    .replace(/(?<!\\)\|$/, "")
    .split(/(?<!\\)\|/)
    .map((cell) =>
      cell
        .replaceAll("\\|", "|")
        .replace(/<br\s*\/?>/gi, " ")
        .replace(/\*\*|__|`/g, "")
        .replace(/\s+/g, " ")
        .trim(),
    )
}

const plainHeading = (title: string): string =>
  title
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/\*\*|__|`/g, "")
    .replace(/\s+/g, " ")
    .trim()
