import type { WholeRoute } from "#contract/turns.ts"
import type { Actor } from "#core/actor.ts"
import type { DocumentRecord, Store } from "#store/types.ts"
import { coverageOfStems } from "../relevance.ts"
import { sentencesOf } from "../sentences.ts"
import { stemsOf, wordsOf } from "../words.ts"
import { dateOf, differences, type Part, partsOf } from "./digest.ts"
import { type Found, gatherNamed, gatherUnder, headings, patternNamed, structureNamed } from "./gather.ts"
import { type Place, plain, readWhole, type WholeDocument } from "./readWhole.ts"
import { recogniseWhole, type WholeQuestion } from "./recognise.ts"
import { countOf, type Library, namedDocuments, type Scope, scopeOf, topicStems } from "./resolve.ts"

/** A sentence or a line of the answer, with what it is taken from. */
export interface WholeLine {
  text: string
  places: Place[]
}

export interface WholeAnswer {
  route: WholeRoute
  /** What was read, as the answer says it: "Read all 14 sections of “Rental agreement”." */
  label: string
  total: number
  unit: string
  lead: WholeLine
  lines: WholeLine[]
  /** Lines that are not shown. */
  more: number
  /** Summaries: the stretches, for a model to tell each in its own words. */
  parts?: Part[]
  documents: WholeDocument[]
}

export interface SolveDeps {
  store: Pick<Store, "documents" | "chunks" | "collections">
}

export interface SolveRequest {
  question: string
  collectionIds: readonly string[] | null
  /** The document cited last in this conversation: "this document". */
  focusId: string | null
}

export interface ReadProgress {
  label: string
  done: number
  total: number
}

const shownLines = 60
/** Documents that one answer reads. */
const mostRead = 300
const mostListed = 5000
const mostCandidates = 40
const mostDifferences = 6

/**
 * Answers by reading whole documents what the best few passages cannot: counts, complete lists, summaries, comparisons, the latest.
 * Yields how far reading is when that takes long. Null: the question is of another kind, or names nothing that is there.
 */
export async function* solveWhole(
  actor: Actor,
  request: SolveRequest,
  deps: SolveDeps,
  signal: AbortSignal,
): AsyncGenerator<ReadProgress, WholeAnswer | null> {
  const asked = recogniseWhole(request.question)
  if (asked === null || request.collectionIds?.length === 0) return null
  const library = await libraryOf(actor, request, deps)
  if (library.documents.length === 0) return null
  const tools: Tools = {
    library,
    async *read(documents) {
      const read: WholeDocument[] = []
      const chosen = documents.slice(0, mostRead)
      for (const [index, document] of chosen.entries()) {
        if (index > 0 && index % 10 === 0) yield { label: "Reading your documents", done: index, total: chosen.length }
        read.push(await readWhole(actor, document, deps.store, signal))
      }
      return read
    },
    async having(phrase, documents) {
      const sets = await Promise.all(
        [...topicWords(phrase)].map(async (term) => {
          const hits = await deps.store.chunks.searchLexical(actor, {
            terms: [term],
            collectionIds: request.collectionIds ? [...request.collectionIds] : null,
            limit: mostListed,
          })
          return new Set(hits.map(({ chunk }) => chunk.documentId))
        }),
      )
      return sets.length === 0 ? [] : documents.filter(({ id }) => sets.every((set) => set.has(id)))
    },
  }
  return yield* solvers[asked.route](asked as never, tools)
}

interface Tools {
  library: Library
  read(documents: readonly DocumentRecord[]): AsyncGenerator<ReadProgress, WholeDocument[]>
  /** Documents in which all topic words of the phrase stand, from the word index. */
  having(phrase: string, documents: readonly DocumentRecord[]): Promise<DocumentRecord[]>
}

type Solver<R extends WholeQuestion["route"]> = (
  question: Extract<WholeQuestion, { route: R }>,
  tools: Tools,
) => AsyncGenerator<ReadProgress, WholeAnswer | null>

const solvers: { [R in WholeQuestion["route"]]: Solver<R> } = {
  count: gatherSolver,
  list: gatherSolver,
  mentions: mentionSolver,
  summary: summarySolver,
  compare: compareSolver,
  latest: latestSolver,
}

async function libraryOf(
  actor: Actor,
  { collectionIds, focusId }: SolveRequest,
  { store }: SolveDeps,
): Promise<Library> {
  const collections = (await store.collections.list(actor)).filter(
    ({ id }) => collectionIds === null || collectionIds.includes(id),
  )
  const documents: DocumentRecord[] = []
  for (const { id } of collections) {
    const page = await store.documents.list(actor, { collectionId: id, limit: mostListed })
    documents.push(...page.items.filter((document) => document.chunkCount > 0))
  }
  return { collections, documents, focus: documents.find(({ id }) => id === focusId) ?? null }
}

const documentNoun =
  /^(?:(?:different |separate |of (?:the|my|our) )?(?:documents?|files?|notes|papers|pdfs?|texts?))\b\s*(.*)$/i

async function* gatherSolver(
  question: Extract<WholeQuestion, { route: "count" | "list" }>,
  tools: Tools,
): AsyncGenerator<ReadProgress, WholeAnswer | null> {
  const { what, where, having } = question
  const { library } = tools
  const named = documentNoun.exec(what)
  if (named) return yield* documentsSolver(question, named[1] ?? "", tools)
  const scope = scopeOf(where, library)
  const noun = what.replace(/^(?:the|my|our|different|separate|unique|distinct)\s+/i, "")

  if (scope && scope.documents.length > 0) {
    const isOne = scope.documents.length === 1 || !scope.isEverything
    const single = isOne ? scope.documents[0] : library.focus
    if (single && having === null) {
      const pages = /^pages?$/i.test(noun) ? pageAnswer(single) : null
      const [document] = yield* tools.read([single])
      if (pages && document) return { ...pages, documents: [document] }
      const structure = document ? structureNamed(noun, document) : null
      if (document && structure) {
        return answerOf(question, structure.found, {
          documents: [document],
          unit: structure.unit,
          total: structure.found.length,
          place: `“${document.document.title}”`,
          condition: null,
          showsLines: structure.unit !== "word",
        })
      }
    }
    const isPattern = patternNamed(noun, []) !== null
    if (isPattern) {
      const documents = yield* tools.read(
        having === null ? scope.documents : await tools.having(having, scope.documents),
      )
      const matched = patternNamed(noun, documents)
      if (!matched || matched.found.length === 0) return null
      const { found, unit } = matched
      return answerOf(question, found, {
        documents,
        unit,
        total: documents.reduce((sum, { text }) => sum + text.length, 0),
        place: scope.name,
        condition: having,
        readWords: readDocuments(documents, scope),
      })
    }
  }

  const within = scope ?? scopeOf(null, library)
  if (!within) return null
  const phrase = scope ? noun : `${noun} ${where}`
  const candidates = within.isEverything ? await candidatesFor(phrase, within.documents, tools) : within.documents
  if (candidates.length === 0) return null
  const documents = yield* tools.read(candidates)
  const gathered = gatherNamed(phrase, having, documents)
  if (gathered) {
    const used = documents.filter(({ document }) => gathered.found.some(({ documentId }) => documentId === document.id))
    return answerOf(question, gathered.found, {
      documents: used.length > 0 ? used : documents,
      unit: gathered.unit,
      total: gathered.total,
      place: placeOf(used.length > 0 ? used : documents),
      condition: gathered.condition,
    })
  }
  if (question.route !== "list") return null
  const under = gatherUnder(having === null ? phrase : `${phrase} ${having}`, documents)
  if (under.length < 2) return null
  const used = documents.filter(({ document }) => under.some(({ documentId }) => documentId === document.id))
  return answerOf(question, under, {
    documents: used,
    unit: "entry",
    total: used.reduce((sum, { items }) => sum + items.length, 0),
    place: placeOf(used),
    condition: null,
  })
}

/** Documents whose name or words have the phrase's noun: what is called so is among them. */
async function candidatesFor(
  phrase: string,
  documents: readonly DocumentRecord[],
  tools: Tools,
): Promise<DocumentRecord[]> {
  const words = [...topicWords(phrase)]
  const found = new Map<string, DocumentRecord>()
  for (const word of words) {
    for (const document of await tools.having(word, documents)) found.set(document.id, document)
    if (found.size >= mostCandidates) break
  }
  return [...found.values()].slice(0, mostCandidates)
}

const placeOf = (documents: readonly WholeDocument[]): string =>
  documents.length === 1 ? `“${documents[0]?.document.title}”` : countOf(documents.length, "document")

const topicWords = (phrase: string): Set<string> => {
  const topics = topicStems(phrase)
  return new Set(wordsOf(phrase).flatMap(({ word, stem }) => (topics.has(stem) ? [word] : [])))
}

function pageAnswer(document: DocumentRecord): Omit<WholeAnswer, "documents"> | null {
  if (document.pageCount === null) return null
  return {
    route: "count",
    label: `Taken from the pages of “${document.title}” as they were read.`,
    total: document.pageCount,
    unit: "page",
    lead: {
      text: `“${document.title}” has ${countOf(document.pageCount, "page")}.`,
      places: [{ documentId: document.id, start: 0, end: 1 }],
    },
    lines: [],
    more: 0,
  }
}

async function* documentsSolver(
  question: Extract<WholeQuestion, { route: "count" | "list" }>,
  rest: string,
  tools: Tools,
): AsyncGenerator<ReadProgress, WholeAnswer | null> {
  const scope = scopeOf(question.where, tools.library)
  if (!scope) return null
  const phrase = [question.having, rest.replace(/^(?:about|on|with|for|have|has)\b/i, "")]
    .filter(Boolean)
    .join(" ")
    .trim()
  const needs = topicStems(phrase).size > 0
  const chosen = needs ? await tools.having(phrase, scope.documents) : [...scope.documents]
  if (chosen.length === 0) return null
  const shown = chosen.slice(0, shownLines)
  const documents = yield* tools.read(shown)
  const lines = documents.map(({ document, text }) => ({
    text: `${document.title} (${document.path})`,
    places: [
      needs
        ? firstPlace(document.id, text, phrase)
        : { documentId: document.id, start: 0, end: Math.min(200, text.length) },
    ],
  }))
  const words = needs
    ? ` with the ${topicWords(phrase).size === 1 ? "word" : "words"} “${[...topicWords(phrase)].join(" ")}”`
    : ""
  return {
    route: question.route,
    label: scope.isEverything
      ? `Looked through all ${scope.documents.length.toLocaleString("en")} of your documents.`
      : `Looked through all ${countOf(scope.documents.length, "document")} of ${scope.name}.`,
    total: scope.documents.length,
    unit: "document",
    lead: {
      text: `${sentenceOf(countOf(chosen.length, "document"), scope.isEverything ? null : scope.name)}${words}:`.replace(
        /:$/,
        lines.length > 0 ? ":" : ".",
      ),
      places: [],
    },
    lines,
    more: chosen.length - shown.length,
    documents,
  }
}

const sentenceOf = (count: string, place: string | null): string =>
  place === null ? `You have ${count}` : `${place.charAt(0).toUpperCase()}${place.slice(1)} has ${count}`

function firstPlace(documentId: string, text: string, phrase: string): Place {
  const topics = topicStems(phrase)
  const word = wordsOf(text).find(({ stem }) => topics.has(stem))
  return { documentId, start: word?.start ?? 0, end: word?.end ?? 1 }
}

const readDocuments = (documents: readonly WholeDocument[], scope: Scope): string => {
  const total = scope.documents.length
  return documents.length < total
    ? `Read the first ${documents.length} of ${countOf(total, "document")}.`
    : total === 1
      ? `Read all of “${documents[0]?.document.title}”.`
      : `Read all ${countOf(total, "document")}.`
}

function answerOf(
  question: Extract<WholeQuestion, { route: "count" | "list" }>,
  found: readonly Found[],
  how: {
    documents: WholeDocument[]
    unit: string
    total: number
    place: string
    condition: string | null
    showsLines?: boolean
    readWords?: string
  },
): WholeAnswer {
  const { documents, unit, total, place, condition } = how
  const isWhole = documents.every(({ unread }) => unread === 0)
  const amount = countOf(found.length, unit)
  const withCondition = condition === null ? "" : ` with ${condition}`
  const lead = `${isWhole ? "" : "At least "}${amount}${withCondition} in ${place}${found.length === 0 ? "." : ":"}`
  const shown = how.showsLines === false ? [] : found.slice(0, shownLines)
  const label =
    how.readWords ??
    `Read all ${countOf(total, unit)} of ${place}.${isWhole ? "" : " The end of a very long document was left out."}`
  return {
    route: question.route,
    label,
    total,
    unit,
    lead: {
      text: how.showsLines === false ? lead.replace(/:$/, ".") : lead,
      places:
        shown.length === 0
          ? documents.slice(0, 1).map(({ document }) => ({ documentId: document.id, start: 0, end: 1 }))
          : [],
    },
    lines: shown.map(({ text, ...where }) => ({ text, places: [where] })),
    more: how.showsLines === false ? 0 : found.length - shown.length,
    documents,
  }
}

async function* mentionSolver(
  question: Extract<WholeQuestion, { route: "mentions" }>,
  tools: Tools,
): AsyncGenerator<ReadProgress, WholeAnswer | null> {
  const scope = scopeOf(question.where, tools.library)
  const name = question.what.replace(/^[“"'‘]|[”"'’]$/g, "").replace(/^(?:the|a|an|my|our)\s+/i, "")
  const wanted = wordsOf(name).map(({ stem }) => stem)
  if (!scope || wanted.length === 0) return null
  const chosen = await tools.having(name, scope.documents)
  const documents = yield* tools.read(chosen)
  const counts = documents
    .map((whole) => {
      const words = wordsOf(whole.text)
      const hits = words.filter((_, index) => wanted.every((stem, offset) => words[index + offset]?.stem === stem))
      return { whole, hits }
    })
    .filter(({ hits }) => hits.length > 0)
    .sort((a, b) => b.hits.length - a.hits.length)
  const total = counts.reduce((sum, { hits }) => sum + hits.length, 0)
  if (total === 0) return null
  return {
    route: "count",
    label: `Read ${countOf(documents.length, "document")} that ${documents.length === 1 ? "has" : "have"} the word, of ${countOf(scope.documents.length, "document")} searched.`,
    total: scope.documents.length,
    unit: "document",
    lead: {
      text: `“${name}” stands ${total === 1 ? "once" : `${total} times`} in ${countOf(counts.length, "document")}:`,
      places: [],
    },
    lines: counts.slice(0, shownLines).map(({ whole, hits }) => ({
      text: `${whole.document.title}: ${hits.length === 1 ? "once" : `${hits.length} times`}`,
      places: hits.slice(0, 3).map(({ start, end }) => ({ documentId: whole.document.id, start, end })),
    })),
    more: Math.max(0, counts.length - shownLines),
    documents: counts.map(({ whole }) => whole),
  }
}

async function* summarySolver(
  question: Extract<WholeQuestion, { route: "summary" }>,
  tools: Tools,
): AsyncGenerator<ReadProgress, WholeAnswer | null> {
  const [target] = namedDocuments(question.subject, tools.library)
  if (!target) return null
  const [whole] = yield* tools.read([target])
  if (!whole) return null
  const { parts, sections } = await partsOf(whole)
  if (parts.length === 0) return null
  const isWhole = whole.unread === 0
  const share = Math.round((100 * whole.text.length) / (whole.text.length + whole.unread))
  return {
    route: "summary",
    label: isWhole
      ? sections === 1
        ? `Read all of “${target.title}”.`
        : `Read all ${countOf(sections, "section")} of “${target.title}”.`
      : `Read the first ${countOf(sections, "section")} of “${target.title}”, ${share} % of it: the rest is too long for one answer.`,
    total: sections,
    unit: "section",
    lead: { text: `“${target.title}” in short:`, places: [] },
    lines: parts.flatMap(({ heading, best, documentId }) =>
      best
        ? [
            {
              text: heading === "" || parts.length === 1 ? best.text : `**${heading}:** ${best.text}`,
              places: [{ documentId, start: best.start, end: best.end }],
            },
          ]
        : [],
    ),
    more: 0,
    parts,
    documents: [whole],
  }
}

async function* compareSolver(
  question: Extract<WholeQuestion, { route: "compare" }>,
  tools: Tools,
): AsyncGenerator<ReadProgress, WholeAnswer | null> {
  const [first] = namedDocuments(question.first, tools.library)
  const second = namedDocuments(question.second, tools.library).find(({ id }) => id !== first?.id)
  if (!first || !second) return null
  const [a, b] = yield* tools.read([first, second])
  if (!a || !b) return null
  const titles = (whole: WholeDocument): Map<string, Found> =>
    new Map(headings(whole).map((found) => [[...stemsOf(found.text)].sort().join(" "), found]))
  const [left, right] = [titles(a), titles(b)]
  const both = [...left].flatMap(([key, found]) => {
    const other = right.get(key)
    return other ? [{ found, other }] : []
  })
  const only = (own: Map<string, Found>, other: Map<string, Found>): Found[] =>
    [...own].flatMap(([key, found]) => (other.has(key) ? [] : [found]))
  const lines: WholeLine[] = differences(a, b, mostDifferences).map((pair) => ({
    text: `${first.title}: “${pair.first.text}” ${second.title}: “${pair.second.text}”`,
    places: [pair.first, pair.second],
  }))
  const hasDifferences = lines.length > 0
  if (both.length > 0)
    lines.push({
      text: `Both have: ${both
        .map(({ found }) => found.text)
        .slice(0, 10)
        .join(", ")}.`,
      places: both.slice(0, 3).flatMap(({ found, other }) => [found, other]),
    })
  for (const [document, list] of [
    [first, only(left, right)],
    [second, only(right, left)],
  ] as const) {
    if (list.length > 0)
      lines.push({
        text: `Only ${document.title} has: ${list
          .map(({ text }) => text)
          .slice(0, 10)
          .join(", ")}.`,
        places: list.slice(0, 3),
      })
  }
  if (lines.length === 0) return null
  const sections = a.sections.length + b.sections.length
  return {
    route: "compare",
    label: `Read all ${countOf(sections, "section")} of “${first.title}” and “${second.title}”.${a.unread + b.unread > 0 ? " The end of a very long document was left out." : ""}`,
    total: sections,
    unit: "section",
    lead: {
      text: hasDifferences
        ? `What “${first.title}” and “${second.title}” say differently:`
        : `“${first.title}” and “${second.title}” say nothing different about the same thing. Their sections:`,
      places: [],
    },
    lines,
    more: 0,
    documents: [a, b],
  }
}

async function* latestSolver(
  question: Extract<WholeQuestion, { route: "latest" }>,
  tools: Tools,
): AsyncGenerator<ReadProgress, WholeAnswer | null> {
  const { library } = tools
  const isAny = /^(?:documents?|files?|notes?|papers?)$/i.test(question.what.trim())
  const chosen = isAny ? library.documents : namedDocuments(question.what, library)
  // One document is not the latest of anything: what is asked for stands in it.
  if (chosen.length < 2) return null
  const documents = yield* tools.read(chosen)
  const dated = documents
    .map((whole) => ({ whole, date: dateOf(whole) }))
    .sort((a, b) => b.date.at - a.date.at || (a.whole.document.id < b.whole.document.id ? -1 : 1))
  const newest = dated[0]
  if (!newest) return null
  const { whole, date } = newest
  const said = question.about === null ? null : bestAbout(whole, question.about)
  const day = new Date(date.at).toLocaleDateString("en-GB", {
    ...(date.isMonth ? {} : { day: "numeric" }),
    month: "long",
    year: "numeric",
    timeZone: "UTC",
  })
  const source = {
    name: "by its name",
    text: "by the date in it",
    file: "by its own date",
    read: "by when it was added",
  }[date.from]
  const opening = said ?? (await partsOf(whole)).parts[0]?.best ?? null
  const id = whole.document.id
  return {
    route: "latest",
    label: `Compared the dates of all ${countOf(documents.length, "document")} called so${documents.length < chosen.length ? ` (of ${chosen.length})` : ""}.`,
    total: documents.length,
    unit: "document",
    lead: {
      text: `The latest is “${whole.document.title}”, ${day}, ${source}.`,
      places: [{ documentId: id, start: 0, end: Math.min(200, whole.text.length) }],
    },
    lines: opening
      ? [{ text: `“${opening.text}”`, places: [{ documentId: id, start: opening.start, end: opening.end }] }]
      : [],
    more: 0,
    documents: [whole],
  }
}

/** The sentence of a document that has most of these words. */
function bestAbout(whole: WholeDocument, about: string): { text: string; start: number; end: number } | null {
  const weights = new Map([...topicStems(about)].map((stem) => [stem, 1]))
  let best: { text: string; start: number; end: number; coverage: number } | null = null
  for (const section of whole.sections) {
    const heading = stemsOf(section.title)
    for (const { text, start, end } of sentencesOf(section.text)) {
      const stems = stemsOf(text)
      const coverage = coverageOfStems(weights, stems) + 0.4 * coverageOfStems(weights, heading)
      if (coverage > Math.max(0.4, best?.coverage ?? 0))
        best = { text: plain(text), start: section.textStart + start, end: section.textStart + end, coverage }
    }
  }
  return best
}
