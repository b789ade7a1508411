import { ownerActor } from "#core/actor.ts"
import { silentLogger } from "#core/logger.ts"
import type { Embedder } from "#engines/types.ts"
import { type Chunking, chunkingFor, chunkingName } from "#rag/chunking.ts"
import { createIngest, type Ingest } from "#rag/ingest.ts"
import { createResplit, type PassageIndex, type Resplit } from "#rag/resplit/resplit.ts"
import { createSwapGate, type SwapGate, type SwapGateDeps } from "#rag/swapGate.ts"
import { createVectorIndex } from "#rag/vectorIndex.ts"
import type { Store } from "#store/types.ts"
import { inlineParser } from "./ragBench.ts"

export interface ResplitBench {
  resplit: Resplit
  gate: SwapGate<PassageIndex>
  ingest: Ingest
  /** Reads a folder into a collection of its own. */
  addPath(path: string): Promise<string>
}

export interface ResplitBenchOptions {
  store: Store
  embedder: Embedder
  passageTokens: () => number
  shadows: { open(name: string): Promise<Store>; remove(except: string | null): Promise<void> }
  /** Default: nothing is pinned. */
  pinnedRecall?: SwapGateDeps<PassageIndex>["pinnedRecall"]
}

/** Documents, and what splits them anew, as the core has them after a start. */
export async function createResplitBench(options: ResplitBenchOptions): Promise<ResplitBench> {
  const { store, embedder, passageTokens, shadows } = options
  const gate = createSwapGate<PassageIndex>({
    settings: store.settings,
    setting: "search.passages.refused",
    pinnedRecall: options.pinnedRecall ?? (async () => null),
    now: () => 7,
    log: silentLogger,
  })
  const wanted = (): Chunking => chunkingFor(passageTokens(), embedder)
  const resplit = createResplit({
    store,
    parser: inlineParser,
    embedder: () => embedder,
    wanted,
    openShadow: shadows.open,
    removeShadows: shadows.remove,
    gate,
    log: silentLogger,
  })
  await gate.load(ownerActor)
  await resplit.load(ownerActor)
  const vectorIndex = createVectorIndex({ chunks: store.chunks, embedder: () => embedder, log: silentLogger })
  const ingest = createIngest({
    store,
    parser: inlineParser,
    embedder: () => embedder,
    chunking: resplit.current,
    vectorIndex,
    log: silentLogger,
  })
  return {
    resplit,
    gate,
    ingest,
    async addPath(path) {
      const known = await store.collections.findBySourcePath(ownerActor, path)
      const { id } = known ?? (await store.collections.create(ownerActor, { name: path, sourcePath: path }))
      const options = { signal: new AbortController().signal, progress: () => {} }
      await ingest.run(ownerActor, { type: "path", collectionId: id, path }, options)
      return id
    },
  }
}

/** What can be found: of each document its path, and the borders and texts of its passages. */
export async function passagesOf(store: Pick<Store, "documents" | "chunks">): Promise<Record<string, string[]>> {
  const { items } = await store.documents.list(ownerActor, { limit: 5000 })
  const found: Record<string, string[]> = {}
  for (const { id, path } of items) {
    const rows = await store.chunks.byDocument(ownerActor, id)
    found[path] = rows.map(({ start, end, text }) => `${start}-${end} ${text}`)
  }
  return found
}

export const nameOf = (passageTokens: number, embedder: Embedder): string =>
  chunkingName(chunkingFor(passageTokens, embedder))
