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

/** Worse candidates that each relevant one is compared with, at most: the first, which ranking would confuse it with. */
const opponents = 40

/**
 * Pairwise logistic ranking (Burges et al., RankNet, 2005, with a linear model): the weights under which relevant candidates beat
 * others of the same question most probably. Each question counts the same, pairs by their difference in gain; L2 pulls to the prior.
 * Deterministic. Features are standardised while training; the weights returned are for features as they are.
 */
export function trainRanking(lists: readonly JudgedList[], options: TrainOptions = {}): RankingModel["weights"] {
  const names = options.features ?? learnableFeatures
  const pull = options.pull ?? 0.02
  const scale = names.map((name) => deviation(lists.flatMap((list) => list.map(({ features }) => features[name]))))
  const prior = names.map((name, at) => (options.prior?.weights[name] ?? 0) * (scale[at] as number))
  const { differences, shares } = pairsOf(lists, names, scale)
  const width = names.length
  const weights = Float64Array.from(prior)
  const gradient = new Float64Array(width)
  const memory = new Float64Array(width).fill(1e-8)
  for (let step = 0; step < (options.steps ?? 300); step++) {
    for (let at = 0; at < width; at++) gradient[at] = pull * ((weights[at] as number) - (prior[at] as number))
    for (let pair = 0; pair < shares.length; pair++) {
      let margin = 0
      for (let at = 0; at < width; at++) margin += (weights[at] as number) * (differences[pair * width + at] as number)
      const push = (shares[pair] as number) / (1 + Math.exp(margin))
      for (let at = 0; at < width; at++) {
        gradient[at] = (gradient[at] as number) - push * (differences[pair * width + at] as number)
      }
    }
    for (let at = 0; at < width; at++) {
      const slope = gradient[at] as number
      memory[at] = (memory[at] as number) + slope * slope
      weights[at] = (weights[at] as number) - (0.3 * slope) / Math.sqrt(memory[at] as number)
    }
  }
  const known = options.prior?.weights ?? {}
  return { ...known, ...Object.fromEntries(names.map((name, at) => [name, (weights[at] as number) / (scale[at] as number)])) }
}

/** The bias under which .5 lies between the relevant candidates' scores and the others'. */
export function fitBias(weights: RankingModel["weights"], lists: readonly JudgedList[]): number {
  const model = { ...unfitted, weights }
  const relevant: number[] = []
  const others: number[] = []
  for (const list of lists) {
    for (const { features, gain } of list) (gain > 0 ? relevant : others).push(linearScore(model, features))
  }
  const middle = (values: number[]): number => values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
  return -(middle(relevant) + middle(others)) / 2
}

const unfitted: RankingModel = { version: "unfitted", featureSchemaVersion, bias: 0, weights: {}, provenance: {} }

function pairsOf(
  lists: readonly JudgedList[],
  names: readonly FeatureName[],
  scale: readonly number[],
): { differences: Float64Array; shares: Float64Array } {
  const differences: number[] = []
  const shares: number[] = []
  let judgedLists = 0
  for (const list of lists) {
    const own: { difference: number[]; weight: number }[] = []
    for (const better of list) {
      if (better.gain <= 0) continue
      let met = 0
      for (const worse of list) {
        if (worse.gain >= better.gain || met >= opponents) continue
        met++
        own.push({
          difference: names.map((name, at) => (better.features[name] - worse.features[name]) / (scale[at] as number)),
          weight: better.gain - worse.gain,
        })
      }
    }
    const total = own.reduce((sum, { weight }) => sum + weight, 0)
    if (total === 0) continue
    judgedLists++
    for (const { difference, weight } of own) {
      differences.push(...difference)
      shares.push(weight / total)
    }
  }
  return {
    differences: Float64Array.from(differences),
    shares: Float64Array.from(shares, (share) => share / Math.max(1, judgedLists)),
  }
}

/** Standard deviation; 1 for a feature that never differs, whose weight then stays at the prior. */
function deviation(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length)
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, values.length)
  return variance > 1e-12 ? Math.sqrt(variance) : 1
}
