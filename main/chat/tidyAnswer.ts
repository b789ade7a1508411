import type { Passage } from "#contract/turns.ts"
import { plainSentence } from "#rag/extractiveAnswer.ts"
import { coverageOf, type TermWeights } from "#rag/relevance.ts"
import { sentencesOf } from "#rag/sentences.ts"

const negation =
  /\b(?:not|no|never|none|nothing|nobody|cannot|without|only|except(?:ed)?|closed|prohibited|forbidden|refused|excluded)\b|n['’]t\b/i

/** A sentence with less of the question's words decides nothing. */
const reasonFloor = 0.5
/** A sentence that says what the Yes or No says is its reason when it comes this near the nearest one, and has this much. */
const agreeingShare = 0.7
const agreeingFloor = 0.35

const refersBack = /^(?:[-*•]\s*)?(?:it|its|they|these|this|that|those|he|she)\b/i

const leadIn =
  /(^|(?:yes|no)[.,]\s+)the (?:documents?|passages?|texts?) (?:\w+ly )?(?:states?|says?|mentions?|specif(?:y|ies)|indicates?) that (\p{L})/iu

/** "The document states that the shop is open": the citation says so already. */
export const withoutLeadIn = (text: string): string =>
  text.replace(leadIn, (_, before: string, first: string) => `${before}${first.toUpperCase()}`)

/**
 * A Yes or No is held against the sentence that is nearest to the question, or one about as near that says the same: "Home working is
 * possible. Apprentices are excepted." Where only the opposite stands there, that stands alone; a bare "No.", which can neither be cited
 * nor checked, gets its reason.
 */
export function withReason(text: string, evidence: readonly Passage[], weights: TermWeights): string {
  const word = /^(yes|no)\b/i.exec(text)?.[1]
  if (word === undefined) return text
  const isNo = word.toLowerCase() === "no"
  const reasons = reasonsIn(evidence, weights)
  const best = reasons[0]
  if (!best) return text
  const agreeing = reasons.find(
    ({ text: reason, coverage }) =>
      negation.test(reason) === isNo && coverage >= Math.max(agreeingFloor, agreeingShare * best.coverage),
  )
  if (!agreeing) return best.coverage < reasonFloor ? text : best.text
  return /^\w+\W*$/.test(text) ? `${isNo ? "No" : "Yes"}. ${agreeing.text}` : text
}

/** The sentences with their share of the question's words, most first. */
function reasonsIn(evidence: readonly Passage[], weights: TermWeights): { text: string; coverage: number }[] {
  const reasons = evidence.flatMap((passage) => {
    let previous = ""
    return sentencesOf(passage.text).map(({ text }) => {
      const coverage = coverageOf(weights, refersBack.test(text) ? `${previous} ${text}` : text)
      previous = text
      return { text: plainSentence(text), coverage }
    })
  })
  return reasons.sort((a, b) => b.coverage - a.coverage)
}

const time = String.raw`\d{1,2}(?::\d\d|\s?[ap]\.?m\b\.?)`
const range = new RegExp(String.raw`(?<![\d:])(${time})\s?(?:–|—|-|to|until|till)\s?(${time})`, "gi")
const asksEnd = /\b(?:clos(?:e[sd]?|ing)|end(?:s|ed|ing)?|finish(?:es|ed)?|until|till|how late|latest|last)\b/i
const asksStart = /\b(?:open(?:s|ed|ing)?|start(?:s|ed|ing)?|begin(?:s|ning)?|from when|since when|earliest|first)\b/i

/**
 * "When does it close?" – "At 9:00", where the documents say "9:00–17:00": of a range of times the end that is asked for. Ranges that share
 * the one and differ in the other decide nothing.
 */
export function withAskedEnd(question: string, text: string, evidence: readonly Passage[]): string {
  const isEnd = asksEnd.test(question)
  if (isEnd === asksStart.test(question)) return text
  const said = [...text.matchAll(new RegExp(time, "gi"))].map(([value]) => value)
  const [only] = said
  if (only === undefined || said.length > 1) return text
  const ranges = evidence.flatMap((passage) => [...passage.text.matchAll(range)])
  const others = ranges.flatMap(({ 1: start = "", 2: end = "" }) => {
    const [asked, other] = isEnd ? [end, start] : [start, end]
    return other.toLowerCase() === only.toLowerCase() ? [asked] : []
  })
  const isAskedEnd = ranges.some(({ 1: start = "", 2: end = "" }) => (isEnd ? end : start) === only)
  return !isAskedEnd && new Set(others).size === 1 ? text.replace(only, others[0] as string) : text
}
