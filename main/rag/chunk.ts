import type { NewChunk } from "#store/types.ts"
import type { ParsedDocument, TextUnit, TimedStart } from "./parse/contract.ts"

export interface ChunkOptions {
  /** Tokens aimed at per chunk. Default 200. */
  targetTokens?: number
  /** Tokens of whole sentences repeated from the end of the chunk before, within a section. Default 30. */
  overlapTokens?: number
}

type Structure = Pick<ParsedDocument, "text" | "pages" | "sections" | "units" | "times">
/** Units `from`…`to` (exclusive) of one section. */
interface Range {
  from: number
  to: number
}

const smallTokens = 40

/**
 * Packs a document's units into chunks. A chunk stays within its section (a section of a few words joins the next), holds whole
 * sentences, items and rows, and keeps blocks whole where they fit. `text` equals the document's text between `start` and `end`
 * except for table rows, which read `column: value`.
 * @param countTokens Tokens per text, as the active embedder counts them.
 */
export async function chunkDocument(
  document: Structure,
  countTokens: (texts: string[]) => Promise<number[]>,
  options: ChunkOptions = {},
): Promise<NewChunk[]> {
  const { units, sections } = document
  if (units.length === 0) return []
  const target = options.targetTokens ?? 200
  const overlap = options.overlapTokens ?? 30
  const tokens = await countTokens(units.map((unit) => textOf(document.text, unit)))
  return rangesOf(units, sections, tokens, target, overlap).map((range, ordinal) =>
    toChunk(document, tokens, range, ordinal),
  )
}

function rangesOf(
  units: readonly TextUnit[],
  sections: Structure["sections"],
  tokens: readonly number[],
  target: number,
  overlap: number,
): Range[] {
  const ranges: Range[] = []
  let from = 0
  let size = 0
  for (let index = 0; index < units.length; index++) {
    const unit = units[index] as TextUnit
    const previous = units[index - 1]
    const own = tokens[index] as number
    if (index > from && previous) {
      const startsSection = unit.section !== previous.section
      const startsBlock = unit.block !== previous.block
      const block = startsBlock ? blockTokens(units, tokens, index) : own
      const fits = size + own <= target
      // A block that fits a chunk of its own is not torn to fill the rest of this one.
      const wouldTear = startsBlock && size + block > target && block <= target && size >= target / 2
      const isLead = previous.leads === true && index - 1 > from
      const mayJoin =
        fits && size < smallTokens && isSectionStart(units, from) && isSibling(sections, units[from] as TextUnit, unit)
      if (startsSection ? !mayJoin : !fits || wouldTear) {
        const to = isLead && !startsSection ? index - 1 : index
        ranges.push({ from, to })
        from = startsSection ? index : overlapStart(units, tokens, to, from, overlap)
        size = sum(tokens, from, index)
      }
    }
    size += own
  }
  ranges.push({ from, to: units.length })
  return ranges
}

const isSectionStart = (units: readonly TextUnit[], index: number): boolean =>
  units[index - 1]?.section !== units[index]?.section

/** Joined, the first section's heading moves into the text; all headings above it must be the other's too. */
function isSibling(sections: Structure["sections"], first: TextUnit, other: TextUnit): boolean {
  const parents = sections[first.section]?.headingPath.slice(0, -1) ?? []
  const path = sections[other.section]?.headingPath ?? []
  return parents.every((heading, index) => path[index] === heading)
}

function blockTokens(units: readonly TextUnit[], tokens: readonly number[], from: number): number {
  let total = 0
  for (let index = from; index < units.length && units[index]?.block === units[from]?.block; index++) {
    total += tokens[index] as number
    if (total > 4096) break
  }
  return total
}

/** First unit of the next chunk: whole sentences from the end of the last one, as many as the overlap allows. */
function overlapStart(
  units: readonly TextUnit[],
  tokens: readonly number[],
  to: number,
  from: number,
  overlap: number,
): number {
  let start = to
  let total = 0
  while (start - 1 > from) {
    const unit = units[start - 1] as TextUnit
    total += tokens[start - 1] as number
    if (unit.kind !== "sentence" || total > overlap) break
    start--
  }
  return start
}

function toChunk(document: Structure, tokens: readonly number[], { from, to }: Range, ordinal: number): NewChunk {
  const units = document.units.slice(from, to)
  const first = units[0] as TextUnit
  const headingPath = commonPath(document, units)
  const ownSection = document.sections[first.section]
  // A chunk of several small sections shows the first one's heading in its text: its path holds only what they share.
  const start =
    ownSection && headingPath.length < ownSection.headingPath.length && isSectionStart(document.units, from)
      ? ownSection.start
      : first.start
  const end = (units.at(-1) as TextUnit).end
  return {
    ordinal,
    text: document.text.slice(start, first.start) + renderUnits(document.text, units),
    headingPath,
    page: lastBefore(document.pages, start)?.page ?? null,
    ...timesOf(document.times ?? [], start, end),
    start,
    end,
    tokenCount: sum(tokens, from, to),
  }
}

/** The source text, with table rows in place of the grid. */
function renderUnits(text: string, units: readonly TextUnit[]): string {
  let result = ""
  let at: number | undefined
  for (const unit of units) {
    if (at !== undefined) result += text.slice(at, unit.start)
    result += textOf(text, unit)
    at = unit.end
  }
  return result
}

const textOf = (text: string, unit: TextUnit): string => unit.rendered ?? text.slice(unit.start, unit.end)

function commonPath({ sections }: Structure, units: readonly TextUnit[]): string[] {
  const first = sections[(units[0] as TextUnit).section]?.headingPath ?? []
  const last = sections[(units.at(-1) as TextUnit).section]?.headingPath ?? []
  if (first === last) return [...first]
  const differs = first.findIndex((heading, index) => heading !== last[index])
  return differs === -1 ? [...first] : first.slice(0, differs)
}

/** When the text between two offsets is spoken. */
function timesOf(times: readonly TimedStart[], start: number, end: number): Pick<NewChunk, "startMs" | "endMs"> {
  const first = lastBefore(times, start)
  const last = lastBefore(times, end - 1)
  return first && last ? { startMs: first.startMs, endMs: Math.max(first.endMs, last.endMs) } : {}
}

/** The entry that an offset lies in. */
function lastBefore<T extends { start: number }>(entries: readonly T[], offset: number): T | undefined {
  let low = 0
  let high = entries.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((entries[middle] as T).start <= offset) low = middle + 1
    else high = middle
  }
  return entries[low - 1]
}

function sum(values: readonly number[], from: number, to: number): number {
  let total = 0
  for (let index = from; index < to; index++) total += values[index] as number
  return total
}
