import type { ReadDocument } from "./contract.ts"
import { markdownTable } from "./markdownTable.ts"
import { cleanText, decodeText } from "./readText.ts"
import { damagedFile } from "./unpackZip.ts"

/** Objects below this depth are written on one line. */
const deepestHeading = 3
const longestLine = 2000

/** Data as a person would read it: lists of records become tables, nested names headings, values `name: value`. JSON Lines too. */
export function readJson(bytes: Uint8Array): ReadDocument {
  const source = decodeText(bytes).replace(/^\uFEFF/, "")
  const text = cleanText(blocksOf(parse(source), []).join("\n\n"))
  return { text, title: null, pages: [], pageCount: null }
}

function parse(source: string): unknown {
  try {
    return JSON.parse(source)
  } catch (cause) {
    const lines = source.split("\n").filter((line) => line.trim() !== "")
    try {
      if (lines.length > 1) return lines.map((line) => JSON.parse(line) as unknown)
    } catch {
      // Neither one value nor one per line.
    }
    throw damagedFile("json", cause)
  }
}

function blocksOf(value: unknown, path: readonly string[]): string[] {
  if (Array.isArray(value)) return arrayBlocks(value)
  if (!isObject(value)) return [flat(value)]
  const own: string[] = []
  const nested: string[] = []
  for (const [name, inner] of Object.entries(value)) {
    const isSmall = !isContainer(inner) || flat(inner).length <= 120
    if (isSmall || path.length >= deepestHeading) own.push(`${name}: ${cut(flat(inner))}`)
    else nested.push(`${"#".repeat(path.length + 2)} ${name}`, ...blocksOf(inner, [...path, name]))
  }
  // Two spaces keep `name: value` lines apart where Markdown would join them.
  return own.length > 0 ? [own.map((line) => `- ${line}`).join("\n"), ...nested] : nested
}

function arrayBlocks(items: readonly unknown[]): string[] {
  if (items.length === 0) return []
  const names = recordNames(items)
  if (names) {
    const rows = (items as Record<string, unknown>[]).map((item) => names.map((name) => cut(flat(item[name]))))
    return [markdownTable(names, rows)]
  }
  return [items.map((item) => `- ${cut(flat(item))}`).join("\n")]
}

/** The columns, when the list holds records that share most of their names. */
function recordNames(items: readonly unknown[]): string[] | null {
  if (items.length < 2 || !items.every(isObject)) return null
  const counts = new Map<string, number>()
  for (const item of items as Record<string, unknown>[])
    for (const name of Object.keys(item)) counts.set(name, (counts.get(name) ?? 0) + 1)
  const shared = [...counts.values()].filter((count) => count >= items.length / 2).length
  return counts.size <= 60 && shared >= counts.size / 2 ? [...counts.keys()] : null
}

/** One line: `a: 1; b: x, y`. */
function flat(value: unknown, depth = 0): string {
  if (value === null || value === undefined) return ""
  if (depth > 64) return "…"
  if (Array.isArray(value)) return value.map((item) => flat(item, depth + 1)).join(", ")
  if (isObject(value))
    return Object.entries(value)
      .map(([name, inner]) => `${name}: ${flat(inner, depth + 1)}`)
      .join("; ")
  return String(value).replace(/\s+/g, " ").trim()
}

const cut = (text: string): string => (text.length > longestLine ? `${text.slice(0, longestLine)} …` : text)
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value)
const isContainer = (value: unknown): boolean => typeof value === "object" && value !== null
