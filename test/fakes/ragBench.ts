import { ownerActor } from "#core/actor.ts"
import { systemClock } from "#core/clock.ts"
import { silentLogger } from "#core/logger.ts"
import type { Embedder } from "#engines/types.ts"
import { createIngest, type Ingest } from "#rag/ingest.ts"
import type { Parser } from "#rag/parse/createParser.ts"
import { readDocument } from "#rag/parse/readDocument.ts"
import { type Retrieval, type RetrieveDeps, retrievePassages } from "#rag/retrieve.ts"
import { createVectorIndex, type VectorIndex } from "#rag/vectorIndex.ts"
import { createMemoryStore } from "#store/memory/createMemoryStore.ts"
import type { Store } from "#store/types.ts"
import { createWordEmbedder } from "./wordEmbedder.ts"

/** Reads documents in this process. */
export const inlineParser: Parser = { parse: (input) => readDocument(input), close: async () => {} }

export interface RagBench {
  store: Store
  ingest: Ingest
  vectorIndex: VectorIndex
  retrieveDeps: RetrieveDeps
  /** Ingests a path into a collection of its own and returns the collection's id. */
  addPath(path: string, signal?: AbortSignal): Promise<string>
  ask(
    query: string,
    options?: { history?: string[]; topK?: number; collectionIds?: string[] | null },
  ): Promise<Retrieval>
  useEmbedder(embedder: Embedder | null): void
}

/** Everything between a folder of documents and a list of passages, on the memory store. */
export function createRagBench(
  options: { store?: Store; embedder?: Embedder | null; parser?: Parser; onDocument?: () => void } = {},
): RagBench {
  const store = options.store ?? createMemoryStore()
  let current = options.embedder === undefined ? createWordEmbedder() : options.embedder
  const embedder = (): Embedder | null => current
  const vectorIndex = createVectorIndex({ chunks: store.chunks, embedder, log: silentLogger })
  const ingest = createIngest({
    store,
    parser: options.parser ?? inlineParser,
    embedder,
    vectorIndex,
    ...(options.onDocument ? { onDocument: options.onDocument } : {}),
    log: silentLogger,
  })
  const retrieveDeps: RetrieveDeps = {
    chunks: store.chunks,
    queryEmbedder: () => vectorIndex.queryEmbedder(),
    clock: systemClock,
  }
  return {
    store,
    ingest,
    vectorIndex,
    retrieveDeps,
    async addPath(path, signal = new AbortController().signal) {
      const known = await store.collections.findBySourcePath(ownerActor, path)
      const collection = known ?? (await store.collections.create(ownerActor, { name: path, sourcePath: path }))
      await ingest.run(ownerActor, { type: "path", collectionId: collection.id, path }, { signal, progress: () => {} })
      return collection.id
    },
    ask: (query, { collectionIds = null, ...rest } = {}) =>
      retrievePassages(ownerActor, { query, collectionIds, ...rest }, retrieveDeps, new AbortController().signal),
    useEmbedder(embedder) {
      current = embedder
    },
  }
}
