import { isStopWord, stemsOf, wordsOf } from "../words.ts"
import { type Place, plain, type WholeDocument, type WholeItem, type WholeSection } from "./readWhole.ts"
import { topicStems } from "./resolve.ts"

/** One thing found by reading, with its place. */
export interface Found extends Place {
  text: string
}

export interface Gathered {
  found: Found[]
  /** What was looked through, for the label: "row", "heading". */
  unit: string
  /** How many were looked through. */
  total: number
  /** A condition that was applied, in words. */
  condition: string | null
}

const structural: readonly (readonly [RegExp, (document: WholeDocument) => { found: Found[]; unit: string }])[] = [
  [
    /^(?:sections?|chapters?|headings?|parts|table of contents|contents|toc|topics)$/i,
    (document) => ({ found: headings(document), unit: "section" }),
  ],
  [
    /^(?:rows?|lines|records?|entries|entry)$/i,
    ({ items }) => ({ found: items.filter(({ cells }) => cells !== null), unit: "row" }),
  ],
  [
    /^(?:items?|list items?|bullet points?|bullets|steps?|points)$/i,
    ({ items }) => ({ found: items.filter(({ cells }) => cells === null), unit: "list item" }),
  ],
  [/^tables?$/i, ({ items }) => ({ found: groupsOf(items, true), unit: "table" })],
  [/^(?:bulleted |bullet )?lists?$/i, ({ items }) => ({ found: groupsOf(items, false), unit: "list" })],
  [
    /^words?$/i,
    (document) => ({
      found: wordsOf(document.text).map(({ word, start, end }) => at(document, start, end, word)),
      unit: "word",
    }),
  ],
  [/^paragraphs?$/i, (document) => ({ found: paragraphs(document), unit: "paragraph" })],
]

/** Parts of one document's structure. Null: the noun names none. */
export function structureNamed(noun: string, document: WholeDocument): { found: Found[]; unit: string } | null {
  return structural.find(([pattern]) => pattern.test(noun.trim()))?.[1](document) ?? null
}

const patterns: readonly (readonly [RegExp, string, RegExp])[] = [
  [
    /^(?:the )?(?:dates?|deadlines?|due dates?|days)$/i,
    "date",
    /\b(?:\d{1,2}(?:st|nd|rd|th)?\s+(?:of\s+)?(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)\.?(?:,?\s+\d{4})?|(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)\.?\s+\d{1,2}(?:st|nd|rd|th)?(?:,?\s+\d{4})?|\d{4}-\d{2}-\d{2}|\d{1,2}[./]\d{1,2}[./]\d{2,4})\b/g,
  ],
  [
    /^e-?mail(?: addresses| address|s)?$/i,
    "e-mail address",
    /(?<![\p{L}\p{N}._%+-])[\p{L}\p{N}._%+-]{1,64}@[\p{L}\p{N}-]{1,63}(?:\.[\p{L}\p{N}-]{1,63}){1,8}/gu,
  ],
  [
    /^(?:tele)?phone(?: numbers?|s)?$|^telephone numbers?$/i,
    "phone number",
    /(?<![\d.,/-])(?:\+\d{1,3}[\s-]?)?(?:\(\d{1,5}\)[\s-]?)?\d{2,5}(?:[\s/-]\d{2,5}){1,4}(?![\d.,]\d)/g,
  ],
  [/^(?:links?|urls?|web ?sites?|web addresses|addresses on the web)$/i, "link", /https?:\/\/[^\s)\]>"']+/g],
  [
    /^(?:prices?|amounts?(?: of money)?|sums?(?: of money)?|costs|money amounts|figures in (?:euros?|dollars?))$/i,
    "amount",
    /(?:[€$£¥]\s?\d[\d.,]{0,20}\d|[€$£¥]\s?\d)|\b\d[\d.,]{0,20}\s?(?:€|£|\$|EUR|USD|GBP|CHF|euros?|dollars?|pounds?)(?!\p{L})/giu,
  ],
]

/** Dates, addresses, amounts and the like, each distinct one once per document, in order. Null: the noun names none of them. */
export function patternNamed(
  noun: string,
  documents: readonly WholeDocument[],
): { found: Found[]; unit: string } | null {
  const known = patterns.find(([name]) => name.test(noun.trim()))
  if (!known) return null
  const found = documents.flatMap((document) => {
    const seen = new Set<string>()
    return [...document.text.matchAll(known[2])].flatMap((match) => {
      const key = match[0].toLowerCase().replace(/[.,]$/, "")
      if (seen.has(key)) return []
      seen.add(key)
      return [
        at(
          document,
          match.index,
          match.index + match[0].length,
          `${match[0]}: ${lineAround(document.text, match.index)}`,
        ),
      ]
    })
  })
  return { found, unit: known[1] }
}

/**
 * Rows, items or sections of what a noun names: of tables called so (by title, heading or column), or of lists under such a heading.
 * The other words, and an amount ("over 100"), are conditions on each row. Null: nothing is called so.
 */
export function gatherNamed(
  phrase: string,
  extra: string | null,
  documents: readonly WholeDocument[],
): Gathered | null {
  const { subject, comparison } = conditionOf(`${phrase}${extra === null ? "" : ` ${extra}`}`)
  const words = [...topicStems(subject)]
  if (words.length === 0) return null
  let best: { items: WholeItem[]; rest: string[]; unit: string } | null = null
  for (const document of documents) {
    const isOnly = { table: isOnlyGroup(document, true), list: isOnlyGroup(document, false) }
    for (const items of groupsIn(document.items)) {
      const first = items[0] as WholeItem
      const isTable = first.cells !== null
      const names = new Set([
        ...stemsOf(first.headingPath.join("\n")),
        ...(isTable ? (first.cells ?? []).flatMap(({ column }) => [...stemsOf(column)]) : []),
        ...((isTable ? isOnly.table : isOnly.list) ? document.nameStems : []),
      ])
      const named = words.filter((stem) => names.has(stem))
      // The noun itself, the first word that is not a condition, must be the name.
      const noun = nounOf(subject)
      if (named.length === 0 || noun === null || !names.has(noun)) continue
      const rest = words.filter((stem) => !names.has(stem))
      const unit = isTable ? "row" : "list item"
      if (best === null || rest.length < best.rest.length) best = { items: [...items], rest, unit }
      else if (rest.length === best.rest.length) best.items.push(...items)
    }
  }
  if (best === null) return null
  const { items, rest, unit } = best
  let kept = items.filter((item) => {
    const stems = stemsOf(item.text)
    return rest.every((stem) => stems.has(stem))
  })
  if (comparison) {
    const column = comparedColumn(items, subject)
    if (column === null) return null
    kept = kept.filter((item) => {
      const value = numberOf(item.cells?.find((cell) => cell.column === column)?.value ?? "")
      return value !== null && comparison.holds(value)
    })
  }
  // No row that fits may as well mean that the words were no condition at all: searching answers that better.
  if (kept.length === 0 && !comparison) return null
  const conditions = [...restWords(subject, rest), ...(comparison ? [comparison.words] : [])]
  return { found: kept, unit, total: items.length, condition: conditions.length > 0 ? conditions.join(", ") : null }
}

function groupsIn(items: readonly WholeItem[]): WholeItem[][] {
  const groups = new Map<number, WholeItem[]>()
  for (const item of items) {
    const own = groups.get(item.group)
    if (own) own.push(item)
    else groups.set(item.group, [item])
  }
  return [...groups.values()]
}

const isOnlyGroup = ({ items }: WholeDocument, isTable: boolean): boolean =>
  new Set(items.filter(({ cells }) => (cells !== null) === isTable).map(({ group }) => group)).size === 1

const verb =
  /\s(?:does|do|did|has|have|had|is|are|was|were|can|may|must|should|will|would|needs?|took|takes?|got|gets?|cost|costs|placed|made|came|come|comes)\s/i

/** Stem of the noun a phrase is about: the last topic word before a verb or preposition. */
function nounOf(phrase: string): string | null {
  const head =
    (phrase.split(verb)[0] ?? phrase).split(
      /\s(?:of|in|from|by|with|for|to|at|on|without|after|before|since|that|which|who|over|under)\s/i,
    )[0] ?? ""
  return wordsOf(head).findLast(({ word }) => !isStopWord(word))?.stem ?? null
}

const restWords = (phrase: string, rest: readonly string[]): string[] =>
  wordsOf(phrase).flatMap(({ stem, start, end }) => (rest.includes(stem) ? [`“${phrase.slice(start, end)}”`] : []))

interface Comparison {
  words: string
  holds(value: number): boolean
}

const compared =
  /\s+(?:(?:are|is|cost|costs|worth|of)\s+)?(over|above|more than|greater than|at least|under|below|less than|cheaper than|at most|up to)\s+([€$£]?\s?\d[\d.,]*)\s*(?:€|£|\$|eur|usd|gbp|euros?|dollars?|pounds?)?\b/i

function conditionOf(phrase: string): { subject: string; comparison: Comparison | null } {
  const match = compared.exec(` ${phrase}`)
  const limit = match ? numberOf(match[2] as string) : null
  if (!match || limit === null) return { subject: phrase, comparison: null }
  const kind = (match[1] as string).toLowerCase()
  const holds =
    kind === "at least"
      ? (value: number) => value >= limit
      : kind === "at most" || kind === "up to"
        ? (value: number) => value <= limit
        : /^(?:over|above|more|greater)/.test(kind)
          ? (value: number) => value > limit
          : (value: number) => value < limit
  return {
    subject: ` ${phrase}`.replace(match[0], " ").trim(),
    comparison: { words: `${kind} ${(match[2] as string).trim()}`, holds },
  }
}

/** The one column of amounts, else of other numbers, or the one that the question names. Null: it cannot be told. */
function comparedColumn(items: readonly WholeItem[], phrase: string): string | null {
  const names = [...new Set(items.flatMap(({ cells }) => (cells ?? []).map(({ column }) => column)))]
  const valuesOf = (name: string): string[] =>
    items.flatMap(({ cells }) => (cells ?? []).flatMap(({ column, value }) => (column === name ? [value] : [])))
  const noun = nounOf(phrase)
  const numeric = names.filter(
    (name) =>
      valuesOf(name).every((value) => numberOf(value) !== null) &&
      !/\b(?:id|no|number|nr|year|date)\b/i.test(name) &&
      (noun === null || !stemsOf(name).has(noun)),
  )
  const amounts = numeric.filter((name) =>
    valuesOf(name).some((value) => /[€$£¥]|\b(?:eur|usd|gbp|chf)\b/i.test(value)),
  )
  const columns = amounts.length > 0 ? amounts : numeric
  const asked = stemsOf(phrase)
  const named = columns.filter((name) => [...stemsOf(name)].some((stem) => asked.has(stem)))
  return named.length === 1 ? (named[0] as string) : columns.length === 1 ? (columns[0] as string) : null
}

/** "€1,120.50" and "1.120,50 EUR" alike; null for anything with more words. */
export function numberOf(text: string): number | null {
  const bare = text.replace(/[€$£¥%\s]|\b(?:eur|usd|gbp|chf|euros?|dollars?|kg|g|km|m)\b/gi, "")
  if (!/^[+-]?\d[\d.,]*$/.test(bare)) return null
  const isDecimalComma = /,\d{1,2}$/.test(bare) || (bare.includes(".") && bare.lastIndexOf(",") > bare.lastIndexOf("."))
  const value = Number(isDecimalComma ? bare.replaceAll(".", "").replace(",", ".") : bare.replaceAll(",", ""))
  return Number.isFinite(value) ? value : null
}

/** Sections, rows, items and sentences-in-lists that have all of these words in themselves or their headings; headings stand for their items. */
export function gatherUnder(phrase: string, documents: readonly WholeDocument[]): Found[] {
  const wanted = [...topicStems(phrase)]
  if (wanted.length === 0) return []
  const hasAll = (stems: ReadonlySet<string>): boolean => wanted.every((stem) => stems.has(stem))
  return documents.flatMap((document) => {
    const section = document.sections.find((known) => known.title !== "" && hasAll(stemsOf(known.title)))
    if (section) {
      const under = document.items.filter(
        (item) => item.start >= section.start && item.end <= sectionEnd(document, section),
      )
      if (under.length > 0) return under
      const below = document.sections.filter(
        (other) =>
          other.level > section.level && other.start > section.start && other.end <= sectionEnd(document, section),
      )
      if (below.length > 0) return below.map((other) => at(document, other.start, other.end, other.title))
    }
    return document.items.filter((item) => hasAll(stemsOf(item.text)))
  })
}

/** Where the section with everything below it ends. */
const sectionEnd = ({ sections, text }: WholeDocument, section: WholeSection): number =>
  sections.find((other) => other.start > section.start && other.level <= section.level)?.start ?? text.length

/** Headings of the level that divides the document; a title alone above them is no section. */
export function headings(document: WholeDocument): Found[] {
  const titled = document.sections.filter(({ title }) => title !== "")
  const levels = [...new Set(titled.map(({ level }) => level))].sort((a, b) => a - b)
  const level = levels.find((candidate) => titled.filter((section) => section.level === candidate).length > 1)
  const divided = level === undefined ? titled : titled.filter((section) => section.level === level)
  return divided.map((section) => at(document, section.start, section.end, section.title))
}

function groupsOf(items: readonly WholeItem[], areTables: boolean): Found[] {
  const groups = new Map<number, WholeItem>()
  for (const item of items)
    if ((item.cells !== null) === areTables && !groups.has(item.group)) groups.set(item.group, item)
  return [...groups.values()].map((item) => ({ ...item, text: item.headingPath.at(-1) ?? item.text }))
}

const paragraphs = (document: WholeDocument): Found[] =>
  [...document.text.matchAll(/(?:[^\n]+\n?)+/g)]
    .filter(([text]) => /[\p{L}\p{N}]/u.test(text) && !/^\s*(?:#|\||[-*+]\s|\d+[.)]\s)/.test(text))
    .map((match) => at(document, match.index, match.index + match[0].length, plain(match[0]).slice(0, 160)))

const at = ({ document }: WholeDocument, start: number, end: number, text: string): Found => ({
  documentId: document.id,
  start,
  end,
  text,
})

function lineAround(text: string, index: number): string {
  // A document of one line may be as long as it likes: only what is near is looked at.
  const from = Math.max(index - 200, text.lastIndexOf("\n", index) + 1)
  const lineEnd = text.slice(index, index + 300).indexOf("\n")
  const to = lineEnd < 0 ? index + 300 : index + lineEnd
  const line = plain(
    text
      .slice(from, to < 0 ? text.length : to)
      .replace(/^\||\|\s*$/g, "")
      .replaceAll("|", " · ")
      .replace(/^#+\s*/, ""),
  )
  if (line.length <= 140) return line
  const near = Math.max(0, index - from - 60)
  const place = near === 0 ? 0 : line.indexOf(" ", near) + 1
  const cut = line.slice(place, place + 130)
  const isEnd = place + 130 >= line.length
  return `${place > 0 ? "…" : ""}${isEnd ? cut : `${cut.slice(0, cut.lastIndexOf(" "))}…`}`
}
