import type { Shown } from "./feedbackStore.ts"

type ShownPassage = Shown["passages"][number]

export interface ScoreParts {
  /** σ(bias + Σ weight · feature), its share of the score, and what it was made of: largest first, in steps of the sum. */
  learned: { score: number; share: number; contributions: { name: string; feature: number; value: number }[] }
  conceptual: { score: number; share: number }
  adjustments: ShownPassage["adjustments"]
  total: number
}

/** Takes a score apart. `total` is computed from the parts, so that what is shown adds up. */
export function scoreParts(passage: ShownPassage, { ranking, fusion_weights }: Shown["scoring"]): ScoreParts {
  const contributions = Object.entries(ranking.weights)
    .map(([name, weight]) => ({
      name,
      feature: passage.features[name] ?? 0,
      value: weight * (passage.features[name] ?? 0),
    }))
    .filter(({ value }) => value !== 0)
    .sort((a, b) => Math.abs(b.value) - Math.abs(a.value))
  const sum = contributions.reduce((total, { value }) => total + value, ranking.bias)
  const learned = 1 / (1 + Math.exp(-sum))
  const conceptual = passage.conceptual_score ?? 0
  const total = passage.adjustments.reduce(
    (rest, { value }) => rest + value,
    fusion_weights.ltr * learned + fusion_weights.conceptual * conceptual,
  )
  return {
    learned: { score: learned, share: fusion_weights.ltr, contributions },
    conceptual: { score: conceptual, share: fusion_weights.conceptual },
    adjustments: passage.adjustments,
    total,
  }
}
