import type { Document } from "#contract/documents.ts"
import type { Actor } from "#core/actor.ts"

export interface NewChunk {
  ordinal: number
  text: string
  headingPath: string[]
  page: number | null
  start: number
  end: number
  tokenCount: number
  /** Sound and subtitles: when it is spoken. */
  startMs?: number | null
  endMs?: number | null
}

export interface ChunkRecord extends NewChunk {
  /** Absent: a piece of a document. */
  kind?: "memory"
  id: string
  documentId: string
  collectionId: string
  documentTitle: string
  documentPath: string
  documentKind?: Document["kind"]
  documentUrl?: string | null
  documentDatedAt?: number | null
  /** When the document last changed here, milliseconds since the epoch. Absent: unknown. */
  documentUpdatedAt?: number
}

/** What may be found, decided before anything is ranked: whoever asks for ten gets ten, if there are ten. */
export interface SearchFilter {
  /** Null or absent: all of the actor's. Throws `collection.not-found` for one that is not theirs. */
  collectionIds?: string[] | null
  /** Only these documents. */
  documentIds?: string[]
  /** Only documents with at least one of these tags. */
  tags?: string[]
  kinds?: Document["kind"][]
  /** Milliseconds since the epoch, inclusive, compared with the document's own date, else with when it was added. */
  after?: number
  before?: number
}

/** Whether words, vectors and passages belong together. Counts only: nothing is read that takes long. */
export interface IndexHealth {
  /** Fingerprint of the index that queries use. */
  active: string | null
  chunks: number
  /** Chunks in the word index. */
  words: number
  /** Chunks noted as having a vector in the active index, and vectors that are there. They differ after a half-written index. */
  members: number
  vectors: number
  /** Bytes of the vectors held in memory. */
  memoryBytes: number
}

export interface LexicalHit {
  chunk: ChunkRecord
  /** BM25 with the title and headings weighted; larger is better. */
  bm25: number
}

export interface VectorHit {
  chunk: ChunkRecord
  /** Cosine, −1..1. */
  similarity: number
}

export interface ChunkRepository {
  get(actor: Actor, id: string): Promise<ChunkRecord>
  byDocument(actor: Actor, documentId: string): Promise<ChunkRecord[]>
  /** `terms` are plain words, searched as they stand. */
  searchLexical(actor: Actor, query: { terms: string[]; limit: number } & SearchFilter): Promise<LexicalHit[]>
  /** Only vectors of this fingerprint take part. Exact: the nearest of all that the filter lets through. */
  searchVector(
    actor: Actor,
    query: { vector: Float32Array; fingerprint: string; limit: number } & SearchFilter,
  ): Promise<VectorHit[]>
  /** Another value after every change that could change what a search finds. */
  generation(): Promise<string>
  indexHealth(): Promise<IndexHealth>
  /**
   * Reads a stretch of the active index after this place (0: from the start) and takes out what is no vector: NaN, another length,
   * no passage to it, and with `zeros` those without direction. They are missing then, and made again by a rebuild.
   * `next`: the next place; null: it was the last. Small enough not to hold up other calls.
   */
  repairVectors(after: number, zeros: boolean): Promise<{ next: number | null; checked: number; removed: number }>
  /** Makes the word index anew from the passages, and brings notes and vectors of the active index together. */
  repairWords(): Promise<void>
  /** Cosine of the query with exactly these chunks. */
  similarities(
    actor: Actor,
    query: { vector: Float32Array; fingerprint: string; chunkIds: string[] },
  ): Promise<Map<string, number>>
  /** The vectors themselves, of few chunks. Chunks without one are left out. */
  vectors(actor: Actor, query: { fingerprint: string; chunkIds: string[] }): Promise<Map<string, Float32Array>>
  /** Inverse document frequency of each term over the actor's chunks. */
  inverseDocumentFrequencies(actor: Actor, terms: string[]): Promise<Map<string, number>>
  /** Chunks that lack a vector of this fingerprint, oldest first: work for building an index beside the old one. */
  missingVectors(actor: Actor, fingerprint: string, limit: number): Promise<ChunkRecord[]>
  addVectors(actor: Actor, fingerprint: string, vectors: { chunkId: string; vector: Float32Array }[]): Promise<void>
  /** The fingerprint that queries use, and how complete each index is. Setting it drops the others. */
  indexes(): Promise<{ active: string | null; counts: Record<string, number>; chunks: number }>
  setActiveIndex(fingerprint: string): Promise<void>
}
