import { type Memory, memoryCollectionId } from "#contract/memory.ts"
import type { Actor } from "#core/actor.ts"
import type { Embedder } from "#engines/types.ts"
import type {
  ChunkRecord,
  ChunkRepository,
  LexicalHit,
  MemoryRepository,
  SearchFilter,
  VectorHit,
} from "#store/types.ts"
import { wordsOf } from "../words.ts"

export interface MemorySearch {
  store: MemoryRepository
  /** The embedder that queries use: memories without a vector of it are embedded before they are searched. */
  fill: (actor: Actor, fingerprint: string) => Promise<void>
  /** Another value after every change of a memory. */
  version: () => number
}

/** Who names collections, documents, tags, kinds or dates asks documents. */
const isNarrowed = ({ collectionIds = null, documentIds, tags, kinds, after, before }: SearchFilter): boolean =>
  collectionIds !== null || [documentIds, tags, kinds, after, before].some((part) => part !== undefined)

const k1 = 1.2
const usualWords = 160
const b = 0.5

/**
 * Searches memories beside the chunks of documents, on the same scales: BM25 with the documents' own rarity of words times the memory's
 * weight, and the cosine times the weight up to 1, so that a weight alone never makes a memory look like an answer. Only searches over
 * all collections see them: who names a collection asks its documents.
 */
export function withMemories(chunks: ChunkRepository, { store, fill, version }: MemorySearch): ChunkRepository {
  return {
    ...chunks,
    generation: async () => `${await chunks.generation()}/${version()}`,
    async searchLexical(actor, query) {
      const hits = await chunks.searchLexical(actor, query)
      if (isNarrowed(query)) return hits
      const memories = await store.searchLexical(actor, { terms: query.terms, limit: query.limit })
      if (memories.length === 0) return hits
      const rarity = await chunks.inverseDocumentFrequencies(actor, query.terms)
      const found = memories.map(
        (memory): LexicalHit => ({ chunk: toChunk(memory), bm25: bm25(memory, query.terms, rarity) }),
      )
      return [...hits, ...found].sort((x, y) => y.bm25 - x.bm25).slice(0, query.limit)
    },
    async searchVector(actor, query) {
      const hits = await chunks.searchVector(actor, query)
      if (isNarrowed(query)) return hits
      await fill(actor, query.fingerprint)
      const { vector, fingerprint, limit } = query
      const memories = await store.searchVector(actor, { vector, fingerprint, limit })
      const found = memories.map(
        ({ memory, similarity }): VectorHit => ({
          chunk: toChunk(memory),
          similarity: similarity * Math.min(1, memory.weight),
        }),
      )
      return [...hits, ...found].sort((x, y) => y.similarity - x.similarity).slice(0, limit)
    },
    async similarities(actor, query) {
      const known = await chunks.similarities(actor, query)
      const open = new Set(query.chunkIds.filter((id) => !known.has(id)))
      if (open.size === 0) return known
      const { vector, fingerprint } = query
      const ids = [...open]
      for (const { memory, similarity } of await store.searchVector(actor, {
        vector,
        fingerprint,
        ids,
        limit: ids.length,
      }))
        known.set(memory.id, similarity * Math.min(1, memory.weight))
      return known
    },
  }
}

/** Fills in before searching, with the embedder of that fingerprint where it is at hand. */
export const fillWith =
  (
    queryEmbedder: () => Promise<Embedder | null>,
    fill: (actor: Actor, embedder: Embedder, signal: AbortSignal) => Promise<void>,
  ): MemorySearch["fill"] =>
  async (actor, fingerprint) => {
    const embedder = await queryEmbedder()
    if (embedder?.fingerprint === fingerprint) await fill(actor, embedder, AbortSignal.timeout(10_000))
  }

function bm25(memory: Memory, terms: readonly string[], rarity: ReadonlyMap<string, number>): number {
  const words = wordsOf(memory.text)
  const wanted = new Map(
    terms.flatMap((term) => wordsOf(term).map(({ stem }) => [stem, rarity.get(term) ?? 0] as const)),
  )
  const length = 1 - b + (b * words.length) / usualWords
  let sum = 0
  for (const [stem, idf] of wanted) {
    const times = words.filter((word) => word.stem === stem).length
    sum += idf * ((times * (k1 + 1)) / (times + k1 * length))
  }
  return sum * memory.weight
}

const toChunk = (memory: Memory): ChunkRecord => ({
  kind: "memory",
  id: memory.id,
  documentId: memory.id,
  collectionId: memoryCollectionId,
  documentTitle: "Memory",
  documentPath: "memory",
  documentUpdatedAt: memory.updatedAt,
  ordinal: 0,
  text: memory.text,
  headingPath: [],
  page: null,
  start: 0,
  end: memory.text.length,
  tokenCount: Math.ceil(memory.text.length / 4),
})
