import type { Passage } from "#contract/turns.ts"
import { plainSentence } from "#rag/extractiveAnswer.ts"
import { coverageOf, type TermWeights } from "#rag/relevance.ts"
import { sentencesOf } from "#rag/sentences.ts"

const negation =
  /\b(?:not|no|never|none|cannot|without|only|except|closed|prohibited|forbidden|refused|excluded)\b|n['’]t\b/i

/** A sentence with less of the question's words decides nothing. */
const reasonFloor = 0.5

const refersBack = /^(?:[-*•]\s*)?(?:it|its|they|these|this|that|those|he|she)\b/i

const leadIn =
  /(^|(?:yes|no)[.,]\s+)the (?:documents?|passages?|texts?) (?:\w+ly )?(?:states?|says?|mentions?|specif(?:y|ies)|indicates?) that (\p{L})/iu

/** "The document states that the shop is open": the citation says so already. */
export const withoutLeadIn = (text: string): string =>
  text.replace(leadIn, (_, before: string, first: string) => `${before}${first.toUpperCase()}`)

/**
 * A Yes or No is held against the sentence that is nearest to the question: where that says the opposite it stands alone, and a bare
 * "No.", which can neither be cited nor checked, gets it as its reason.
 */
export function withReason(text: string, evidence: readonly Passage[], weights: TermWeights): string {
  const word = /^(yes|no)\b/i.exec(text)?.[1]
  if (word === undefined) return text
  let reason = ""
  let most = 0
  for (const passage of evidence) {
    let previous = ""
    for (const { text: sentence } of sentencesOf(passage.text)) {
      const coverage = coverageOf(weights, refersBack.test(sentence) ? `${previous} ${sentence}` : sentence)
      if (coverage > most) {
        most = coverage
        reason = plainSentence(sentence)
      }
      previous = sentence
    }
  }
  if (most < reasonFloor) return text
  const isNo = word.toLowerCase() === "no"
  if (negation.test(reason) !== isNo) return reason
  return /^\w+\W*$/.test(text) ? `${isNo ? "No" : "Yes"}. ${reason}` : text
}
