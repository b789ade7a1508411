import type { Actor } from "#core/actor.ts"
import { AppError } from "#core/errors.ts"
import type { SettingsRepository } from "#store/types.ts"

/** Shares of the learned score and of the searches' own (conceptual) score in a passage's score. They add up to 1. */
export interface FusionWeights {
  ltr: number
  conceptual: number
}

export interface VersionedFusionWeights {
  weights: FusionWeights
  /** 0: as shipped. Goes up by one with every change. */
  version: number
}

export const defaultFusionWeights: FusionWeights = { ltr: 0.6, conceptual: 0.4 }

/** Scales weights to a sum of 1. Throws `request.invalid` for negative, infinite or only zero weights. */
export function normaliseFusionWeights({ ltr, conceptual }: FusionWeights): FusionWeights {
  const sum = ltr + conceptual
  if (!(ltr >= 0 && conceptual >= 0 && sum > 0 && Number.isFinite(sum))) {
    throw new AppError("request.invalid", "Fusion weights are two numbers from 0 on, at least one above 0.")
  }
  return { ltr: ltr / sum, conceptual: conceptual / sum }
}

/** The score of a passage after learned ranking. */
export const fusedScore = (weights: FusionWeights, ltrScore: number, conceptualScore: number): number =>
  weights.ltr * ltrScore + weights.conceptual * conceptualScore

export interface FusionWeightStore {
  current(): VersionedFusionWeights
  /** Null goes back to the shipped ones, as a new version. */
  change(actor: Actor, weights: FusionWeights | null): Promise<VersionedFusionWeights>
}

const settingName = "rag.fusionWeights"

/** The fusion weights in force, kept between starts. */
export async function openFusionWeights(settings: SettingsRepository, owner: Actor): Promise<FusionWeightStore> {
  let current = readStored((await settings.all(owner))[settingName]) ?? { weights: defaultFusionWeights, version: 0 }
  return {
    current: () => current,
    async change(actor, weights) {
      const next = {
        weights: weights === null ? defaultFusionWeights : normaliseFusionWeights(weights),
        version: current.version + 1,
      }
      await settings.set(actor, { [settingName]: next })
      current = next
      return next
    },
  }
}

function readStored(value: unknown): VersionedFusionWeights | null {
  const stored = value as Partial<VersionedFusionWeights> | null | undefined
  if (typeof stored?.version !== "number" || typeof stored.weights !== "object") return null
  try {
    return { weights: normaliseFusionWeights(stored.weights), version: stored.version }
  } catch {
    return null
  }
}
