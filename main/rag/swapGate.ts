import type { Actor } from "#core/actor.ts"
import type { Logger } from "#core/logger.ts"
import type { Embedder } from "#engines/types.ts"
import type { SettingsRepository } from "#store/types.ts"

/** How well pinned questions find what they must. */
export interface PinnedRecall {
  /** Share of the questions whose passage is among the first five, 0..1. */
  recall: number
  questions: number
}

/** A new index that finds pinned questions worse than the one in use, and is not used for that reason. */
export interface Refusal {
  fingerprint: string
  modelId: string
  before: number
  after: number
  questions: number
  /** Milliseconds since the epoch. */
  at: number
}

export interface SwapGateDeps {
  settings: SettingsRepository
  /** Recall of the pinned questions with this embedder's index. Null: nothing is pinned. */
  pinnedRecall(actor: Actor, embedder: Embedder, signal: AbortSignal): Promise<PinnedRecall | null>
  onChange?: () => void
  now: () => number
  log: Logger
}

/** Decides whether a new index may take the place of the one in use. */
export interface SwapGate {
  refusal(): Refusal | null
  /** Reads what was decided in an earlier run. */
  load(actor: Actor): Promise<void>
  /** True: the new one finds pinned questions at least as well, nothing is pinned, or the person wants it. A refusal is kept. */
  judge(actor: Actor, candidate: Embedder, active: Embedder, signal: AbortSignal): Promise<boolean>
  /** The person wants the refused one all the same. */
  overrule(actor: Actor): Promise<void>
  /** The index is in use: what was decided about it is history. */
  settled(actor: Actor): Promise<void>
}

const setting = "search.swap"

interface Kept {
  refusal: Refusal | null
  /** Fingerprint that is to be used whatever it finds. */
  wanted: string | null
}

export function createSwapGate(deps: SwapGateDeps): SwapGate {
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
      deps.log.warn("a new search index finds pinned questions worse and is not used", { ...refusal })
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
