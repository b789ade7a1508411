import { z } from "zod"
import shippedJson from "../../models/ranking.json" with { type: "json" }
import { type FeatureName, type Features, featureNames, featureSchemaVersion } from "./features.ts"

const rankingModel = z.object({
  /** Names this set of weights in answers and caches. */
  version: z.string(),
  featureSchemaVersion: z.string(),
  /** Moves the curve so that .5 lies between relevant and other passages; changes no order. */
  bias: z.number(),
  /** Of each feature; what is not named has none. */
  weights: z.record(z.string(), z.number()),
  /** How they came about, in words, with figures. */
  provenance: z.record(z.string(), z.unknown()),
})
export type RankingModel = z.infer<typeof rankingModel>

/** The weights that come with the product, trained by `models/train/ranking.ts`. */
export const shippedRanking: RankingModel = rankingModel.parse(shippedJson)

/** Null when the weights are of other features than these. */
export function readRanking(value: unknown): RankingModel | null {
  const parsed = rankingModel.safeParse(value)
  return parsed.success && parsed.data.featureSchemaVersion === featureSchemaVersion ? parsed.data : null
}

/** Probability-like score of one candidate, 0..1: σ(bias + Σ weight · feature). */
export function ltrScore(model: RankingModel, features: Features): number {
  return 1 / (1 + Math.exp(-linearScore(model, features)))
}

export function linearScore(model: RankingModel, features: Features): number {
  let sum = model.bias
  for (const name of featureNames) sum += (model.weights[name] ?? 0) * features[name]
  return sum
}

/** What each feature adds to the score, largest first: for "why is this here?". */
export function contributions(model: RankingModel, features: Features): { name: FeatureName; value: number }[] {
  return featureNames
    .map((name) => ({ name, value: (model.weights[name] ?? 0) * features[name] }))
    .filter(({ value }) => value !== 0)
    .sort((a, b) => Math.abs(b.value) - Math.abs(a.value))
}
