import { AppError } from "#core/errors.ts"
import type { ReadDocument } from "./contract.ts"
import { columnName, gridBlocks } from "./markdownTable.ts"
import { type NumberFormat, numberFormats, writeNumber } from "./numberFormat.ts"
import { coreProperties, relationsOf } from "./openXml.ts"
import { cleanText } from "./readText.ts"
import { damagedFile, unpackZip, type ZipParts } from "./unpackZip.ts"
import { childOf, elements, findAll, findFirst, oneLine, parseXml, readXmlEvents, textOfNode } from "./xml.ts"

const kind = "xlsx"
const neededPart =
  /^(?:docProps\/core\.xml|xl\/(?:workbook|sharedStrings|styles)\.xml|xl\/_rels\/workbook\.xml\.rels|xl\/(?:worksheets\/(?:_rels\/)?|comments)[^/]*\.(?:xml|rels))$/
const mostCells = 500_000
const largestMerge = 1000

/** Every sheet as tables below its name: values as they are shown, formulas by their last result, comments, links and hidden sheets named. */
export function readXlsx(bytes: Uint8Array): ReadDocument {
  const parts = unpackZip(bytes, kind, (name) => neededPart.test(name))
  const workbookPart = parts["xl/workbook.xml"]
  if (!workbookPart) throw damagedFile(kind)
  const workbook = parseXml(workbookPart, kind)
  const relations = relationsOf(parts, "xl/workbook.xml", kind)
  const book: Book = {
    parts,
    strings: sharedStrings(parts),
    formats: numberFormats(parts["xl/styles.xml"]),
    isFrom1904: /^(?:1|true)$/.test(findFirst(workbook, "workbookPr")?.attributes.date1904 ?? ""),
    cells: 0,
  }
  const blocks: string[] = []
  for (const { attributes } of elements(childOf(workbook, "sheets") ?? { name: "", attributes: {}, children: [] })) {
    const path = relations.get(attributes["r:id"] ?? "")?.target
    if (!path || !parts[path]) continue
    const sheet = sheetBlocks(book, path)
    if (sheet.length === 0) continue
    const isHidden = attributes.state === "hidden" || attributes.state === "veryHidden"
    blocks.push(`## ${oneLine(attributes.name ?? "Sheet")}${isHidden ? " (hidden sheet)" : ""}`, ...sheet)
  }
  const { title, modifiedAt } = coreProperties(parts, kind)
  return { text: cleanText(blocks.join("\n\n")), title, pages: [], pageCount: null, datedAt: modifiedAt }
}

interface Book {
  parts: ZipParts
  strings: string[]
  formats: NumberFormat[]
  isFrom1904: boolean
  cells: number
}

function sharedStrings(parts: ZipParts): string[] {
  const part = parts["xl/sharedStrings.xml"]
  if (!part) return []
  const strings: string[] = []
  let current: string | null = null
  let isText = false
  let isPhonetic = false
  readXmlEvents(part, kind, {
    open(name) {
      if (name === "si") current = ""
      else if (name === "rPh") isPhonetic = true
      else if (name === "t") isText = true
    },
    text(text) {
      if (isText && !isPhonetic && current !== null) current += text
    },
    close(name) {
      if (name === "t") isText = false
      else if (name === "rPh") isPhonetic = false
      else if (name === "si" && current !== null) strings.push(current)
    },
  })
  return strings
}

function sheetBlocks(book: Book, path: string): string[] {
  const rows = new Map<number, string[]>()
  const merges: string[] = []
  const links: [place: string, id: string][] = []
  let place = ""
  let type = ""
  let style = 0
  let value: string | null = null
  let row = -1
  let column = -1
  let isValue = false
  readXmlEvents(book.parts[path] as Uint8Array, kind, {
    open(name, attributes) {
      if (name === "row") {
        row = attributes.r ? Number(attributes.r) - 1 : row + 1
        column = -1
      } else if (name === "c") {
        place = attributes.r ?? ""
        column = columnOf(place) ?? column + 1
        type = attributes.t ?? "n"
        style = Number(attributes.s ?? 0)
        value = null
      } else if (name === "v" || name === "t") {
        isValue = true
        value ??= ""
      } else if (name === "mergeCell" && attributes.ref) merges.push(attributes.ref)
      else if (name === "hyperlink" && attributes.ref && attributes["r:id"])
        links.push([attributes.ref, attributes["r:id"]])
    },
    text(text) {
      if (isValue) value += text
    },
    close(name) {
      if (name === "v" || name === "t") isValue = false
      if (name !== "c" || value === null) return
      const shown = cellText(book, type, style, value)
      if (shown === "") return
      if (++book.cells > mostCells || column > 16_384 || !(row >= 0 && row <= 1_048_576)) throw tooManyCells()
      const cells = rows.get(row) ?? []
      cells[column] = shown
      rows.set(row, cells)
    },
  })
  for (const merge of merges) fillMerge(rows, merge)
  const relations = relationsOf(book.parts, path, kind)
  for (const [cell, id] of links) {
    const target = relations.get(id)?.target ?? ""
    const cells = rows.get(rowOf(cell))
    const at = columnOf(cell) ?? -1
    if (cells?.[at] !== undefined && /^(?:https?|mailto):/i.test(target) && !target.includes(cells[at]))
      cells[at] = `${cells[at]} (${target})`
  }
  return [...gridBlocks(gridOf(rows)), ...comments(book.parts, relations)]
}

function cellText(book: Book, type: string, style: number, value: string): string {
  if (type === "s") return book.strings[Number(value)] ?? ""
  if (type === "b") return value === "1" ? "TRUE" : "FALSE"
  if (type === "n") return writeNumber(value, book.formats[style], book.isFrom1904)
  return value
}

/** Rows in order; a gap between rows is one empty row, which ends a table. */
function gridOf(rows: ReadonlyMap<number, string[]>): string[][] {
  const numbers = [...rows.keys()].sort((a, b) => a - b)
  const first = numbers.reduce((least, number) => {
    const at = (rows.get(number) ?? []).findIndex((cell) => cell !== undefined)
    return Math.min(least, at === -1 ? least : at)
  }, 16_384)
  const grid: string[][] = []
  for (const [index, number] of numbers.entries()) {
    if (index > 0 && number > (numbers[index - 1] as number) + 1) grid.push([])
    grid.push(Array.from((rows.get(number) as string[]).slice(first), (cell) => cell ?? ""))
  }
  return grid
}

/** A value over several cells belongs to each of them. */
function fillMerge(rows: Map<number, string[]>, reference: string): void {
  const [from = "", to = ""] = reference.split(":")
  const [left, right] = [columnOf(from), columnOf(to)]
  const [top, bottom] = [rowOf(from), rowOf(to)]
  if (left === null || right === null || (right - left + 1) * (bottom - top + 1) > largestMerge) return
  const value = rows.get(top)?.[left]
  // A title over the whole width is one cell, not a row of names.
  if (value === undefined || (rows.get(top) ?? []).filter((cell) => cell !== undefined).length === 1) return
  for (let row = top; row <= bottom; row++) {
    const cells = rows.get(row)
    if (cells) for (let column = left; column <= right; column++) cells[column] ??= value
  }
}

function comments(parts: ZipParts, relations: ReturnType<typeof relationsOf>): string[] {
  const found: string[] = []
  for (const { type, target } of relations.values()) {
    const part = type.endsWith("/comments") ? parts[target] : undefined
    if (!part) continue
    for (const comment of findAll(parseXml(part, kind), "comment"))
      found.push(
        `Comment on ${comment.attributes.ref ?? columnName(0)}: ${oneLine(findAll(comment, "t").map(textOfNode).join(""))}`,
      )
  }
  return found
}

function columnOf(place: string): number | null {
  const letters = /^[A-Z]{1,3}/.exec(place)?.[0]
  if (!letters) return null
  let column = 0
  for (const letter of letters) column = column * 26 + letter.charCodeAt(0) - 64
  return column - 1
}

const rowOf = (place: string): number => Number(/\d+$/.exec(place)?.[0] ?? 0) - 1

const tooManyCells = (): AppError =>
  new AppError("document.too-large", "The workbook has more than half a million filled cells.", {
    remedy: "Split it into smaller files, or export the part you need as CSV.",
  })
