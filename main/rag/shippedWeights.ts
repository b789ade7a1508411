import type { Actor } from "#core/actor.ts"
import { type RankingModel, readRanking } from "./ranking.ts"
import { type Candidate, createSwapGate, type Refusal, type SwapGateDeps } from "./swapGate.ts"

/** The ranking weights of the release in use. A newer release's take their place once they find the pinned questions as well. */
export interface ShippedWeights {
  current(): RankingModel
  refusal(): Refusal | null
  /** Decides about weights that are newer than those in use; does nothing when there are none, or they were refused before. */
  judge(actor: Actor, signal: AbortSignal): Promise<void>
  /** The person wants the refused ones all the same: they are in use from now on. */
  overrule(actor: Actor, signal: AbortSignal): Promise<void>
}

export interface ShippedWeightsDeps extends Pick<SwapGateDeps<Candidate>, "settings" | "now" | "log"> {
  /** Of this release. */
  shipped: RankingModel
  /** The weights this person's questions are ranked by now: those of the release in use, or what was learned from them. */
  inUse(actor: Actor): RankingModel
  pinnedRecall: SwapGateDeps<WeightSet>["pinnedRecall"]
  /** Other weights are in use: what was learned from the earlier ones is to be learned again. */
  onSwap?: () => void
}

/** Weights by the name that answers and caches know them by. */
export interface WeightSet extends Candidate {
  model: RankingModel
}

const settingName = "rag.shippedWeights"
const asCandidate = (model: RankingModel): WeightSet => ({ fingerprint: model.version, modelId: model.version, model })

/** The weights are kept whole, since a release brings only its own. Earlier ones that weigh other features cannot be used any more. */
export async function openShippedWeights(owner: Actor, deps: ShippedWeightsDeps): Promise<ShippedWeights> {
  const { settings, shipped } = deps
  const gate = createSwapGate<WeightSet>({ ...deps, setting: "rag.shippedWeights.refused" })
  await gate.load(owner)
  const kept = readRanking((await settings.all(owner))[settingName])
  let current = kept && kept.version !== shipped.version ? kept : shipped
  if (!kept) await settings.set(owner, { [settingName]: shipped })

  async function judge(actor: Actor, signal: AbortSignal): Promise<void> {
    if (current.version === shipped.version || gate.refusal()?.fingerprint === shipped.version) return
    if (!(await gate.judge(actor, asCandidate(shipped), asCandidate(deps.inUse(actor)), signal))) return
    await settings.set(actor, { [settingName]: shipped })
    current = shipped
    await gate.settled(actor)
    deps.onSwap?.()
  }

  return {
    current: () => current,
    refusal: gate.refusal,
    judge,
    async overrule(actor, signal) {
      await gate.overrule(actor)
      await judge(actor, signal)
    },
  }
}
