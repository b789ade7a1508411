import type { Actor } from "#core/actor.ts"
import { isAbort } from "#core/errors.ts"
import type { Logger } from "#core/logger.ts"
import type { Embedder } from "#engines/types.ts"
import type { ChunkRepository } from "#store/types.ts"
import { passageInput } from "../passageInput.ts"
import type { VectorIndex } from "../vectorIndex.ts"
import { isStoreFull } from "../waitForSpace.ts"
import type { EarlierVectors, Target, Work } from "./work.ts"

export interface VectorStagesDeps {
  chunks: Pick<ChunkRepository, "byDocument" | "addVectors" | "vectors">
  /** The embedder in use now. Null: documents are found by words until vectors follow. */
  embedder: () => Embedder | null
  vectorIndex: VectorIndex
  onDocument?: (document: { id: string; collectionId: string }) => void
  log: Logger
}

/** Makes the vectors of documents on their way. A failing embedder stops nothing: words find what has no vectors yet. */
export interface VectorStages {
  /** Of a group of short documents, before they are written. */
  embed(group: readonly Work[], signal: AbortSignal): Promise<void>
  /** Of a long document that is written already. */
  fillOne(actor: Actor, work: Work, signal: AbortSignal): Promise<void>
  /** Of everything that lacks some. */
  fillVectors(actor: Actor, signal: AbortSignal): Promise<void>
  /** Those that a document has before it changes. Null: none of the embedder in use. */
  remember(actor: Actor, documentId: string): Promise<EarlierVectors | null>
}

/** Chunks embedded in one request. Killed midway, no more than those of two requests are made again. */
export const embedBatch = 32

export function createVectorStages(deps: VectorStagesDeps): VectorStages {
  const { chunks, log } = deps

  /** Without an embedder, or when it fails, the documents are still found by words; `fillVectors` catches up. */
  async function embed(group: readonly Work[], signal: AbortSignal): Promise<void> {
    const embedder = deps.embedder()
    for (const work of group) Object.assign(work, { vectors: null, fingerprint: null })
    if (!embedder) return
    // A long document is found by words at once, and by meaning piece by piece: see `fillOne`.
    const own = group.filter((work) => (work.chunks?.length ?? 0) <= embedBatch)
    const inputs = own.flatMap((work) =>
      (work.chunks ?? []).map((chunk) => {
        const text = passageInput({ title: work.parsed?.title ?? "", ...chunk })
        return { text, vector: earlierVector(work.target, embedder.fingerprint, text) }
      }),
    )
    try {
      const missing = inputs.filter(({ vector }) => vector === undefined)
      for (let from = 0; from < missing.length; from += embedBatch) {
        signal.throwIfAborted()
        const part = missing.slice(from, from + embedBatch)
        const texts = part.map(({ text }) => text)
        const made = await embedder.embed(texts, "passage", signal)
        for (const [at, input] of part.entries()) input.vector = made[at]
      }
      const vectors = inputs.map(({ vector }) => vector as Float32Array)
      let at = 0
      for (const work of own) {
        const count = work.chunks?.length ?? 0
        work.vectors = vectors.slice(at, at + count)
        work.fingerprint = embedder.fingerprint
        at += count
      }
    } catch (error) {
      if (isAbort(error, signal)) throw error
      log.warn("documents are found by words only until their vectors are made", { documents: own.length, error })
    }
  }

  /** Vectors of a document that is found by words already, each batch kept as soon as it is made. */
  async function fillOne(actor: Actor, work: Work, signal: AbortSignal): Promise<void> {
    const embedder = deps.embedder()
    if (!embedder || (work.chunks?.length ?? 0) <= embedBatch) return
    try {
      const rows = (await chunks.byDocument(actor, work.document.id)).map((row) => {
        const text = passageInput({ title: row.documentTitle, ...row })
        return { chunkId: row.id, text, vector: earlierVector(work.target, embedder.fingerprint, text) }
      })
      const known = rows.flatMap(({ chunkId, vector }) => (vector ? [{ chunkId, vector }] : []))
      if (known.length > 0) await chunks.addVectors(actor, embedder.fingerprint, known)
      const missing = rows.filter(({ vector }) => vector === undefined)
      // One batch is kept while the next one is made.
      let keeping: Promise<void> = Promise.resolve()
      for (let from = 0; from < missing.length; from += embedBatch) {
        signal.throwIfAborted()
        const batch = missing.slice(from, from + embedBatch)
        const texts = batch.map(({ text }) => text)
        const vectors = await embedder.embed(texts, "passage", signal)
        const added = batch.map(({ chunkId }, at) => ({ chunkId, vector: vectors[at] as Float32Array }))
        await keeping
        keeping = chunks.addVectors(actor, embedder.fingerprint, added)
        // A failure is told where it is awaited.
        keeping.catch(() => undefined)
      }
      await keeping
      await deps.vectorIndex.written(embedder.fingerprint)
      deps.onDocument?.(work.document)
      work.vectors = []
    } catch (error) {
      if (isAbort(error, signal) || isStoreFull(error)) throw error
      log.warn("a document is found by words only until its vectors are made", { documentId: work.document.id, error })
    }
  }

  async function fillVectors(actor: Actor, signal: AbortSignal): Promise<void> {
    try {
      if (await deps.vectorIndex.needsRebuild()) await deps.vectorIndex.rebuild(actor, signal, () => {})
    } catch (error) {
      if (isAbort(error, signal) || isStoreFull(error)) throw error
      log.warn("vectors could not be completed", { error })
    }
  }

  async function remember(actor: Actor, documentId: string): Promise<EarlierVectors | null> {
    const embedder = deps.embedder()
    if (!embedder) return null
    const { fingerprint } = embedder
    const rows = await chunks.byDocument(actor, documentId)
    const vectors = await chunks.vectors(actor, { fingerprint, chunkIds: rows.map(({ id }) => id) })
    const byInput = new Map<string, Float32Array>()
    for (const row of rows) {
      const vector = vectors.get(row.id)
      if (vector) byInput.set(passageInput({ title: row.documentTitle, ...row }), vector)
    }
    return byInput.size > 0 ? { fingerprint, byInput } : null
  }

  return { embed, fillOne, fillVectors, remember }
}

function earlierVector({ earlier }: Target, fingerprint: string, input: string): Float32Array | undefined {
  return earlier?.fingerprint === fingerprint ? earlier.byInput.get(input) : undefined
}
