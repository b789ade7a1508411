import type { ErrorInfo } from "#contract/errors.ts"
import type { Actor } from "#core/actor.ts"
import { AppError, errorInfo, isAbort } from "#core/errors.ts"
import type { Embedder } from "#engines/types.ts"
import type { SearchFilter } from "#store/types.ts"
import type { SearchSignals } from "../features.ts"
import { defaultSearchShares, type SearchShares } from "../fuse.ts"
import { type QueryTerms, queryTerms } from "../queryTerms.ts"
import { type TermWeights, termWeights } from "../relevance.ts"
import type { RetrieveDeps, RetrieveRequest, SearchTrace } from "./contract.ts"
import { findCandidates, type Question } from "./findCandidates.ts"

/** Candidates taken from each of the two searches. */
const depth = 100

export interface Search extends SearchTrace {
  query: QueryTerms
  weights: TermWeights
  /** Best first. */
  candidates: SearchSignals[]
  /** As they took part. */
  shares: SearchShares
}

/** Embeds the question and searches by words and by meaning; repeated questions come from the cache. */
export async function searchBoth(
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
  const isUsable = vector?.length === embedder.dimensions && vector.every(Number.isFinite) && vector.some(Boolean)
  if (vector && isUsable) return vector
  throw new AppError("store.bad-vector", "The embedding model gave no usable vector.", {
    remedy: "Verify the embedding model with `zenglow models verify`, or choose another one.",
  })
}
