import type { Passage, PhaseResult, TurnEventBody } from "#contract/turns.ts"
import type { Actor } from "#core/actor.ts"
import type { Clock } from "#core/clock.ts"
import type { Embedder } from "#engines/types.ts"
import type { ChunkRecord, ChunkRepository } from "#store/types.ts"
import { hasAnswerForm } from "./bestSentence.ts"
import { deduplicate } from "./deduplicate.ts"
import { defaultFusionWeights, type FusionWeights, fuse } from "./fuse.ts"
import { type QueryTerms, queryTerms, questionParts } from "./queryTerms.ts"
import { answerFloor, confidenceOf, coverageOf, coverageOfStems, type TermWeights, termWeights } from "./relevance.ts"
import { unknownNames } from "./unknownNames.ts"
import { stemsOf } from "./words.ts"

export interface RetrieveRequest {
  query: string
  /** Null: all of the actor's collections. */
  collectionIds: readonly string[] | null
  /** Passages returned at most. Default 6. */
  topK?: number
  /** Earlier questions of the conversation, oldest first. */
  history?: readonly string[]
}

export interface RetrieveDeps {
  chunks: ChunkRepository
  /** The embedder whose index is complete (`createVectorIndex`). Null: words alone are searched. */
  queryEmbedder: () => Promise<Embedder | null>
  clock: Clock
  weights?: FusionWeights
}

/** One result with everything that led to its place. */
export interface RankedChunk {
  chunk: ChunkRecord
  /** Fused, 0..1. */
  score: number
  features: { bm25: number; similarity: number; coverage: number; rank_lexical: number; rank_vector: number }
}

export interface Retrieval {
  query: QueryTerms
  weights: TermWeights
  /** Best first, without near-duplicates, numbered from 1. */
  passages: Passage[]
  /** False: the documents do not answer. `passages` is then empty and `closest` holds the three nearest. */
  found: boolean
  closest: Passage[]
  /** How likely the passages answer, 0..1; `found` from .5. */
  confidence: number
  /** Names in the question that no document has: reason enough for `found: false`. */
  unknown: string[]
  ranked: RankedChunk[]
  /** Vector of the query, where an embedder took part. */
  vector: Float32Array | null
  embedder: Embedder | null
  embedMs: number
  searchMs: number
}

export type RetrieveEvent = Extract<TurnEventBody, { type: "retrieve-start" | "retrieve-phase" | "retrieve-end" }>

export const featureNames = ["bm25", "similarity", "coverage", "rank_lexical", "rank_vector"] as const

/** Candidates taken from each of the two searches. */
const depth = 100
const closestCount = 3

/** Finds the passages for a question; yields what a turn shows of it and returns the whole. */
export async function* retrieve(
  actor: Actor,
  request: RetrieveRequest,
  deps: RetrieveDeps,
  signal: AbortSignal,
): AsyncGenerator<RetrieveEvent, Retrieval> {
  yield { type: "retrieve-start", query: request.query }
  const retrieval = await retrieveParts(actor, request, deps, signal)
  yield {
    type: "retrieve-phase",
    phase: "P0",
    provisional: false,
    results: retrieval.ranked.map(phaseResult),
    delta: [],
    meta: { embed_ms: retrieval.embedMs, search_ms: retrieval.searchMs, confidence: retrieval.confidence },
  }
  const { passages, found, closest, embedMs, searchMs } = retrieval
  yield { type: "retrieve-end", passages, found, closest, embedMs, searchMs }
  return retrieval
}

/** A question of several parts is also searched part by part: each finds its own passage. */
async function retrieveParts(
  actor: Actor,
  request: RetrieveRequest,
  deps: RetrieveDeps,
  signal: AbortSignal,
): Promise<Retrieval> {
  const whole = await retrievePassages(actor, request, deps, signal)
  const parts = questionParts(request.query)
  if (parts.length === 1 || !whole.found) return whole
  const found: RankedChunk[][] = []
  for (const [index, part] of parts.entries()) {
    const history = index === 0 ? request.history : [parts[0] as string]
    found.push((await retrievePassages(actor, { ...request, query: part, history, topK: 2 }, deps, signal)).ranked)
  }
  const [first, ...rest] = whole.ranked
  const order = [
    ...(first ? [first] : []),
    ...[0, 1].flatMap((place) => found.flatMap((list) => list[place] ?? [])),
    ...rest,
  ]
  const ranked = order
    .filter((entry, index) => order.findIndex((other) => other.chunk.id === entry.chunk.id) === index)
    .slice(0, Math.max(whole.ranked.length, 2 * parts.length))
  return { ...whole, ranked, passages: ranked.map(toPassage) }
}

/** Hybrid search: BM25 and vectors, fused, without near-duplicates, and a verdict whether they answer at all. */
export async function retrievePassages(
  actor: Actor,
  request: RetrieveRequest,
  deps: RetrieveDeps,
  signal: AbortSignal,
): Promise<Retrieval> {
  const query = queryTerms(request.query, request.history)
  const topK = request.topK ?? 6
  const collectionIds = request.collectionIds ? [...request.collectionIds] : null
  const startedAt = deps.clock.monotonic()
  const embedder = await deps.queryEmbedder()
  const vector = embedder ? ((await embedder.embed([query.text], "query", signal))[0] ?? null) : null
  const embeddedAt = deps.clock.monotonic()
  signal.throwIfAborted()

  const words = query.terms.map((term) => term.word)
  const limit = Math.max(depth, topK)
  const vectorQuery = vector && embedder ? { vector, fingerprint: embedder.fingerprint } : null
  const [lexical, nearest, rarity] = await Promise.all([
    deps.chunks.searchLexical(actor, { terms: words, collectionIds, limit }),
    vectorQuery ? deps.chunks.searchVector(actor, { ...vectorQuery, collectionIds, limit }) : [],
    deps.chunks.inverseDocumentFrequencies(actor, words),
  ])
  signal.throwIfAborted()

  const candidates = new Map<string, { chunk: ChunkRecord; bm25: number | null; similarity: number | null }>()
  for (const { chunk, bm25 } of lexical) candidates.set(chunk.id, { chunk, bm25, similarity: null })
  for (const { chunk, similarity } of nearest) {
    candidates.set(chunk.id, { chunk, bm25: candidates.get(chunk.id)?.bm25 ?? null, similarity })
  }
  const unscored = [...candidates.values()].filter((candidate) => candidate.similarity === null)
  if (vectorQuery && unscored.length > 0) {
    const chunkIds = unscored.map(({ chunk }) => chunk.id)
    const similarities = await deps.chunks.similarities(actor, { ...vectorQuery, chunkIds })
    for (const candidate of unscored) candidate.similarity = similarities.get(candidate.chunk.id) ?? null
  }

  const weights = termWeights(query.terms, rarity)
  const lexicalRank = new Map(lexical.map(({ chunk }, index) => [chunk.id, index + 1]))
  const vectorRank = new Map(nearest.map(({ chunk }, index) => [chunk.id, index + 1]))
  const list = [...candidates.values()]
  const isCut = (hits: readonly unknown[]): boolean => hits.length >= limit
  const floors = {
    bm25: isCut(lexical) ? (lexical.at(-1)?.bm25 ?? 0) : 0,
    similarity: isCut(nearest) ? (nearest.at(-1)?.similarity ?? null) : null,
  }
  const scores = fuse(list, deps.weights ?? defaultFusionWeights, floors)
  const sorted = list
    .map((candidate, index) => ({ ...candidate, score: scores[index] as number }))
    .sort((a, b) => b.score - a.score || (a.chunk.id < b.chunk.id ? -1 : 1))
  const ranked = deduplicate(sorted, ({ chunk }) => chunk, topK).map(({ chunk, bm25, similarity, score }) => ({
    chunk,
    score,
    features: {
      bm25: bm25 ?? 0,
      similarity: similarity ?? 0,
      coverage: coverageOf(weights, searchable(chunk)),
      rank_lexical: lexicalRank.get(chunk.id) ?? 0,
      rank_vector: vectorRank.get(chunk.id) ?? 0,
    },
  }))
  const confidence = confidenceOfRanked(ranked, query, weights, embedder !== null && !embedder.isFallback)
  // A rare name is found wherever it stands, so the candidates hold every document that has it.
  const unknown = unknownNames(
    request.query,
    list.map(({ chunk }) => `${chunk.documentPath}\n${searchable(chunk)}`),
  )
  const found = ranked.length > 0 && confidence >= answerFloor && unknown.length === 0
  const passages = ranked.map(toPassage)
  return {
    query,
    weights,
    passages: found ? passages : [],
    found,
    closest: found ? [] : passages.slice(0, closestCount),
    confidence,
    unknown,
    ranked,
    vector,
    embedder,
    embedMs: embeddedAt - startedAt,
    searchMs: deps.clock.monotonic() - embeddedAt,
  }
}

function confidenceOfRanked(
  ranked: readonly RankedChunk[],
  query: QueryTerms,
  weights: TermWeights,
  isTrained: boolean,
): number {
  const top = ranked.slice(0, closestCount)
  if (top.length === 0) return 0
  const joint = new Set(top.flatMap(({ chunk }) => [...stemsOf(searchable(chunk))]))
  const answers = top.some(({ chunk }) => hasAnswerForm(query.answerKind, chunk.text))
  return Math.max(
    ...top.map(({ features }) =>
      confidenceOf({
        coverage: features.coverage,
        jointCoverage: coverageOfStems(weights, joint),
        similarity: isTrained ? features.similarity : null,
        hasAnswerForm: answers,
      }),
    ),
  )
}

const searchable = (chunk: ChunkRecord): string =>
  `${chunk.documentTitle}\n${chunk.headingPath.join("\n")}\n${chunk.text}`

function toPassage({ chunk, score, features }: RankedChunk, index: number): Passage {
  return {
    n: index + 1,
    chunkId: chunk.id,
    documentId: chunk.documentId,
    collectionId: chunk.collectionId,
    title: chunk.documentTitle,
    path: chunk.documentPath,
    headingPath: chunk.headingPath,
    page: chunk.page,
    text: chunk.text,
    start: chunk.start,
    end: chunk.end,
    score,
    similarity: features.similarity,
  }
}

function phaseResult({ chunk, score, features }: RankedChunk, index: number): PhaseResult {
  return {
    id: chunk.id,
    documentId: chunk.documentId,
    title: chunk.documentTitle,
    textPreview: chunk.text.slice(0, 200),
    distance: 1 - features.similarity,
    score,
    rank: index + 1,
    features: { ...features },
  }
}
