import { sentencesOf } from "../sentences.ts"
import { type Block, blocksOf } from "./blocks.ts"
import type { TextSection, TextUnit } from "./contract.ts"

/** Characters after which a piece is cut even inside a sentence: well below what any embedder reads at once. */
const longestUnit = 600
const longestHeading = 160
const codeLines = 12

/** The structure of a text: its sections, and the smallest pieces that chunks are built of, in order and without overlap. */
export function unitsOf(text: string): { sections: TextSection[]; units: TextUnit[] } {
  const sections: TextSection[] = [{ headingPath: [], start: 0 }]
  const units: TextUnit[] = []
  const path: { level: number; title: string }[] = []
  const blocks = blocksOf(text)
  for (const [index, block] of blocks.entries()) {
    if (block.kind === "heading" && block.title !== "") {
      while (path.length > 0 && (path.at(-1) as { level: number }).level >= block.level) path.pop()
      path.push({ level: block.level, title: block.title.slice(0, longestHeading) })
      sections.push({ headingPath: path.map((heading) => heading.title), start: block.start })
    }
    const next = blocks[index + 1]
    const hasBody =
      next !== undefined && (next.kind !== "heading" || (block.kind === "heading" && next.level > block.level))
    if (block.kind === "heading" && hasBody) continue
    const added = unitsOfBlock(text, block)
    const last = added.at(-1)
    if (last && block.kind === "paragraph" && /:\s*$/.test(text.slice(last.start, last.end))) last.leads = true
    for (const unit of added) units.push({ ...unit, section: sections.length - 1, block: index })
  }
  return { sections, units }
}

type BareUnit = Omit<TextUnit, "section" | "block">

function unitsOfBlock(text: string, block: Block): BareUnit[] {
  switch (block.kind) {
    case "heading":
      return cut(text, { start: block.start, end: block.end, kind: "heading" })
    case "paragraph":
      return sentencesOf(text.slice(block.start, block.end)).flatMap(({ start, end }) =>
        cut(text, { start: block.start + start, end: block.start + end, kind: "sentence" }),
      )
    case "list":
      return block.items.flatMap(({ start, end }) =>
        end - start <= longestUnit
          ? cut(text, { start, end, kind: "item" })
          : sentencesOf(text.slice(start, end)).flatMap((sentence) =>
              cut(text, { start: start + sentence.start, end: start + sentence.end, kind: "item" }),
            ),
      )
    case "code": {
      const units: BareUnit[] = []
      for (let from = 0; from < block.lines.length; from += codeLines) {
        const group = block.lines.slice(from, from + codeLines)
        const first = group[0]
        const last = group.at(-1)
        if (first && last) units.push(...cut(text, { start: first.start, end: last.end, kind: "code" }))
      }
      return units
    }
    case "table":
      return rowUnits(text, block)
  }
}

/** The first row's range also takes in the header, so that the chunk shows the whole table. */
function rowUnits(text: string, table: Extract<Block, { kind: "table" }>): BareUnit[] {
  if (table.rows.length === 0) {
    return cut(text, {
      start: table.start,
      end: table.end,
      kind: "row",
      rendered: table.header.filter(Boolean).join("; "),
    })
  }
  return table.rows.flatMap((row, index) => {
    const rendered = renderRow(table.header, row.cells)
    return cut(text, { start: index === 0 ? table.start : row.start, end: row.end, kind: "row", rendered })
  })
}

/** `Part: Water filter; Interval: every 2 months`. Empty cells are left out. */
export function renderRow(header: readonly string[], cells: readonly string[]): string {
  const [name, value] = cells
  if (cells.length === 2 && name && value && header.every((column) => column === "")) return `${name}: ${value}`
  return cells
    .map((cell, index) => ({ cell, column: header[index] ?? "" }))
    .filter(({ cell }) => cell !== "")
    .map(({ cell, column }) => (column === "" ? cell : `${column}: ${cell}`))
    .join("; ")
}

/** Trims a unit and cuts one that is too long between words, never inside a surrogate pair. */
function cut(text: string, unit: BareUnit): BareUnit[] {
  let { start, end } = unit
  while (start < end && isSpace(text.charCodeAt(start))) start++
  while (end > start && isSpace(text.charCodeAt(end - 1))) end--
  if (end <= start) return []
  if (unit.rendered !== undefined) return [{ ...unit, start, end }]
  const pieces: BareUnit[] = []
  while (end - start > longestUnit) {
    const limit = start + longestUnit
    // Looked for in the piece alone: a text without a space is not searched back to its beginning.
    const piece = text.slice(start, limit + 1)
    const space = Math.max(piece.lastIndexOf(" "), piece.lastIndexOf("\n"))
    let at = space > longestUnit / 2 ? start + space : limit
    const code = text.charCodeAt(at)
    if (code >= 0xdc00 && code <= 0xdfff) at--
    pieces.push({ ...unit, start, end: at })
    start = at
    while (start < end && isSpace(text.charCodeAt(start))) start++
  }
  if (end > start) pieces.push({ ...unit, start, end })
  return pieces
}

const isSpace = (code: number): boolean => code === 32 || (code >= 9 && code <= 13) || code === 0xa0
