import type { DocumentRecord } from "#store/types.ts"
import { type Found, gatherNamed, gatherUnder, patternNamed, structureNamed } from "./gather.ts"
import { documentNoun, listDocuments } from "./listDocuments.ts"
import type { WholeDocument } from "./readWhole.ts"
import type { WholeQuestion } from "./recognise.ts"
import { countOf, type Scope, scopeOf } from "./resolve.ts"
import { type ReadProgress, shownLines, type Tools, topicWords, type WholeAnswer } from "./wholeAnswer.ts"

const mostCandidates = 40

/** Counts and lists: of a document's structure, of dates and amounts in the text, of the rows of a table or the items of a list. */
export async function* gatherAnswer(
  question: Extract<WholeQuestion, { route: "count" | "list" }>,
  tools: Tools,
): AsyncGenerator<ReadProgress, WholeAnswer | null> {
  const { what, where, having } = question
  const { library } = tools
  const named = documentNoun.exec(what)
  if (named) return yield* listDocuments(question, named[1] ?? "", tools)
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
