import type { Actor } from "#core/actor.ts"
import type { Logger } from "#core/logger.ts"
import type { SettingsRepository } from "#store/types.ts"

/** How well pinned questions find what they must. */
export interface PinnedRecall {
  /** Share of the questions whose passage is among the first five, 0..1. */
  recall: number
  questions: number
}

/** Something that questions are answered with, and could be answered with instead: an embedder's index, other passages, weights. */
export interface Candidate {
  /** Tells it from all others. */
  fingerprint: string
  /** What it is called. */
  modelId: string
}

/** A candidate that finds pinned questions worse than what is in use, and is not used for that reason. */
export interface Refusal extends Candidate {
  before: number
  after: number
  questions: number
  /** Milliseconds since the epoch. */
  at: number
}

export interface SwapGateDeps<C extends Candidate> {
  settings: SettingsRepository
  /** The setting that keeps what was decided. Default: the one of embedders. */
  setting?: string
  /** Recall of the pinned questions with this one. Null: nothing is pinned. */
  pinnedRecall(actor: Actor, candidate: C, signal: AbortSignal): Promise<PinnedRecall | null>
  onChange?: () => void
  now: () => number
  log: Logger
}

/** Decides whether something new may take the place of what is in use. */
export interface SwapGate<C extends Candidate> {
  refusal(): Refusal | null
  /** Reads what was decided in an earlier run. */
  load(actor: Actor): Promise<void>
  /** True: the new one finds pinned questions at least as well, nothing is pinned, or the person wants it. A refusal is kept. */
  judge(actor: Actor, candidate: C, active: C, signal: AbortSignal): Promise<boolean>
  /** The person wants the refused one all the same. */
  overrule(actor: Actor): Promise<void>
  /** The new one is in use, or no longer wanted: what was decided about it is history. */
  settled(actor: Actor): Promise<void>
}

interface Kept {
  refusal: Refusal | null
  /** Fingerprint that is to be used whatever it finds. */
  wanted: string | null
}

export function createSwapGate<C extends Candidate>(deps: SwapGateDeps<C>): SwapGate<C> {
  const { setting = "search.swap" } = deps
  let kept: Kept = { refusal: null, wanted: null }
  const keep = async (actor: Actor, next: Kept): Promise<void> => {
    kept = next
    const isEmpty = next.refusal === null && next.wanted === null
    await deps.settings.set(actor, { [setting]: isEmpty ? undefined : next })
    deps.onChange?.()
  }
  return {
    refusal: () => kept.refusal,
    async load(actor) {
      const stored = (await deps.settings.all(actor))[setting]
      if (isKept(stored)) kept = stored
    },
    async judge(actor, candidate, active, signal) {
      const { fingerprint, modelId } = candidate
      if (kept.wanted === fingerprint) return true
      const before = await deps.pinnedRecall(actor, active, signal)
      const after = before && (await deps.pinnedRecall(actor, candidate, signal))
      if (!before || !after || after.recall >= before.recall) return true
      const refusal = {
        fingerprint,
        modelId,
        before: before.recall,
        after: after.recall,
        questions: after.questions,
        at: deps.now(),
      }
      deps.log.warn("what is new finds pinned questions worse and is not used", { ...refusal })
      await keep(actor, { refusal, wanted: null })
      return false
    },
    async overrule(actor) {
      if (kept.refusal) await keep(actor, { refusal: null, wanted: kept.refusal.fingerprint })
    },
    async settled(actor) {
      if (kept.refusal || kept.wanted) await keep(actor, { refusal: null, wanted: null })
    },
  }
}

function isKept(value: unknown): value is Kept {
  return typeof value === "object" && value !== null && "refusal" in value && "wanted" in value
}
