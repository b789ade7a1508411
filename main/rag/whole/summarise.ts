import { partsOf } from "./digest.ts"
import type { WholeQuestion } from "./recognise.ts"
import { countOf, namedDocuments } from "./resolve.ts"
import type { ReadProgress, Tools, WholeAnswer } from "./wholeAnswer.ts"

/** One document in at most twelve parts. */
export async function* summarise(
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
