import { coverageOfStems } from "../relevance.ts"
import { sentencesOf } from "../sentences.ts"
import { stemsOf } from "../words.ts"
import { dateOf, partsOf } from "./digest.ts"
import { plain, type WholeDocument } from "./readWhole.ts"
import type { WholeQuestion } from "./recognise.ts"
import { countOf, namedDocuments, topicStems } from "./resolve.ts"
import type { ReadProgress, Tools, WholeAnswer } from "./wholeAnswer.ts"

/** The newest of the documents called so, by their dates. */
export async function* latestDocument(
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
