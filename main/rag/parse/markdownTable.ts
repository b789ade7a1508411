/** A grid as Markdown. Cells keep one line; a bar inside is escaped. Columns that are empty throughout are left out. */
export function markdownTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const width = Math.max(header.length, ...rows.slice(0, 1).map((row) => row.length), 0)
  const used: number[] = []
  for (let column = 0; column < width; column++)
    if ((header[column] ?? "") !== "" || rows.some((row) => (row[column] ?? "") !== "")) used.push(column)
  const line = (cells: readonly string[]): string => `| ${used.map((column) => cellText(cells[column])).join(" | ")} |`
  return [line(header), `|${used.map(() => " --- |").join("")}`, ...rows.map(line)].join("\n")
}

/**
 * Blocks of a sheet: a block of rows becomes a table, a line of its own a paragraph. The first row of a block names the columns when it
 * holds words throughout; else the columns are called by their letters.
 */
export function gridBlocks(rows: readonly (readonly string[])[]): string[] {
  const blocks: string[] = []
  let block: (readonly string[])[] = []
  const close = (): void => {
    if (block.length > 0) blocks.push(...tableBlocks(block))
    block = []
  }
  for (const row of rows) {
    if (row.every((cell) => cell.trim() === "")) close()
    else block.push(row)
  }
  close()
  return blocks
}

function tableBlocks(rows: readonly (readonly string[])[]): string[] {
  const filled = (row: readonly string[]): string[] => row.filter((cell) => cell.trim() !== "")
  const titles: string[] = []
  let from = 0
  // A line with one cell above a wider table is its title.
  while (from < rows.length && filled(rows[from] as readonly string[]).length === 1 && rows.length > 1) {
    if (!rows.slice(from + 1).some((row) => filled(row).length > 1)) break
    titles.push(cellText(filled(rows[from] as readonly string[])[0]))
    from++
  }
  const body = rows.slice(from)
  const first = body[0] ?? []
  const isList = body.every((row) => filled(row).length === 1)
  if (isList) return [...titles, body.map((row) => cellText(filled(row)[0])).join("\n\n")]
  const width = body.reduce((most, row) => Math.max(most, row.length), 0)
  const hasHeader = body.length > 1 && filled(first).length > 1 && filled(first).every((cell) => !isValue(cell))
  const padded = (row: readonly string[]): string[] => Array.from({ length: width }, (_, index) => row[index] ?? "")
  const header = hasHeader ? padded(first) : padded([]).map((_, index) => (width > 2 ? columnName(index) : ""))
  return [...titles, markdownTable(header, (hasHeader ? body.slice(1) : body).map(padded))]
}

/** Numbers, dates, amounts: what stands in columns rather than above them. */
const isValue = (cell: string): boolean => /^[-+(]?[\p{Sc}]?\s?\d[\d.,:/%\s-]*[\p{Sc}%)]?$/u.test(cell.trim())

/** `A`, `B`, … `AA`, as spreadsheets call them. */
export function columnName(index: number): string {
  let name = ""
  for (let rest = index + 1; rest > 0; rest = Math.floor((rest - 1) / 26))
    name = String.fromCharCode(65 + ((rest - 1) % 26)) + name
  return name
}

const cellText = (cell: string | undefined): string => (cell ?? "").replace(/\s+/g, " ").trim().replaceAll("|", "\\|")
