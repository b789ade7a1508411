import { wordsOf } from "../words.ts"
import type { WholeQuestion } from "./recognise.ts"
import { countOf, scopeOf } from "./resolve.ts"
import { type ReadProgress, shownLines, type Tools, type WholeAnswer } from "./wholeAnswer.ts"

/** How often something is named, and where. */
export async function* countMentions(
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
