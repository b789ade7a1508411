/** A run of words on one line of a page. Units are points; y grows upwards. */
export interface Cell {
  text: string
  x: number
  end: number
}

export interface Line {
  cells: Cell[]
  x: number
  y: number
  size: number
}

const fewestLines = 5
/** Share of its column that a line of prose fills; the cells of a table fill less. */
const filledShare = 0.55
const mostCrossing = 0.25

/**
 * Lines of a page set in two columns, in the order they are read: between two lines that run over both columns, the left one before the
 * right one. All other pages stay in the order of their content.
 */
export function inReadingOrder(lines: readonly Line[]): Line[] {
  const pieces = lines.flatMap((line) =>
    line.cells.map((cell): Line => ({ cells: [cell], x: cell.x, y: line.y, size: line.size })),
  )
  const gutter = gutterOf(pieces)
  if (gutter === null) return [...lines]
  const crossing = lines.filter((line) => line.cells.some((cell) => cell.x < gutter && cell.end > gutter))
  const bounds = crossing.map((line) => line.y).sort((a, b) => b - a)
  // How many crossing lines stand above: the band that a piece belongs to.
  const bandOf = (y: number): number => bounds.filter((bound) => bound > y).length
  const crossed = new Set(crossing)
  const inColumns = lines
    .filter((line) => !crossed.has(line))
    .flatMap((line) => columnsOfLine(line, gutter))
    .map((line) => ({ line, band: bandOf(line.y), column: line.x >= gutter ? 1 : 0 }))
  const all = [...inColumns, ...crossing.map((line) => ({ line, band: bandOf(line.y), column: 2 }))]
  return all.sort((a, b) => a.band - b.band || a.column - b.column || b.line.y - a.line.y).map(({ line }) => line)
}

function columnsOfLine(line: Line, gutter: number): Line[] {
  const left = line.cells.filter((cell) => cell.x < gutter)
  const right = line.cells.filter((cell) => cell.x >= gutter)
  return [left, right].filter((cells) => cells.length > 0).map((cells) => ({ ...line, cells, x: (cells[0] as Cell).x }))
}

/** The x between two columns of prose; null for a page of one column, and for tables. */
function gutterOf(pieces: readonly Line[]): number | null {
  const spans = pieces.map(({ cells: [cell] }) => cell as Cell)
  const from = Math.min(...spans.map(({ x }) => x))
  const to = Math.max(...spans.map(({ end }) => end))
  const width = to - from
  let best: { at: number; crossing: number } | null = null
  // Right columns begin somewhere around the middle, each a few points behind its gutter.
  for (const at of new Set(spans.map(({ x }) => Math.round(x) - 2))) {
    if (at < from + 0.35 * width || at > from + 0.65 * width) continue
    const left = spans.filter(({ end }) => end <= at)
    const right = spans.filter(({ x }) => x >= at)
    const crossing = spans.length - left.length - right.length
    if (left.length < fewestLines || right.length < fewestLines || crossing > mostCrossing * spans.length) continue
    if (!isProse(left) || !isProse(right)) continue
    if (best === null || crossing < best.crossing) best = { at, crossing }
  }
  return best?.at ?? null
}

/** Most lines of a column of prose are nearly as long as its longest. */
function isProse(spans: readonly Cell[]): boolean {
  const left = Math.min(...spans.map(({ x }) => x))
  const right = Math.max(...spans.map(({ end }) => end))
  const filled = spans.filter(({ x, end }) => end - x >= filledShare * (right - left))
  const words = spans.reduce((sum, { text }) => sum + text.trim().split(/\s+/).length, 0)
  return filled.length >= 0.6 * spans.length && words / spans.length >= 3
}
