import { type Actor, machineActor } from "#core/actor.ts"
import type { Logger } from "#core/logger.ts"
import type { Embedder } from "#engines/types.ts"
import type { ChunkRepository } from "#store/types.ts"
import { passageInput } from "./passageInput.ts"
import type { SwapGate } from "./swapGate.ts"

/** Knows which vectors answer queries, and builds those of another embedder beside them. */
export interface VectorIndex {
  /** The embedder whose index queries use. Null: there is no index yet, or the embedder it was built with is not at hand. */
  queryEmbedder(): Promise<Embedder | null>
  /** What new passages are embedded with: the embedder in use, or while its index is refused, the one whose index answers. */
  writingEmbedder(): Embedder | null
  /** To be called after vectors were written: the first ones make their index the active one. */
  written(fingerprint: string): Promise<void>
  /** True when the active index is not the current embedder's, or passages lack vectors: `rebuild` has work. */
  needsRebuild(): Promise<boolean>
  /**
   * Embeds what the current embedder has not embedded yet, of everybody, beside the index in use, and swaps when complete. What is written stays
   * written: an aborted rebuild goes on where it stopped.
   */
  rebuild(actor: Actor, signal: AbortSignal, progress: (done: number, total: number) => void): Promise<void>
}

export interface VectorIndexDeps {
  chunks: ChunkRepository
  /** The embedder in use now. Null: none. */
  embedder: () => Embedder | null
  /** An embedder of another vector space that is still at hand, such as hash embeddings. */
  embedderOf?: (fingerprint: string) => Embedder | null
  /** Whether a complete new index may take the place of the one in use. Default: always. */
  gate?: Pick<SwapGate<Embedder>, "refusal" | "judge" | "settled">
  log: Logger
}

const batchSize = 32

export function createVectorIndex({ chunks, embedder, embedderOf, gate, log }: VectorIndexDeps): VectorIndex {
  let active: Promise<string | null> | undefined
  /** The fingerprint in use, once it is known. */
  let known: string | null = null
  const activeFingerprint = (): Promise<string | null> => {
    active ??= chunks.indexes().then(
      (indexes) => {
        known = indexes.active
        return indexes.active
      },
      (error) => {
        active = undefined
        throw error
      },
    )
    return active
  }
  const activate = async (fingerprint: string): Promise<void> => {
    await chunks.setActiveIndex(fingerprint)
    active = Promise.resolve(fingerprint)
    known = fingerprint
  }
  const writingEmbedder = (): Embedder | null => {
    const current = embedder()
    if (!current || known === null || gate?.refusal()?.fingerprint !== current.fingerprint) return current
    return embedderOf?.(known) ?? current
  }

  return {
    writingEmbedder,
    async queryEmbedder() {
      const fingerprint = await activeFingerprint()
      if (fingerprint === null) return null
      const current = embedder()
      return current?.fingerprint === fingerprint ? current : (embedderOf?.(fingerprint) ?? null)
    },
    async written(fingerprint) {
      if ((await activeFingerprint()) === null) await activate(fingerprint)
    },
    async needsRebuild() {
      await activeFingerprint()
      const current = writingEmbedder()
      if (!current) return false
      const indexes = await chunks.indexes()
      if (indexes.chunks === 0) return false
      return indexes.active !== current.fingerprint || (indexes.counts[current.fingerprint] ?? 0) < indexes.chunks
    },
    async rebuild(actor, signal, progress) {
      const inUse = await activeFingerprint()
      const current = writingEmbedder()
      if (!current) return
      const { fingerprint } = current
      const { chunks: total, counts } = await chunks.indexes()
      let done = counts[fingerprint] ?? 0
      progress(done, total)
      for (;;) {
        signal.throwIfAborted()
        const missing = await chunks.missingVectors(machineActor, fingerprint, batchSize)
        if (missing.length === 0) break
        const texts = missing.map((chunk) => passageInput({ title: chunk.documentTitle, ...chunk }))
        const vectors = await current.embed(texts, "passage", signal)
        const added = missing.map((chunk, index) => ({ chunkId: chunk.id, vector: vectors[index] as Float32Array }))
        await chunks.addVectors(machineActor, fingerprint, added)
        done += missing.length
        progress(done, Math.max(total, done))
      }
      if (inUse === fingerprint || done === 0) return
      // One whose embedder is gone answers nothing any more: there is nothing to compare with.
      const before = inUse === null ? null : (embedderOf?.(inUse) ?? null)
      if (gate && before && !(await gate.judge(actor, current, before, signal))) return
      await activate(fingerprint)
      await gate?.settled(actor)
      log.info("vector index swapped", { fingerprint, vectors: done })
    },
  }
}
