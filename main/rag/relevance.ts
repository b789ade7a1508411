import type { QueryTerm } from "./queryTerms.ts"
import { stemsOf } from "./words.ts"

/** Weight of each term: its rarity in the documents times its weight in the question. */
export type TermWeights = Map<string, number>

/** Keys are stems. Terms that no document has keep the highest rarity: what is asked for and nowhere written counts most. */
export function termWeights(terms: readonly QueryTerm[], rarity: ReadonlyMap<string, number>): TermWeights {
  const highest = Math.max(1, ...rarity.values())
  return new Map(terms.map((term) => [term.stem, term.weight * Math.max(0.1, rarity.get(term.word) ?? highest)]))
}

/** The weights of the words that stand in one part of the question. */
export function weightsOfPart(part: string, weights: TermWeights): TermWeights {
  const stems = stemsOf(part)
  return new Map([...weights].filter(([stem]) => stems.has(stem)))
}

/** Share of the question's weight whose words stand in the text, 0..1. */
export function coverageOf(weights: TermWeights, text: string): number {
  return coverageOfStems(weights, stemsOf(text))
}

export function coverageOfStems(weights: TermWeights, stems: ReadonlySet<string>): number {
  let total = 0
  let found = 0
  for (const [stem, weight] of weights) {
    total += weight
    if (stems.has(stem)) found += weight
  }
  return total === 0 ? 0 : found / total
}

export interface RelevanceSignals {
  /** Coverage of the best passage. */
  coverage: number
  /** Coverage of the three best passages together. */
  jointCoverage: number
  /** Best cosine. Null when there are no vectors of a trained model. */
  similarity: number | null
  /** Whether a passage holds something of the kind that is asked for: a number, a date, a name. */
  hasAnswerForm: boolean
}

/** Below this the documents are said not to answer. */
export const answerFloor = 0.5

/**
 * How likely the passages answer the question, 0..1: a logistic curve over word coverage and similarity. Hash vectors compare words
 * again, so without a trained embedder coverage alone decides. Coefficients: logistic regression with a small penalty on the judged
 * questions of test/fixtures/rag/judgements.json over the sample collection, rounded.
 */
export function confidenceOf({ coverage, jointCoverage, similarity, hasAnswerForm }: RelevanceSignals): number {
  const words = 0.8 * coverage + 0.2 * jointCoverage
  const evidence = similarity === null ? 6.5 * words - 3.2 : 6 * words + 4 * similarity - 4.3
  return 1 / (1 + Math.exp(-(hasAnswerForm ? evidence : evidence - 3)))
}
