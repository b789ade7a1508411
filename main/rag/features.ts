import type { ChunkRecord } from "#store/types.ts"
import { hasAnswerForm } from "./bestSentence.ts"
import { sharesOf, wordCloseness } from "./neighbours.ts"
import type { QueryTerms } from "./queryTerms.ts"
import { coverageOfStems, type TermWeights } from "./relevance.ts"
import { createWordReader, type Word } from "./words.ts"

/** Changes with the meaning of a feature: weights of another version are not used. */
export const featureSchemaVersion = "2"

/**
 * What ranking knows of a candidate. docs/rag.md has the formulas. The first six come from the two searches, the next two from comparing candidates, the rest from the text.
 * All are known before the answer is; none grows with the passage's length.
 */
export const featureNames = [
  "similarity",
  "bm25",
  "rank_vector",
  "rank_lexical",
  "similarity_share",
  "bm25_share",
  "neighbour_vectors",
  "neighbour_words",
  "bm25_title",
  "bm25_heading",
  "bm25_body",
  "coverage",
  "title_match",
  "heading_match",
  "proximity",
  "phrase",
  "density",
  "answer_form",
  "recency",
  "feedback",
] as const
export type FeatureName = (typeof featureNames)[number]
export type Features = Record<FeatureName, number>

/** What the searches say of a candidate. */
export interface SearchSignals {
  chunk: ChunkRecord
  /** Null: not among the lexical results. */
  bm25: number | null
  /** Null: no vector. */
  similarity: number | null
  /** From 1; 0: not in that list. */
  rankLexical: number
  rankVector: number
  /** Normalised within the candidates, as `fuse` adds them up. */
  bm25Share: number
  similarityShare: number
  /** Closeness to the best candidates by vectors, 0..1. */
  neighbourShare: number
  /** P0's score. */
  conceptualScore: number
}

export interface FeatureContext {
  query: QueryTerms
  weights: TermWeights
  /** Milliseconds since the epoch. */
  now: number
  /** What the person's own clicks say of a passage, −1..1, 0 for the unknown ones. */
  feedback: ReadonlyMap<string, number>
}

/** Robertson's parameters, and the words of a usual passage: a fixed length keeps a feature independent of the other candidates. */
const k1 = 1.2
const bodyB = 0.5
const usualBodyWords = 160
/** A document loses half of its recency in this time. */
const recencyHalfLifeMs = 180 * 24 * 3_600_000
const unknownRecency = 0.5

/** Features of each candidate, in order; candidates come best first. */
export function featuresOf(candidates: readonly SearchSignals[], context: FeatureContext): Features[] {
  const read = createWordReader()
  const fields = candidates.map(({ chunk }) => ({
    title: read(chunk.documentTitle),
    heading: read(chunk.headingPath.join("\n")),
    body: read(chunk.text),
  }))
  const closeness = sharesOf(
    wordCloseness(
      candidates.map(({ conceptualScore }, index) => {
        const { title, body } = fields[index] as Fields
        return { words: [...title, ...body], score: conceptualScore }
      }),
    ),
  )
  return candidates.map((candidate, index) => ({
    ...features(candidate, fields[index] as Fields, context),
    neighbour_words: closeness[index] as number,
  }))
}

interface Fields {
  title: Word[]
  heading: Word[]
  body: Word[]
}

function features(
  signals: SearchSignals,
  { title, heading, body }: Fields,
  context: FeatureContext,
): Omit<Features, "neighbour_words"> {
  const { chunk } = signals
  const { weights, query } = context
  const stems = new Set([...title, ...heading, ...body].map((word) => word.stem))
  const order = query.terms.map((term) => term.stem)
  return {
    similarity: signals.similarity ?? 0,
    bm25: signals.bm25 ?? 0,
    rank_vector: signals.rankVector,
    rank_lexical: signals.rankLexical,
    similarity_share: signals.similarityShare,
    bm25_share: signals.bm25Share,
    neighbour_vectors: signals.neighbourShare,
    bm25_title: bm25Share(title, weights, 1),
    bm25_heading: bm25Share(heading, weights, 1),
    bm25_body: bm25Share(body, weights, 1 - bodyB + (bodyB * body.length) / usualBodyWords),
    coverage: coverageOfStems(weights, stems),
    title_match: matchShare(title, weights),
    heading_match: matchShare(heading, weights),
    proximity: proximity(body, weights),
    phrase: phraseShare(body, order),
    density: density(body, weights),
    answer_form: query.answerKind !== "any" && hasAnswerForm(query.answerKind, chunk.text) ? 1 : 0,
    recency: recency(chunk.documentUpdatedAt ?? null, context.now),
    feedback: context.feedback.get(chunk.id) ?? 0,
  }
}

/** BM25 of one field over the most it could be, 0..1: Σ w·tf·(k1+1)/(tf+k1·length) ÷ Σ w·(k1+1). */
function bm25Share(field: readonly Word[], weights: TermWeights, length: number): number {
  if (field.length === 0) return 0
  const counts = new Map<string, number>()
  for (const { stem } of field) if (weights.has(stem)) counts.set(stem, (counts.get(stem) ?? 0) + 1)
  let sum = 0
  let most = 0
  for (const [stem, weight] of weights) {
    const times = counts.get(stem) ?? 0
    sum += weight * (times / (times + k1 * length))
    most += weight
  }
  return most === 0 ? 0 : sum / most
}

/** Share of a title's own words that the question names, times the share of the question they cover: 0..1. */
function matchShare(field: readonly Word[], weights: TermWeights): number {
  const stems = new Set(field.filter(({ word }) => word.length > 2).map((word) => word.stem))
  if (stems.size === 0) return 0
  let named = 0
  for (const stem of stems) if (weights.has(stem)) named++
  return Math.sqrt((named / stems.size) * coverageOfStems(weights, stems))
}

/**
 * How close together the question's words stand, 0..1: the weight of the words in the best window of twenty-five, over the weight of
 * all. Fewer than two different words have no closeness.
 */
const windowWords = 25
function proximity(body: readonly Word[], weights: TermWeights): number {
  const hits = body.flatMap(({ stem }, place) => (weights.has(stem) ? [{ stem, place }] : []))
  let best = 0
  for (let first = 0; first < hits.length; first++) {
    const seen = new Set<string>()
    let weight = 0
    for (let at = first; at < hits.length; at++) {
      const { stem, place } = hits[at] as { stem: string; place: number }
      if (place - (hits[first] as { place: number }).place >= windowWords) break
      if (seen.has(stem)) continue
      seen.add(stem)
      weight += weights.get(stem) ?? 0
    }
    if (seen.size > 1) best = Math.max(best, weight)
  }
  const total = [...weights.values()].reduce((sum, weight) => sum + weight, 0)
  return total === 0 ? 0 : best / total
}

/** Share of the question's neighbouring words that are neighbours in the text too, 0..1. */
function phraseShare(body: readonly Word[], order: readonly string[]): number {
  if (order.length < 2) return 0
  const asked = new Set(order)
  const pairs = new Set<string>()
  for (let place = 1; place < body.length; place++) {
    const { stem } = body[place] as Word
    if (!asked.has(stem)) continue
    for (const gap of [1, 2]) {
      const before = body[place - gap]?.stem
      if (before !== undefined && asked.has(before)) pairs.add(`${before} ${stem}`)
    }
  }
  let found = 0
  for (let at = 1; at < order.length; at++) if (pairs.has(`${order[at - 1]} ${order[at]}`)) found++
  return found / (order.length - 1)
}

/** Weight of the question's words per root of the passage's length: long passages gain nothing by repeating. 0..1. */
function density(body: readonly Word[], weights: TermWeights): number {
  if (body.length === 0) return 0
  const highest = Math.max(1e-9, ...weights.values())
  let sum = 0
  for (const { stem } of body) sum += (weights.get(stem) ?? 0) / highest
  return Math.min(1, sum / Math.sqrt(body.length) / 2)
}

function recency(updatedAt: number | null, now: number): number {
  if (updatedAt === null) return unknownRecency
  return 0.5 ** (Math.max(0, now - updatedAt) / recencyHalfLifeMs)
}
