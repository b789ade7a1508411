import type { Message } from "#contract/conversations.ts"
import type { CitedSpan, Passage, TurnEventBody } from "#contract/turns.ts"

const asksForSource =
  /^(?:(?:and|so|ok|okay|but)[,\s]+)?(?:where (?:is|was|does|did|do) (?:that|this|it|you)(?: (?:from|come from|stated|written|say so|get (?:that|this|it)(?: from)?|read (?:that|this|it)|find (?:that|this|it)))?(?: from)?|where (?:does|did) (?:it|that) say (?:that|so|this)|(?:what|which) (?:is|was) (?:the|your) source(?: (?:of|for) (?:that|this))?|(?:which|what) (?:document|page|file) (?:is|was) (?:that|this|it)(?: (?:from|in|on))?|who says (?:that|so)|says who|how do you know(?: that)?|source)\s*[?.!]*$/i

/** "Where is that from?" wants to know where the last answer stands. */
export const asksWhereFrom = (question: string): boolean => asksForSource.test(question.trim())

/**
 * Names title, section and page of what the last answer was drawn from, for the ear as much as for the eye. Null: the question asks
 * something else, or the last answer came from no document.
 */
export function sourceAnswer(question: string, history: readonly Message[]): TurnEventBody[] | null {
  if (!asksWhereFrom(question)) return null
  const last = history.findLast((message) => message.role === "assistant")
  if (!last) return null
  const cited = [...new Set(last.spans.filter(({ supported }) => supported).flatMap(({ citations }) => citations))]
  const passages = cited
    .map((n) => last.passages.find((passage) => passage.n === n))
    .filter((passage) => passage !== undefined)
    .slice(0, mostSources)
  if (passages.length === 0) return null
  let text = ""
  const spans: CitedSpan[] = []
  for (const [index, passage] of passages.entries()) {
    const start = text.length
    text += `${index === 0 ? "That is from" : " Also from"} ${placeOf(passage)}.`
    spans.push({ start, end: text.length, citations: [passage.n], supported: true })
  }
  return [
    { type: "retrieve-end", passages, found: true, closest: [], embedMs: 0, searchMs: 0 },
    { type: "text-delta", text },
    { type: "text-end", model: null, text, spans, usage: null, contextTokens: 0, contextLimit: 0, found: true },
  ]
}

const mostSources = 3

function placeOf({ kind, title, page, headingPath, startMs }: Passage): string {
  if (kind === "memory") return "what you told me"
  const section = headingPath.filter((part) => part !== title).at(-1)
  const parts = [`“${title}”`]
  if (page !== null) parts.push(`page ${page}`)
  if (section) parts.push(`under “${section.replace(/[.:]+$/, "")}”`)
  if (startMs !== null && startMs !== undefined)
    parts.push(`at ${Math.floor(startMs / 60_000)} minutes ${Math.floor(startMs / 1000) % 60} seconds`)
  return parts.join(", ")
}
