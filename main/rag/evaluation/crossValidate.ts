import { type Features, featureSchemaVersion } from "../features.ts"
import { defaultFusionWeights, type FusionWeights, fusedScore } from "../fusionWeights.ts"
import type { RankingModel } from "../ranking.ts"
import { ltrScore } from "../ranking.ts"
import { fitBias, type JudgedList } from "../trainRanking.ts"
import type { QuestionRun } from "./collect.ts"

export interface CrossValidateOptions {
  /** Weights for questions that are not in `train`. */
  weightsOf(train: JudgedList[]): RankingModel["weights"] | Promise<RankingModel["weights"]>
  fusion?: FusionWeights
  /** Parts the questions are split into, each ranked by weights of the others. Default 5. */
  folds?: number
}

type Learnable = Pick<QuestionRun, "gains" | "candidates">

/** Rankings of every question by weights that were learned without it. */
export async function learnedRankings(runs: readonly Learnable[], options: CrossValidateOptions): Promise<string[][]> {
  const folds = options.folds ?? 5
  const fusion = options.fusion ?? defaultFusionWeights
  const lists = runs.map(listOf)
  const rankings: string[][] = runs.map(() => [])
  for (let fold = 0; fold < folds; fold++) {
    const train = lists.filter((_, index) => index % folds !== fold)
    const weights = await options.weightsOf(train)
    const model = { version: "fold", featureSchemaVersion, bias: fitBias(weights, train), weights, provenance: {} }
    for (const [index, { candidates }] of runs.entries()) {
      if (index % folds === fold) rankings[index] = rankBy(model, fusion, candidates)
    }
  }
  return rankings
}

export const listOf = ({ candidates, gains }: Learnable): JudgedList =>
  candidates.map(({ id, features }) => ({ features, gain: gains.get(id) ?? 0 }))

/** Ids best first, as P1 orders them. */
export function rankBy(
  model: RankingModel,
  fusion: FusionWeights,
  candidates: readonly { id: string; features: Features; conceptualScore: number }[],
): string[] {
  const scored = candidates.map(({ id, features, conceptualScore }) => ({
    id,
    score: fusedScore(fusion, ltrScore(model, features), conceptualScore),
  }))
  return [...new Set(scored.sort((a, b) => b.score - a.score).map(({ id }) => id))]
}
