import type { ErrorInfo } from "#contract/errors.ts"
import { phaseDelta } from "#contract/phaseDelta.ts"
import type { Passage, PhaseResult, TurnEventBody } from "#contract/turns.ts"
import type { Actor } from "#core/actor.ts"
import type { Clock } from "#core/clock.ts"
import { AppError, errorInfo, isAbort } from "#core/errors.ts"
import type { Embedder } from "#engines/types.ts"
import type { ChunkRecord, ChunkRepository, SearchFilter } from "#store/types.ts"
import { type Adjustment, adjust, type RankingContext } from "./adjust.ts"
import { hasAnswerForm } from "./bestSentence.ts"
import { deduplicate } from "./deduplicate.ts"
import { type Features, featureNames, featureSchemaVersion, featuresOf, type SearchSignals } from "./features.ts"
import { defaultSearchShares, type Fused, fuse, type SearchShares } from "./fuse.ts"
import { defaultFusionWeights, type FusionWeights, fusedScore } from "./fusionWeights.ts"
import { sharesOf, vectorCloseness } from "./neighbours.ts"
import { passageInput } from "./passageInput.ts"
import { type QueryTerms, queryTerms, questionParts } from "./queryTerms.ts"
import { ltrScore, type RankingModel, shippedRanking } from "./ranking.ts"
import { answerFloor, confidenceOf, coverageOfStems, type TermWeights, termWeights } from "./relevance.ts"
import { type Rerank, type Reranked, rerankedScores } from "./rerank.ts"
import type { CacheLabel, SearchCache } from "./searchCache.ts"
import { unknownNames } from "./unknownNames.ts"
import { stemsOf } from "./words.ts"

export interface RetrieveRequest {
  query: string
  /** Null: all of the actor's collections. */
  collectionIds: readonly string[] | null
  /** What else limits the search. Default: nothing. */
  filter?: Omit<SearchFilter, "collectionIds">
  /** Passages returned at most. Default 6. */
  topK?: number
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

export interface Retrieval {
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
  /** Vector of the query, where an embedder took part. */
  vector: Float32Array | null
  embedder: Embedder | null
  embedMs: number
  searchMs: number
  /** Why the words decided alone. Null: they did not, or there is no index by meaning. */
  embedError: ErrorInfo | null
  cache: { embedding: CacheLabel; retrieval: CacheLabel }
  /** The weights that took part. */
  fusion: FusionWeights
  rankingVersion: string
}

export type RetrieveEvent = Extract<TurnEventBody, { type: "retrieve-start" | "retrieve-phase" | "retrieve-end" }>
type PhaseEvent = Extract<TurnEventBody, { type: "retrieve-phase" }>

/** Candidates taken from each of the two searches. */
const depth = 100
/** Best candidates of P0 that are ranked by features; the others keep their order behind them. */
const rankedDepth = 60
const closestCount = 3
const wordsAlone: SearchShares = { lexical: 1, vector: 0, neighbours: 0 }

/** Finds the passages for a question; yields what a turn shows of it and returns the whole. */
export async function* retrieve(
  actor: Actor,
  request: RetrieveRequest,
  deps: RetrieveDeps,
  signal: AbortSignal,
): AsyncGenerator<RetrieveEvent, Retrieval> {
  yield { type: "retrieve-start", query: request.query }
  const retrieval = yield* rankPhases(actor, request, deps, signal)
  const { passages, found, closest, embedMs, searchMs } = retrieval
  yield { type: "retrieve-end", passages, found, closest, embedMs, searchMs }
  return retrieval
}

/** `retrieve` for those who want the result alone. */
export async function retrievePassages(
  actor: Actor,
  request: RetrieveRequest,
  deps: RetrieveDeps,
  signal: AbortSignal,
): Promise<Retrieval> {
  const events = retrieve(actor, request, deps, signal)
  for (;;) {
    const next = await events.next()
    if (next.done) return next.value
  }
}

/** P0, P1 and P2, each as soon as it is known, and the verdict whether the passages answer at all. */
async function* rankPhases(
  actor: Actor,
  request: RetrieveRequest,
  deps: RetrieveDeps,
  signal: AbortSignal,
): AsyncGenerator<PhaseEvent, Retrieval> {
  const topK = request.topK ?? 6
  const fusion = deps.fusion?.() ?? defaultFusionWeights
  const ranking = deps.ranking?.(actor) ?? shippedRanking

  const search = await searchBoth(actor, request, deps, signal)
  const best = deduplicate(search.candidates, ({ chunk }) => chunk, topK)
  const remembered = best.filter(({ chunk }) => chunk.kind === "memory").length
  const shown = best.map(({ chunk, similarity, conceptualScore }, index) =>
    placed(chunk, similarity ?? 0, conceptualScore, index),
  )
  yield {
    type: "retrieve-phase",
    phase: "P0",
    provisional: true,
    results: shown,
    delta: [],
    meta: {
      embed_ms: search.embedMs,
      search_ms: search.searchMs,
      index: search.embedder?.fingerprint ?? null,
      retrieved: search.candidates.length,
      ...(remembered > 0 ? { memory: { added: remembered } } : {}),
      shares: search.shares,
      cache: search.cache,
      ...(search.embedError ? { embed_error: search.embedError } : {}),
    },
  }
  signal.throwIfAborted()

  const rankingAt = deps.clock.monotonic()
  const candidates = search.candidates.slice(0, Math.max(rankedDepth, topK))
  const chunkIds = candidates.map(({ chunk }) => chunk.id)
  const feedback =
    (await deps.feedback?.(actor, { query: request.query, chunkIds }, signal)) ?? new Map<string, number>()
  const { query, weights } = search
  const features = featuresOf(candidates, { query, weights, now: hourOf(deps.clock.now()), feedback })
  const describedAt = deps.clock.monotonic()
  const learnedScores = features.map((own) => ltrScore(ranking, own))
  const learnedAt = deps.clock.monotonic()
  const learned = candidates
    .map(({ chunk, conceptualScore }, index): RankedChunk => {
      const learnedScore = learnedScores[index] as number
      return {
        chunk,
        score: fusedScore(fusion, learnedScore, conceptualScore),
        conceptualScore,
        ltrScore: learnedScore,
        features: features[index] as Features,
        adjustments: [],
      }
    })
    .sort(bestFirst)
  const learnedResults = deduplicate(learned, ({ chunk }) => chunk, topK).map(phaseResult)
  yield {
    type: "retrieve-phase",
    phase: "P1",
    provisional: true,
    results: learnedResults,
    delta: phaseDelta(shown, learnedResults),
    meta: {
      feature_ms: describedAt - rankingAt,
      ltr_ms: learnedAt - describedAt,
      fusion_ms: deps.clock.monotonic() - learnedAt,
      feature_names: featureNames,
      feature_schema_version: featureSchemaVersion,
      ranking: { version: ranking.version, bias: ranking.bias, weights: ranking.weights },
      fusion_weights: fusion,
    },
  }
  signal.throwIfAborted()

  const adjustingAt = deps.clock.monotonic()
  const memories = (await deps.memories?.(actor, request.query, signal)) ?? []
  const reranked = (await deps.rerank?.(request.query, learned.map(readTogether), signal)) ?? null
  const adjusted = withAdjustments(withReading(learned, reranked), request, memories)
  const ranked = deduplicate(adjusted, ({ chunk }) => chunk, topK)
  const verdict = judge(request, ranked, search)
  const final = verdict.found ? await withParts(actor, ranked, adjusted, request, deps, signal) : ranked
  const results = final.map(phaseResult)
  yield {
    type: "retrieve-phase",
    phase: "P2",
    provisional: false,
    results,
    delta: phaseDelta(learnedResults, results),
    meta: {
      adjust_ms: deps.clock.monotonic() - adjustingAt,
      ...(reranked ? { rerank: { ...reranked, scores: undefined } } : {}),
      confidence: verdict.confidence,
      found: verdict.found,
      final: true,
    },
  }

  const passages = final.map(toPassage)
  return {
    query,
    weights,
    passages: verdict.found ? passages : [],
    closest: verdict.found ? [] : passages.slice(0, closestCount),
    ...verdict,
    ranked: final,
    vector: search.vector,
    embedder: search.embedder,
    embedMs: search.embedMs,
    searchMs: search.searchMs,
    embedError: search.embedError,
    cache: search.cache,
    fusion,
    rankingVersion: ranking.version,
  }
}

/** Recency is counted in hours: the same question asked again gets the same scores to the last digit. */
const hourMs = 3_600_000
const hourOf = (at: number): number => Math.floor(at / hourMs) * hourMs

interface Search {
  query: QueryTerms
  weights: TermWeights
  /** Best first. */
  candidates: SearchSignals[]
  /** As they took part. */
  shares: SearchShares
  vector: Float32Array | null
  embedder: Embedder | null
  embedMs: number
  searchMs: number
  /** Why the words decided alone. Null: they did not, or there is no index by meaning. */
  embedError: ErrorInfo | null
  cache: { embedding: CacheLabel; retrieval: CacheLabel }
}

/** Both searches, fused. */
async function searchBoth(
  actor: Actor,
  request: RetrieveRequest,
  deps: RetrieveDeps,
  signal: AbortSignal,
): Promise<Search> {
  const query = queryTerms(request.query, request.history)
  const filter: SearchFilter = {
    ...request.filter,
    collectionIds: request.collectionIds ? [...request.collectionIds] : null,
  }
  const startedAt = deps.clock.monotonic()
  const embedder = await deps.queryEmbedder()
  let embedded: { value: Float32Array | null; isHit: boolean } = { value: null, isHit: false }
  let embedError: ErrorInfo | null = null
  if (embedder) {
    const embed = () => embedQuery(embedder, query.text, signal)
    try {
      embedded = deps.cache
        ? await deps.cache.vector(embedder, query.text, embed)
        : { value: await embed(), isHit: false }
    } catch (error) {
      if (isAbort(error, signal)) throw error
      embedError = errorInfo(error)
    }
  }
  const vector = embedded.value
  const embeddedAt = deps.clock.monotonic()
  signal.throwIfAborted()

  const question: Question = {
    words: query.terms.map((term) => term.word),
    filter,
    limit: Math.max(depth, request.topK ?? 0),
    vector: vector && embedder ? { vector, fingerprint: embedder.fingerprint } : null,
    shares: deps.shares ?? defaultSearchShares,
  }
  const find = () => findCandidates(actor, question, deps.chunks, signal)
  const { words, limit, shares } = question
  const fingerprint = embedder?.fingerprint ?? null
  const found = deps.cache
    ? await deps.cache.search(
        { personId: actor.personId, vector, fingerprint, words, filter, limit, weights: shares },
        find,
      )
    : { value: await find(), isHit: false }
  signal.throwIfAborted()
  return {
    query,
    weights: termWeights(query.terms, new Map(found.value.rarity)),
    candidates: found.value.candidates,
    shares: found.value.shares,
    vector,
    embedder,
    embedMs: embeddedAt - startedAt,
    searchMs: deps.clock.monotonic() - embeddedAt,
    embedError,
    cache: {
      embedding: deps.cache && embedder ? (embedded.isHit ? "hit" : "miss") : "off",
      retrieval: deps.cache ? (found.isHit ? "hit" : "miss") : "off",
    },
  }
}

/** A vector that is none would rank nothing: the words then decide alone, as when embedding fails. */
async function embedQuery(embedder: Embedder, text: string, signal: AbortSignal): Promise<Float32Array> {
  const vector = (await embedder.embed([text], "query", signal))[0]
  if (vector?.length === embedder.dimensions && vector.every(Number.isFinite)) return vector
  throw new AppError("store.bad-vector", "The embedding model gave no usable vector.", {
    remedy: "Verify the embedding model with `zenglow models verify`, or choose another one.",
  })
}

interface Question {
  words: string[]
  filter: SearchFilter
  limit: number
  vector: { vector: Float32Array; fingerprint: string } | null
  shares: SearchShares
}

/** What the index says of a question: kept until the index changes, so it holds nothing that JSON does not. */
interface Found {
  /** Best first. */
  candidates: SearchSignals[]
  rarity: [term: string, idf: number][]
  /** As they took part. */
  shares: SearchShares
}

async function findCandidates(
  actor: Actor,
  { words, filter, limit, vector: vectorQuery, shares: wanted }: Question,
  chunks: ChunkRepository,
  signal: AbortSignal,
): Promise<Found> {
  const [lexical, nearest, rarity] = await Promise.all([
    chunks.searchLexical(actor, { ...filter, terms: words, limit }),
    vectorQuery ? chunks.searchVector(actor, { ...filter, ...vectorQuery, limit }) : [],
    chunks.inverseDocumentFrequencies(actor, words),
  ])
  signal.throwIfAborted()

  const found = new Map<string, { chunk: ChunkRecord; bm25: number | null; similarity: number | null }>()
  for (const { chunk, bm25 } of lexical) found.set(chunk.id, { chunk, bm25, similarity: null })
  for (const { chunk, similarity } of nearest) {
    found.set(chunk.id, { chunk, bm25: found.get(chunk.id)?.bm25 ?? null, similarity })
  }
  const unscored = [...found.values()].filter((candidate) => candidate.similarity === null)
  if (vectorQuery && unscored.length > 0) {
    const chunkIds = unscored.map(({ chunk }) => chunk.id)
    const similarities = await chunks.similarities(actor, { ...vectorQuery, chunkIds })
    for (const candidate of unscored) candidate.similarity = similarities.get(candidate.chunk.id) ?? null
  }

  const lexicalRank = new Map(lexical.map(({ chunk }, index) => [chunk.id, index + 1]))
  const vectorRank = new Map(nearest.map(({ chunk }, index) => [chunk.id, index + 1]))
  const list = [...found.values()]
  const isCut = (hits: readonly unknown[]): boolean => hits.length >= limit
  const floors = {
    bm25: isCut(lexical) ? (lexical.at(-1)?.bm25 ?? 0) : 0,
    similarity: isCut(nearest) ? (nearest.at(-1)?.similarity ?? null) : null,
  }
  const hasVectors = list.some((candidate) => candidate.similarity !== null)
  const shares = hasVectors ? wanted : wordsAlone
  const fused = fuse(list, shares, floors)
  const sorted = list
    .map((candidate, index) => ({ ...candidate, ...(fused[index] as Fused) }))
    .sort((a, b) => b.score - a.score || (a.chunk.id < b.chunk.id ? -1 : 1))
  const neighbours = shares.neighbours ?? 0
  const closeness =
    vectorQuery && neighbours > 0
      ? sharesOf(await vectorCloseness(actor, sorted, vectorQuery.fingerprint, chunks))
      : null
  signal.throwIfAborted()
  const candidates = sorted
    .map(({ chunk, bm25, similarity, score, bm25Share, similarityShare }, index): SearchSignals => {
      const neighbourShare = closeness?.[index] ?? 0
      return {
        chunk,
        bm25,
        similarity,
        rankLexical: lexicalRank.get(chunk.id) ?? 0,
        rankVector: vectorRank.get(chunk.id) ?? 0,
        bm25Share,
        similarityShare,
        neighbourShare,
        conceptualScore: closeness ? (1 - neighbours) * score + neighbours * neighbourShare : score,
      }
    })
    .sort((a, b) => b.conceptualScore - a.conceptualScore || (a.chunk.id < b.chunk.id ? -1 : 1))
  return { candidates, rarity: [...rarity], shares }
}

const bestFirst = (a: RankedChunk, b: RankedChunk): number =>
  b.score - a.score || b.conceptualScore - a.conceptualScore || (a.chunk.id < b.chunk.id ? -1 : 1)

const readTogether = ({ chunk }: RankedChunk): string => passageInput({ title: chunk.documentTitle, ...chunk })

/** What the cross-encoder read changes places among itself; each score says by how much. */
function withReading(learned: RankedChunk[], reranked: Reranked | null): RankedChunk[] {
  if (reranked?.status !== "used") return learned
  const { scores } = reranked
  const after = rerankedScores(
    learned.map(({ score }) => score),
    scores,
  )
  return learned.map((entry, index) => {
    const score = after[index]
    if (score === undefined) return entry
    const reason = `Read together with the question: ${(scores[index] as number).toFixed(3)}`
    const adjustment: Adjustment = { name: "cross-encoder", value: score - entry.score, reason }
    return { ...entry, score, adjustments: [...entry.adjustments, adjustment] }
  })
}

function withAdjustments(
  learned: readonly RankedChunk[],
  request: RetrieveRequest,
  memories: RankingContext["memories"],
): RankedChunk[] {
  const { history, persona } = request
  const adjustable = learned.map(({ chunk, score, features }) => ({
    documentId: chunk.documentId,
    title: chunk.documentTitle,
    text: chunk.text,
    score,
    recency: features.recency,
  }))
  const adjustments = adjust(request.query, adjustable, { history, persona, memories })
  return learned
    .map((entry, index) => {
      const own = adjustments[index] ?? []
      const all = [...entry.adjustments, ...own]
      return { ...entry, adjustments: all, score: own.reduce((sum, { value }) => sum + value, entry.score) }
    })
    .sort(bestFirst)
}

/**
 * A question of several parts is also searched part by part: each finds its own passage, whatever its score for the whole.
 * Passages that are candidates of the whole question keep what is known of them there.
 */
async function withParts(
  actor: Actor,
  whole: RankedChunk[],
  candidates: readonly RankedChunk[],
  request: RetrieveRequest,
  deps: RetrieveDeps,
  signal: AbortSignal,
): Promise<RankedChunk[]> {
  const parts = questionParts(request.query)
  if (parts.length === 1) return whole
  // The whole question's time is spent: its parts are ranked without.
  const { rerank: _, ...partDeps } = deps
  const found: RankedChunk[][] = []
  for (const [index, part] of parts.entries()) {
    const history = index === 0 ? request.history : [parts[0] as string]
    const { ranked } = await retrievePassages(actor, { ...request, query: part, history, topK: 2 }, partDeps, signal)
    const note: Adjustment = { name: "part", value: 0, reason: `Answers “${part}”` }
    found.push(
      ranked.map((entry) => {
        const known = candidates.find(({ chunk }) => chunk.id === entry.chunk.id) ?? entry
        return { ...known, adjustments: [...known.adjustments, note] }
      }),
    )
  }
  const [first, ...rest] = whole
  const order = [
    ...(first ? [first] : []),
    ...[0, 1].flatMap((place) => found.flatMap((list) => list[place] ?? [])),
    ...rest,
  ]
  return order
    .filter((entry, index) => order.findIndex((other) => other.chunk.id === entry.chunk.id) === index)
    .slice(0, Math.max(whole.length, 2 * parts.length))
}

/** Whether the best passages answer the question at all. */
function judge(
  { query: question, floor = answerFloor }: RetrieveRequest,
  ranked: readonly RankedChunk[],
  { query, weights, embedder, candidates }: Search,
): Pick<Retrieval, "found" | "confidence" | "unknown"> {
  const confidence = confidenceOfRanked(ranked, query, weights, embedder !== null && !embedder.isFallback)
  // A rare name is found wherever it stands, so the candidates hold every document that has it.
  const unknown = unknownNames(
    question,
    candidates.map(({ chunk }) => `${chunk.documentPath}\n${searchable(chunk)}`),
  )
  return { found: ranked.length > 0 && confidence >= floor && unknown.length === 0, confidence, unknown }
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
    ...(chunk.kind ? { kind: chunk.kind } : {}),
    chunkId: chunk.id,
    documentId: chunk.documentId,
    collectionId: chunk.collectionId,
    title: chunk.documentTitle,
    path: chunk.documentPath,
    headingPath: chunk.headingPath,
    page: chunk.page,
    ...(chunk.documentKind ? { documentKind: chunk.documentKind } : {}),
    startMs: chunk.startMs ?? null,
    endMs: chunk.endMs ?? null,
    url: chunk.documentUrl ?? null,
    datedAt: chunk.documentDatedAt ?? null,
    ...(chunk.documentUpdatedAt === undefined ? {} : { readAt: chunk.documentUpdatedAt }),
    text: chunk.text,
    start: chunk.start,
    end: chunk.end,
    score,
    similarity: features.similarity,
  }
}

function phaseResult({ chunk, score, features, ...rest }: RankedChunk, index: number): PhaseResult {
  return {
    ...placed(chunk, features.similarity, score, index),
    ltrScore: rest.ltrScore,
    conceptualScore: rest.conceptualScore,
    features: { ...features },
    adjustments: rest.adjustments,
  }
}

const placed = (chunk: ChunkRecord, similarity: number, score: number, index: number): PhaseResult => ({
  id: chunk.id,
  documentId: chunk.documentId,
  title: chunk.documentTitle,
  textPreview: chunk.text.slice(0, 200),
  distance: 1 - similarity,
  score,
  rank: index + 1,
})
