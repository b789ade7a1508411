import { setImmediate as nextTurn } from "node:timers/promises"
import type { FeatureName, Features } from "./features.ts"
import { featureNames, featureSchemaVersion } from "./features.ts"
import { linearScore, type RankingModel } from "./ranking.ts"

/** Candidates of one question with how relevant each is; 0 is not. */
export type JudgedList = readonly { features: Features; gain: number }[]

export interface TrainOptions {
  /** Weights to start from and stay near. Default: zero. */
  prior?: RankingModel
  /** Strength of the pull to the prior, per standardised weight. Default .02. */
  pull?: number
  /** Features that take part. Default: all that are learnable. */
  features?: readonly FeatureName[]
  /** Steps of gradient descent. Default 300. */
  steps?: number
}

/** Raw scores and ranks: they say the same as their shares and depend on the collection's size. */
const unlearnable: readonly FeatureName[] = ["bm25", "rank_vector", "rank_lexical", "feedback"]
export const learnableFeatures: readonly FeatureName[] = featureNames.filter((name) => !unlearnable.includes(name))

/** Places that count: a pair matters by what swapping it changes among the first ones. */
const countedPlaces = 10
/** Steps between two looks at the places that the weights give. */
const stepsPerLook = 10

/**
 * Pairwise logistic ranking with a linear model (Burges et al., RankNet, 2005): the weights under which relevant candidates most
 * probably beat others of the same question. A pair counts by the change of nDCG@10 that swapping it would bring (LambdaRank, 2006), a
 * question like every other; L2 pulls to the prior. No weight falls below zero: of every feature more is better by its making, and a
 * negative weight would be chance. Deterministic. Features are standardised while training; the weights returned are
 * for features as they are.
 */
export async function trainRanking(
  lists: readonly JudgedList[],
  options: TrainOptions,
  signal: AbortSignal,
): Promise<RankingModel["weights"]> {
  const names = options.features ?? learnableFeatures
  const pull = options.pull ?? 0.02
  const judged = lists.filter((list) => new Set(list.map(({ gain }) => gain)).size > 1)
  const known = options.prior?.weights ?? {}
  if (judged.length === 0) return known
  const scale = names.map((name) => deviation(judged.flatMap((list) => list.map(({ features }) => features[name]))))
  const prior = names.map((name, at) => (known[name] ?? 0) * (scale[at] as number))
  const tables = judged.map((list) => ({
    gains: list.map(({ gain }) => gain),
    rows: list.map(({ features }) => names.map((name, at) => features[name] / (scale[at] as number))),
  }))
  const width = names.length
  const weights = [...prior]
  const memory = new Array<number>(width).fill(1e-8)
  let pairs: Pair[] = []
  for (let step = 0; step < (options.steps ?? 300); step++) {
    // Between steps everything else gets its turn.
    await nextTurn()
    signal.throwIfAborted()
    if (step % stepsPerLook === 0) pairs = tables.flatMap((table) => pairsOf(table, weights, 1 / judged.length))
    const gradient = weights.map((weight, at) => pull * (weight - (prior[at] as number)))
    for (const { better, worse, share } of pairs) {
      let margin = 0
      for (let at = 0; at < width; at++)
        margin += (weights[at] as number) * ((better[at] as number) - (worse[at] as number))
      const push = share / (1 + Math.exp(margin))
      for (let at = 0; at < width; at++) {
        gradient[at] = (gradient[at] as number) - push * ((better[at] as number) - (worse[at] as number))
      }
    }
    for (let at = 0; at < width; at++) {
      const slope = gradient[at] as number
      memory[at] = (memory[at] as number) + slope * slope
      weights[at] = Math.max(0, (weights[at] as number) - (0.3 * slope) / Math.sqrt(memory[at] as number))
    }
  }
  return {
    ...known,
    ...Object.fromEntries(names.map((name, at) => [name, (weights[at] as number) / (scale[at] as number)])),
  }
}

interface Table {
  gains: number[]
  /** Standardised features of each candidate. */
  rows: number[][]
}

interface Pair {
  better: number[]
  worse: number[]
  share: number
}

/** Pairs of one question, each with its share of the whole loss. */
function pairsOf({ gains, rows }: Table, weights: readonly number[], share: number): Pair[] {
  const scores = rows.map((row) => row.reduce((sum, value, at) => sum + value * (weights[at] as number), 0))
  const order = scores.map((_, index) => index).sort((a, b) => (scores[b] as number) - (scores[a] as number))
  const places = new Array<number>(rows.length)
  for (const [place, index] of order.entries()) places[index] = place
  const ideal = [...gains].sort((a, b) => b - a).reduce((sum, gain, place) => sum + gain * discountOf(place), 0)
  const pairs: Pair[] = []
  for (const [first, gain] of gains.entries()) {
    if (gain <= 0) continue
    for (const [second, other] of gains.entries()) {
      if (other >= gain) continue
      const change = Math.abs(discountOf(places[first] as number) - discountOf(places[second] as number))
      if (change === 0) continue
      pairs.push({
        better: rows[first] as number[],
        worse: rows[second] as number[],
        share: (share * (gain - other) * change) / ideal,
      })
    }
  }
  return pairs
}

/** By place from 0. */
const discountOf = (place: number): number => (place < countedPlaces ? 1 / Math.log2(place + 2) : 0)

/** The bias under which half of the relevant candidates score above .5: there the curve tells the best apart. */
export function fitBias(weights: RankingModel["weights"], lists: readonly JudgedList[]): number {
  const model = { ...unfitted, weights }
  const scores = lists
    .flatMap((list) => list.filter(({ gain }) => gain > 0))
    .map(({ features }) => linearScore(model, features))
    .sort((a, b) => a - b)
  return -(scores[Math.floor(scores.length / 2)] ?? 0)
}

const unfitted: RankingModel = { version: "unfitted", featureSchemaVersion, bias: 0, weights: {}, provenance: {} }

/** Standard deviation; 1 for a feature that never differs, whose weight then stays at the prior. */
function deviation(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length)
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, values.length)
  return variance > 1e-12 ? Math.sqrt(variance) : 1
}
