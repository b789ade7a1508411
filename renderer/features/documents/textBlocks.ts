/** A piece of a document's text as it is shown. Offsets are into the whole text. */
export type TextBlock =
  | { kind: "heading" | "plain" | "code"; start: number; end: number }
  | {
      kind: "table"
      start: number
      end: number
      header: Cell[] | null
      rows: { start: number; end: number; cells: Cell[] }[]
    }

export interface Cell {
  text: string
  start: number
  end: number
}

const rule = /^\|(?:\s*:?-{2,}:?\s*\|)+\s*$/
const fence = /^\s*(`{3,}|~{3,})/

/** Lines of a part of the text as headings, tables, code and plain lines. `isCode`: all of it is code. */
export function textBlocks(text: string, from: number, to: number, isCode: boolean): TextBlock[] {
  const blocks: TextBlock[] = []
  let start = from
  let open: string | null = null
  for (const line of text.slice(from, to).split("\n")) {
    const end = start + line.length
    const mark = isCode ? null : fence.exec(line)
    if (open !== null) {
      if (mark?.[1]?.startsWith(open)) open = null
      else blocks.push({ kind: "code", start, end })
    } else if (mark) open = mark[1] ?? null
    else if (isCode) blocks.push({ kind: "code", start, end })
    else if (line.startsWith("|")) addRow(blocks, line, start)
    else {
      const marks = /^#{1,6} +/.exec(line)?.[0].length ?? 0
      blocks.push({ kind: marks > 0 ? "heading" : "plain", start: start + marks, end })
    }
    start = end + 1
  }
  return blocks
}

function addRow(blocks: TextBlock[], line: string, start: number): void {
  const end = start + line.length
  const last = blocks.at(-1)
  const table = last?.kind === "table" && last.end === start - 1 ? last : null
  if (table && table.header === null && table.rows.length === 1 && rule.test(line)) {
    const names = table.rows.pop()?.cells ?? []
    table.header = names.some((cell) => cell.text !== "") ? names : null
    table.end = end
    return
  }
  if (rule.test(line)) return
  const row = { start, end, cells: cellsOf(line, start) }
  if (table) {
    table.rows.push(row)
    table.end = end
  } else blocks.push({ kind: "table", start, end, header: null, rows: [row] })
}

/** Cells of one line, with their places; `\|` is a literal bar. */
function cellsOf(line: string, start: number): Cell[] {
  const cells: Cell[] = []
  let from = 1
  for (let index = 1; index <= line.length; index++) {
    const isEnd = index === line.length
    if (!isEnd && (line[index] !== "|" || line[index - 1] === "\\")) continue
    if (isEnd && line.slice(from).trim() === "") break
    cells.push({ text: line.slice(from, index).replaceAll("\\|", "|").trim(), start: start + from, end: start + index })
    from = index + 1
  }
  return cells
}
