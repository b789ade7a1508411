import { stemsOf } from "../words.ts"
import { differences } from "./digest.ts"
import { type Found, headings } from "./gather.ts"
import type { WholeDocument } from "./readWhole.ts"
import type { WholeQuestion } from "./recognise.ts"
import { countOf, namedDocuments } from "./resolve.ts"
import type { ReadProgress, Tools, WholeAnswer, WholeLine } from "./wholeAnswer.ts"

const mostDifferences = 6

/** What two documents say differently, and which sections both or one of them have. */
export async function* compareDocuments(
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
