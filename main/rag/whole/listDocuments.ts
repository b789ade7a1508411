import { wordsOf } from "../words.ts"
import type { Place } from "./readWhole.ts"
import type { WholeQuestion } from "./recognise.ts"
import { countOf, scopeOf, topicStems } from "./resolve.ts"
import { type ReadProgress, shownLines, type Tools, topicWords, type WholeAnswer } from "./wholeAnswer.ts"

/** What is asked for are documents themselves; the rest says which. */
export const documentNoun =
  /^(?:(?:different |separate |of (?:the|my|our) )?(?:documents?|files?|notes|papers|pdfs?|texts?))\b\s*(.*)$/i

/** Counts or lists documents, all or those with some words. */
export async function* listDocuments(
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
