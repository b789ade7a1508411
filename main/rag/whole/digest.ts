import { setImmediate as breathe } from "node:timers/promises"
import { sentencesOf } from "../sentences.ts"
import { isStopWord, stemsOf, wordsOf } from "../words.ts"
import { type Place, plain, type WholeDocument, type WholeSection } from "./readWhole.ts"

/** A stretch of a document that is told in one sentence. */
export interface Part extends Place {
  heading: string
  text: string
  /** How many sections it is made of. */
  sections: number
  /** Its own sentence that says most of it; null when it has none. */
  best: { text: string; start: number; end: number } | null
}

const mostParts = 12
const leastCharacters = 60
const mostCompared = 300

/**
 * A document as at most twelve parts along its sections, each with the sentence that shares most words with the whole document and its
 * own heading (the idea of Luhn, "The Automatic Creation of Literature Abstracts", 1958). Nothing is written here, only chosen.
 */
export async function partsOf(document: WholeDocument): Promise<{ parts: Part[]; sections: number }> {
  const sections = document.sections.filter(({ text }) => /[\p{L}\p{N}]/u.test(text))
  const groups = grouped(sections.flatMap(pieces))
  const weights = await weightsOf(document)
  const parts: Part[] = []
  let counted = new Set<string>()
  for (const group of groups) {
    const first = group[0] as WholeSection
    const last = group.at(-1) as WholeSection
    const own = new Set(group.map(({ headingPath, title }) => [...headingPath, title].join("\n")))
    parts.push({
      documentId: document.document.id,
      start: first.start,
      end: last.end,
      heading: first.title,
      text: document.text.slice(first.start, last.end),
      sections: [...own].filter((key) => !counted.has(key)).length,
      best: await bestOf(group, weights),
    })
    counted = own
  }
  return { parts, sections: sections.length }
}

/** Characters that are looked at in one go: others get their turn in between. */
const longestPiece = 8000

/** A long section in pieces that end at a paragraph, or at a line, where there is one. */
function pieces(section: WholeSection): WholeSection[] {
  const made: WholeSection[] = []
  for (let from = 0; from < section.text.length; ) {
    const limit = from + longestPiece
    const window = section.text.slice(from, limit)
    const cut = Math.max(window.lastIndexOf("\n\n"), window.lastIndexOf("\n"), window.lastIndexOf(". "))
    const to =
      limit >= section.text.length ? section.text.length : from + (cut > longestPiece / 2 ? cut + 1 : longestPiece)
    made.push({
      ...section,
      start: from === 0 ? section.start : section.textStart + from,
      end: section.textStart + to,
      text: section.text.slice(from, to),
      textStart: section.textStart + from,
    })
    from = to
  }
  return made
}

/** Neighbours under one heading stay together; then the shortest neighbours are joined until there are few enough. */
function grouped(sections: readonly WholeSection[]): WholeSection[][] {
  // A document of ten thousand headings is first taken by the dozen: what follows compares neighbours again and again.
  const step = Math.max(1, Math.ceil(sections.length / mostCompared))
  const groups = Array.from({ length: Math.ceil(sections.length / step) }, (_, index) =>
    sections.slice(index * step, (index + 1) * step),
  )
  const size = (group: readonly WholeSection[]): number => group.reduce((sum, { text }) => sum + text.length, 0)
  const join = (index: number): void => {
    const [next] = groups.splice(index + 1, 1)
    groups[index]?.push(...(next ?? []))
  }
  for (let index = 0; index + 1 < groups.length; ) {
    const tiny = size(groups[index] as WholeSection[]) < leastCharacters && (groups[index]?.[0]?.level ?? 0) > 0
    if (tiny) join(index)
    else index++
  }
  while (groups.length > mostParts) {
    let smallest = 0
    let smallestSize = Number.POSITIVE_INFINITY
    for (let index = 0; index + 1 < groups.length; index++) {
      const next = (groups[index + 1] as WholeSection[])[0] as WholeSection
      const own = (groups[index] as WholeSection[])[0] as WholeSection
      const joined = size(groups[index] as WholeSection[]) + size(groups[index + 1] as WholeSection[])
      // A chapter's beginning is joined to the one before it only when nothing else is left.
      const value = next.level <= own.level ? joined * 2 : joined
      if (value < smallestSize) {
        smallest = index
        smallestSize = value
      }
    }
    join(smallest)
  }
  return groups
}

async function weightsOf({ text, sections }: WholeDocument): Promise<Map<string, number>> {
  const counts = new Map<string, number>()
  for (let from = 0; from < text.length; from += longestPiece) {
    for (const { word, stem } of wordsOf(text.slice(from, from + longestPiece)))
      if (!isStopWord(word) && word.length > 2) counts.set(stem, (counts.get(stem) ?? 0) + 1)
    await breathe()
  }
  const headingStems = stemsOf(sections.map(({ title }) => title).join("\n"))
  return new Map([...counts].map(([stem, n]) => [stem, Math.log(1 + n) * (headingStems.has(stem) ? 1.5 : 1)]))
}

async function bestOf(group: readonly WholeSection[], weights: ReadonlyMap<string, number>): Promise<Part["best"]> {
  let best: (NonNullable<Part["best"]> & { score: number }) | null = null
  for (const section of group) {
    const heading = stemsOf(section.title)
    await breathe()
    for (const [index, { text, start, end }] of sentencesOf(section.text).entries()) {
      const said = plain(text)
      const words = said.split(" ").length
      if (words < 4 || words > 45 || /^[|#]|^\W*$|\?$/.test(said) || text.includes("|")) continue
      const stems = stemsOf(said)
      let sum = 0
      for (const stem of stems) sum += (weights.get(stem) ?? 0) * (heading.has(stem) ? 1.5 : 1)
      const score = sum / Math.sqrt(stems.size + 4) + (index === 0 ? 0.6 : 0)
      if (best === null || score > best.score)
        best = { text: said, start: section.textStart + start, end: section.textStart + end, score }
    }
  }
  if (best) return { text: best.text, start: best.start, end: best.end }
  // A section of rows and items alone: its first ones stand for it.
  const first = group.find(({ text }) => text.trim() !== "")
  if (!first) return null
  const lines = first.text.split("\n").filter((line) => /[\p{L}\p{N}]/u.test(line))
  const shown = lines.slice(0, 3).map((line) => plain(line.replace(/^\||\|\s*$/g, "").replaceAll("|", " · ")))
  return shown.length === 0
    ? null
    : { text: shown.join("; ").slice(0, 240), start: first.textStart, end: first.textStart + first.text.length }
}

export interface Difference {
  first: { text: string } & Place
  second: { text: string } & Place
}

/** Statements of two documents about the same things that say something else: alike in words, unlike in figures or in a "not". */
export function differences(first: WholeDocument, second: WholeDocument, limit: number): Difference[] {
  const left = statements(first)
  const right = statements(second)
  const pairs: (Difference & { likeness: number })[] = []
  for (const a of left) {
    for (const b of right) {
      let shared = 0
      for (const stem of a.topics) if (b.topics.has(stem)) shared++
      if (shared < 2) continue
      const likeness = shared / (a.topics.size + b.topics.size - shared)
      const isUnlike = !sameSet(a.figures, b.figures) || a.isNegated !== b.isNegated
      if (likeness >= 0.3 && isUnlike) pairs.push({ first: a, second: b, likeness })
    }
  }
  const used = new Set<Place>()
  const chosen: Difference[] = []
  for (const { first: a, second: b } of pairs.sort((x, y) => y.likeness - x.likeness)) {
    if (chosen.length >= limit) break
    if (used.has(a) || used.has(b)) continue
    used.add(a).add(b)
    chosen.push({ first: a, second: b })
  }
  return chosen
}

interface Statement extends Place {
  text: string
  topics: Set<string>
  figures: Set<string>
  isNegated: boolean
}

const mostStatements = 600
const numberWords =
  /\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|forty|sixty|ninety|half|once|twice)\b/g

function statements(document: WholeDocument): Statement[] {
  const made: Statement[] = []
  const add = (text: string, heading: string, start: number, end: number): void => {
    const words = wordsOf(text)
    const topics = new Set(
      [...words, ...wordsOf(heading)]
        .filter(({ word }) => !isStopWord(word) && !/\d/.test(word))
        .map(({ stem }) => stem),
    )
    const figures = new Set([...(text.match(/\d[\d.,:]*/g) ?? []), ...(text.toLowerCase().match(numberWords) ?? [])])
    const isNegated = /\b(?:not|no|never|none|without|prohibited|forbidden|excluded)\b|n['’]t\b/i.test(text)
    if (topics.size >= 2) made.push({ documentId: document.document.id, start, end, text, topics, figures, isNegated })
  }
  for (const item of document.items) if (item.cells) add(item.text, item.headingPath.at(-1) ?? "", item.start, item.end)
  for (const section of document.sections) {
    for (const { text, start, end } of sentencesOf(section.text)) {
      if (text.includes("|")) continue
      const said = plain(text)
      if (said.split(" ").length >= 3) add(said, section.title, section.textStart + start, section.textStart + end)
    }
    if (made.length > mostStatements) break
  }
  return made.slice(0, mostStatements)
}

const sameSet = (a: ReadonlySet<string>, b: ReadonlySet<string>): boolean =>
  a.size === b.size && [...a].every((value) => b.has(value))

const months = "january february march april may june july august september october november december".split(" ")
const written = new RegExp(
  String.raw`\b(?:(\d{1,2})(?:st|nd|rd|th)?\s+(?:of\s+)?(${months.join("|")})\s+(\d{4})|(${months.join("|")})\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})|(\d{4})[-_](\d{2})(?:[-_](\d{2}))?|(${months.join("|")})\s+(\d{4})|(\d{1,2})\.(\d{1,2})\.(\d{4}))\b`,
  "i",
)

export interface DocumentDate {
  at: number
  /** Only month and year are known; `at` is the month's first day. */
  isMonth: boolean
  from: "name" | "text" | "file" | "read"
}

/** A document's date: of its name, the date it carries, of its first lines, or when it was read. A month is made exact by its text. */
export function dateOf(document: WholeDocument): DocumentDate {
  const { title, path, datedAt, updatedAt } = document.document
  const named = writtenDate(`${title} ${path.split("/").at(-1) ?? ""}`)
  const inText = writtenDate(document.text.slice(0, 600).replace(/^#.*$/gm, ""))
  if (named?.isMonth && inText && !inText.isMonth && monthOf(inText.at) === monthOf(named.at))
    return { ...inText, from: "text" }
  if (named) return { ...named, from: "name" }
  if (datedAt !== null && datedAt !== undefined) return { at: datedAt, isMonth: false, from: "file" }
  return inText ? { ...inText, from: "text" } : { at: updatedAt, isMonth: false, from: "read" }
}

const monthOf = (at: number): string => new Date(at).toISOString().slice(0, 7)

/** Milliseconds since the epoch, UTC. Null: no date. */
export function writtenDate(text: string): { at: number; isMonth: boolean } | null {
  const match = written.exec(text)
  if (!match) return null
  const month = (name: string | undefined): number => months.indexOf((name ?? "").toLowerCase())
  const [, day1, month1, year1, month2, day2, year2, year3, month3, day3, month4, year4, day5, month5, year5] = match
  const [year, monthIndex, day]: [number, number, number | null] = year1
    ? [Number(year1), month(month1), Number(day1)]
    : year2
      ? [Number(year2), month(month2), Number(day2)]
      : year3
        ? [Number(year3), Number(month3) - 1, day3 ? Number(day3) : null]
        : year4
          ? [Number(year4), month(month4), null]
          : [Number(year5), Number(month5) - 1, Number(day5)]
  if (year < 1900 || year > 2200 || monthIndex < 0 || monthIndex > 11 || (day !== null && (day < 1 || day > 31)))
    return null
  return { at: Date.UTC(year, monthIndex, day ?? 1), isMonth: day === null }
}
