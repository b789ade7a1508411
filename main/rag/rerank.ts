import type { Clock } from "#core/clock.ts"
import { isAbort } from "#core/errors.ts"
import type { Logger } from "#core/logger.ts"
import type { Reranker } from "#engines/types.ts"

/** What came of reading the best passages together with the question. */
export interface Reranked {
  /** `late`: the time was over; `loading`: the model is on its way. In both the order stays as it was. */
  status: "used" | "late" | "loading" | "failed"
  model: string
  /** Passages that were read, or would have been. */
  pairs: number
  ms: number
  /** One per text from the first on, 0..1. Empty unless used. */
  scores: number[]
}

/** Null: no such model is installed. */
export type Rerank = (query: string, texts: readonly string[], signal: AbortSignal) => Promise<Reranked | null>

export interface RerankDeps {
  reranker(): Promise<Reranker | null>
  clock: Clock
  /** Default 300 ms. */
  budgetMs?: number
  log: Logger
}

/** Passages read together with the question, at most and at least. */
const most = 20
const least = 4

/**
 * Reads the best passages with a cross-encoder, within a budget: all of them or none, since passages that were read and others cannot be
 * compared. A machine that is late reads half as many the next time, one that is early twice as many.
 */
export function createRerank({ reranker, clock, budgetMs = 300, log }: RerankDeps): Rerank {
  let depth = most
  return async (query, texts, signal) => {
    const startedAt = clock.monotonic()
    let model: Reranker | null = null
    const told = (status: Reranked["status"], pairs: number, scores: number[] = []): Reranked => ({
      status,
      model: model?.modelId ?? "",
      pairs,
      ms: clock.monotonic() - startedAt,
      scores,
    })
    const read = texts.slice(0, depth)
    const late = AbortSignal.timeout(budgetMs)
    try {
      model = await reranker()
      if (!model || read.length < 2) return null
      if (model.loadState() !== "loaded") {
        // Loading takes longer than a person waits for an order: the next question has it.
        model
          .load(new AbortController().signal)
          .catch((error: unknown) => log.warn("the ranking model cannot be loaded", { error }))
        return told("loading", read.length)
      }
      const scores = await model.rank(query, [...read], AbortSignal.any([signal, late]))
      if (scores.length !== read.length || !scores.every(Number.isFinite)) throw new Error("Scores that are none.")
      const done = told("used", read.length, scores)
      if (done.ms < budgetMs / 2) depth = Math.min(most, depth * 2)
      return done
    } catch (error) {
      if (isAbort(error, signal)) throw error
      if (late.aborted) {
        depth = Math.max(least, Math.floor(depth / 2))
        return told("late", read.length)
      }
      log.warn("the ranking model failed, the order stays as it was", { error })
      return told("failed", read.length)
    }
  }
}

/** Share of the cross-encoder in the order of what it has read. */
export const rerankShare = 0.6

/**
 * New scores of the passages that were read, best first before: they change places among themselves and stay above all others. Between the
 * least and the best of their scores, .6 by how the cross-encoder spreads them and .4 by how they were spread.
 */
export function rerankedScores(before: readonly number[], scores: readonly number[]): number[] {
  const read = before.slice(0, scores.length)
  const low = Math.min(...read)
  const range = Math.max(...read) - low
  const least = Math.min(...scores)
  const spread = Math.max(...scores) - least
  return read.map((score, index) => {
    const own = range > 0 ? (score - low) / range : 1
    const pair = spread > 0 ? ((scores[index] as number) - least) / spread : own
    return low + range * (rerankShare * pair + (1 - rerankShare) * own)
  })
}
