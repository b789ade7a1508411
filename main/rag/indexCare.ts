import type { Actor } from "#core/actor.ts"
import type { Logger } from "#core/logger.ts"
import type { Embedder } from "#engines/types.ts"
import type { ChunkRepository } from "#store/types.ts"
import type { VectorIndex } from "./vectorIndex.ts"

/**
 * `words-differ`: the word index lacks passages, or holds some that are gone. `half-written`: vectors are noted that are not there, or the
 * other way round. `vectors-missing`: passages without a vector. `other-embedder`: the vectors are those of another model.
 */
export interface IndexFinding {
  code: "words-differ" | "half-written" | "vectors-missing" | "other-embedder"
  message: string
}

/** Finds what is wrong with the search index, and puts it right while words go on answering. */
export interface IndexCare {
  /** By counts alone: quick at any size. Empty: everything belongs together. */
  inspect(): Promise<IndexFinding[]>
  /**
   * Reads every stored vector, a stretch at a time, and takes out what is none: NaN, another length, zeros of a trained model. Returns how
   * many; `repair` makes them again.
   */
  sweep(signal: AbortSignal, progress?: (checked: number) => void): Promise<number>
  /** Brings words, notes and vectors together, then embeds what is missing. Aborted or killed, it goes on when called again. */
  repair(
    actor: Actor,
    signal: AbortSignal,
    progress: (done: number, total: number, current: string) => void,
  ): Promise<void>
}

export interface IndexCareDeps {
  chunks: ChunkRepository
  vectorIndex: VectorIndex
  embedder: () => Embedder | null
  log: Logger
}

export function createIndexCare({ chunks, vectorIndex, embedder, log }: IndexCareDeps): IndexCare {
  const care: IndexCare = {
    async inspect() {
      const health = await chunks.indexHealth()
      const current = embedder()
      const found: IndexFinding[] = []
      if (health.words !== health.chunks) {
        const message = `The word index holds ${health.words} passages where there are ${health.chunks}.`
        found.push({ code: "words-differ", message })
      }
      if (health.members !== health.vectors) {
        const message = `${health.vectors} vectors are stored where ${health.members} are noted: the index was written half.`
        found.push({ code: "half-written", message })
      }
      if (current && health.active !== null && health.active !== current.fingerprint) {
        const message = "The vectors are those of another embedding model."
        found.push({ code: "other-embedder", message })
      } else if (current && health.members < health.chunks) {
        const message = `${health.chunks - health.members} of ${health.chunks} passages have no vector: they are found by words only.`
        found.push({ code: "vectors-missing", message })
      }
      return found
    },
    async sweep(signal, progress) {
      let removed = 0
      let checked = 0
      const zeros = embedder()?.isFallback === false
      for (let after: number | null = 0; after !== null; ) {
        signal.throwIfAborted()
        const stretch = await chunks.repairVectors(after, zeros)
        removed += stretch.removed
        checked += stretch.checked
        progress?.(checked)
        after = stretch.next
      }
      if (removed > 0) log.error("damaged vectors were taken out of the index", { removed, checked })
      return removed
    },
    async repair(actor, signal, progress) {
      const findings = await care.inspect()
      const { chunks: total } = await chunks.indexHealth()
      if (findings.some(({ code }) => code === "words-differ" || code === "half-written")) {
        progress(0, total, "Words")
        await chunks.repairWords()
        log.warn("the word index was made anew", { findings: findings.map(({ code }) => code) })
      }
      await care.sweep(signal, (checked) => progress(Math.min(checked, total), total, "Checking vectors"))
      await vectorIndex.rebuild(actor, signal, (done, of) => progress(done, of, "Vectors"))
    },
  }
  return care
}
