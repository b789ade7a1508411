import type { ErrorInfo } from "#contract/errors.ts"
import type { Passage } from "#contract/turns.ts"
import type { Actor } from "#core/actor.ts"
import type { Clock } from "#core/clock.ts"
import type { Embedder } from "#engines/types.ts"
import type { ChunkRecord, ChunkRepository, SearchFilter } from "#store/types.ts"
import type { Adjustment, RankingContext } from "../adjust.ts"
import type { Features } from "../features.ts"
import type { SearchShares } from "../fuse.ts"
import type { FusionWeights } from "../fusionWeights.ts"
import type { QueryTerms } from "../queryTerms.ts"
import type { RankingModel } from "../ranking.ts"
import type { TermWeights } from "../relevance.ts"
import type { Rerank } from "../rerank.ts"
import type { CacheLabel, SearchCache } from "../searchCache.ts"

export interface RetrieveRequest {
  query: string
  /** Null: all of the actor's collections. */
  collectionIds: readonly string[] | null
  /** What else limits the search. Default: nothing. */
  filter?: Omit<SearchFilter, "collectionIds">
  /** Passages returned at most. Default 6. */
  topK?: number
  /**
   * Passages returned at most where the confidence is under `answerFloor`: what documents say in other words than the question ranks
   * lower. Default `topK`.
   */
  unsureTopK?: number
  /** Earlier questions of the conversation, oldest first. */
  history?: readonly string[]
  /** Confidence from which the passages are handed out, 0..1. Default `answerFloor`; less where a model reads them and is checked. */
  floor?: number
  persona?: RankingContext["persona"]
}

export interface RetrieveDeps {
  chunks: ChunkRepository
  /** The embedder whose index is complete (`createVectorIndex`). Null: words alone are searched. */
  queryEmbedder: () => Promise<Embedder | null>
  clock: Clock
  /** Spares repeated questions their search. Default: none. */
  cache?: SearchCache
  /** Shares of words and vectors in P0. Default: the measured ones. */
  shares?: SearchShares
  /** Weights of the features in P1, as this person has them. Default: the shipped ones. */
  ranking?: (actor: Actor) => RankingModel
  /** Shares of learned and conceptual score. Default: the measured ones. */
  fusion?: () => FusionWeights
  /** Reads the best passages together with the question. Default: nothing does. */
  rerank?: Rerank
  /** What the person's clicks say of these passages, −1..1; unknown ones are left out. */
  feedback?: (
    actor: Actor,
    asked: { query: string; chunkIds: string[] },
    signal: AbortSignal,
  ) => Promise<ReadonlyMap<string, number>>
  /** Remembered facts that belong to the question. */
  memories?: (actor: Actor, query: string, signal: AbortSignal) => Promise<readonly { text: string; weight: number }[]>
}

/** One result with everything that led to its place. */
export interface RankedChunk {
  chunk: ChunkRecord
  /** Of the last phase; about 0..1. */
  score: number
  /** P0: words and vectors, 0..1. */
  conceptualScore: number
  /** P1: learned, 0..1. */
  ltrScore: number
  features: Features
  /** P2: what moved it, with reasons. */
  adjustments: Adjustment[]
}

/** How a question was searched for. */
export interface SearchTrace {
  /** Vector of the query, where an embedder took part. */
  vector: Float32Array | null
  embedder: Embedder | null
  embedMs: number
  searchMs: number
  /** Why the words decided alone. Null: they did not, or there is no index by meaning. */
  embedError: ErrorInfo | null
  cache: { embedding: CacheLabel; retrieval: CacheLabel }
}

export interface Retrieval extends SearchTrace {
  query: QueryTerms
  weights: TermWeights
  /** Best first, without near-duplicates, numbered from 1. */
  passages: Passage[]
  /** False: the documents do not answer. `passages` is then empty and `closest` holds the three nearest. */
  found: boolean
  closest: Passage[]
  /** How likely the passages answer, 0..1; `found` from the request's floor. */
  confidence: number
  /** Names in the question that no document has: reason enough for `found: false`. */
  unknown: string[]
  ranked: RankedChunk[]
  /** The weights that took part. */
  fusion: FusionWeights
  rankingVersion: string
}
