import { inReadingOrder, type Line } from "./columns.ts"

/** A run of text as it stands on a page. Units are points; y grows upwards. */
export interface PdfItem {
  text: string
  x: number
  y: number
  width: number
  size: number
  endsLine: boolean
}

/**
 * Markdown of a PDF's pages, in the order of the content stream, columns one after the other: lines joined into paragraphs, larger type as headings, aligned columns
 * as tables, running headers and footers left out. `starts` holds the offset of each page.
 */
export function layoutPages(pages: readonly (readonly PdfItem[])[]): { text: string; starts: number[] } {
  const lines = withoutRunningLines(pages.map(linesOfPage)).map(inReadingOrder)
  const body = bodySize(lines.flat())
  const headingSizes = [...new Set(lines.flat().map((line) => Math.round(line.size)))]
    .filter((size) => size >= body * 1.15)
    .sort((a, b) => b - a)
  let text = ""
  const starts: number[] = []
  for (const page of lines) {
    if (text !== "") text += "\n\n"
    starts.push(text.length)
    text += blocksOfPage(page, body, headingSizes).join("\n\n")
  }
  return { text, starts }
}

function linesOfPage(items: readonly PdfItem[]): Line[] {
  const lines: Line[] = []
  let line: Line | undefined
  let end = 0
  for (const item of items) {
    if (item.text === "" && !item.endsLine) continue
    const isSameLine =
      line && Math.abs(item.y - line.y) <= 0.5 * Math.max(item.size, line.size) && item.x >= end - item.size
    if (item.text.trim() !== "") {
      if (!line || !isSameLine) {
        line = { cells: [], x: item.x, y: item.y, size: item.size }
        lines.push(line)
        end = item.x
      }
      const gap = item.x - end
      const last = line.cells.at(-1)
      if (!last || gap > 1.2 * item.size) line.cells.push({ text: item.text, x: item.x, end: item.x + item.width })
      else {
        last.end = item.x + item.width
        last.text += (gap > 0.15 * item.size && !/\s$/.test(last.text) ? " " : "") + item.text
      }
      line.size = Math.max(line.size, item.size)
      end = item.x + item.width
    } else if (line && isSameLine && item.width > 0 && item.width <= 1.2 * item.size) {
      const last = line.cells.at(-1)
      if (last && item.text !== "" && !/\s$/.test(last.text)) last.text += " "
      end = item.x + item.width
    }
  }
  return lines
}

/** A line that stands at the edge of most pages with nothing but its numbers changing belongs to no page's text. */
function withoutRunningLines(pages: Line[][]): Line[][] {
  if (pages.length < 3) return pages
  const counts = new Map<string, number>()
  const edges = (page: readonly Line[]): Line[] => {
    const sorted = [...page].sort((a, b) => b.y - a.y)
    return [...new Set([...sorted.slice(0, 2), ...sorted.slice(-2)])]
  }
  for (const page of pages) {
    for (const pattern of new Set(edges(page).map(patternOf))) counts.set(pattern, (counts.get(pattern) ?? 0) + 1)
  }
  return pages.map((page) => {
    const running = new Set(
      edges(page).filter((line) => (counts.get(patternOf(line)) ?? 0) >= Math.max(3, 0.6 * pages.length)),
    )
    return page.filter((line) => !running.has(line))
  })
}

const patternOf = (line: Line): string => `${Math.round(line.y / 4)}:${textOf(line).replace(/\d+/g, "#")}`
const textOf = (line: Line): string =>
  line.cells
    .map((cell) => cell.text)
    .join(" ")
    .replace(/\s+/g, " ")
    // Leaders of a table of contents.
    .replace(/(?: ?\.){5,}/g, " …")
    .trim()

/** The type size most characters are set in. */
function bodySize(lines: readonly Line[]): number {
  const counts = new Map<number, number>()
  for (const line of lines) {
    const size = Math.round(line.size * 2) / 2
    counts.set(size, (counts.get(size) ?? 0) + textOf(line).length)
  }
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? 10
}

function blocksOfPage(lines: readonly Line[], body: number, headingSizes: readonly number[]): string[] {
  const blocks: string[] = []
  let paragraph: Line[] = []
  const close = (): void => {
    if (paragraph.length > 0) blocks.push(joinLines(paragraph))
    paragraph = []
  }
  let index = 0
  while (index < lines.length) {
    const line = lines[index] as Line
    const tableEnd = tableEndAt(lines, index)
    if (tableEnd > index) {
      close()
      blocks.push(tableOf(lines.slice(index, tableEnd)))
      index = tableEnd
      continue
    }
    const previous = paragraph.at(-1)
    const text = textOf(line)
    const level = headingSizes.indexOf(Math.round(line.size))
    if (level !== -1 && text.length <= 120 && line.size >= body * 1.15) {
      close()
      blocks.push(`${"#".repeat(Math.min(level + 1, 4))} ${text}`)
    } else {
      const gap = previous ? previous.y - line.y : 0
      const isFar = gap > 1.7 * Math.max(line.size, previous?.size ?? 0) || gap < -line.size
      if (previous && (isFar || isListItem(text))) close()
      paragraph.push(line)
    }
    index++
  }
  close()
  return blocks
}

const isListItem = (text: string): boolean => /^(?:[•▪‣◦–*-]\s|\d{1,3}[.)]\s)/.test(text)

function joinLines(lines: readonly Line[]): string {
  let text = ""
  for (const line of lines) {
    const next = textOf(line)
    if (/\p{L}-$/u.test(text) && /^\p{Ll}/u.test(next)) text = text.slice(0, -1) + next
    else text += (text === "" ? "" : " ") + next
  }
  return text.replace(/^[•▪‣◦]\s*/, "- ")
}

/** Index after the last row of a table that begins at `from`; `from` itself when there is none. Three rows make a table. */
function tableEndAt(lines: readonly Line[], from: number): number {
  const first = lines[from] as Line
  if (first.cells.length < 2) return from
  let end = from + 1
  while (end < lines.length && isAligned(first, lines[end] as Line)) end++
  return end - from >= 3 ? end : from
}

function isAligned(first: Line, line: Line): boolean {
  return (
    line.cells.length === first.cells.length &&
    line.cells.every((cell, index) => Math.abs(cell.x - (first.cells[index] as { x: number }).x) <= 2 * first.size)
  )
}

function tableOf(lines: readonly Line[]): string {
  const row = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`
  const [header, ...rows] = lines.map((line) => line.cells.map((cell) => cell.text.trim().replaceAll("|", "\\|")))
  return [row(header ?? []), row((header ?? []).map(() => "---")), ...rows.map(row)].join("\n")
}
