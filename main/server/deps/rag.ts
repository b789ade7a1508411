import type { FeedbackEntry, FeedbackKind, ShownList } from "#contract/feedback.ts"
import type { RagStreamEvent } from "#contract/ragStream.ts"
import type { RouteInput, RouteOutput } from "#contract/route.ts"
import type { Routes } from "#contract/routes.ts"
import type { Actor } from "#core/actor.ts"

export interface EmbedResult {
  vectors: Float32Array[]
  modelId: string
  dimensions: number
  /** True when hashes stand in for a model. */
  isFallback: boolean
  /** Tokens over all texts, as the embedder counts them. */
  tokens: number
}

export type RagQuery = RouteInput<Routes["POST /rag/query"]>["body"]

export type RagStreamQuery = RouteInput<Routes["POST /rag/stream_query"]>["body"]

export interface RagStreamOptions {
  /** The same for a stream that goes on after a break. */
  queryId: string
  keepsMemories: boolean
}

type FusionWeightsOutput = RouteOutput<Routes["GET /rag/fusion/weights"]>

export interface RagService {
  query(actor: Actor, query: RagQuery, signal: AbortSignal): Promise<RouteOutput<Routes["POST /rag/query"]>>
  ranking(
    actor: Actor,
    query: Omit<RagQuery, "answer">,
    signal: AbortSignal,
  ): Promise<RouteOutput<Routes["POST /rag/query2"]>>
  /** Everything up to and with `done`. Throws what went wrong; stops at once when aborted. */
  stream(
    actor: Actor,
    query: RagStreamQuery,
    options: RagStreamOptions,
    signal: AbortSignal,
  ): AsyncIterable<Exclude<RagStreamEvent, { phase: "error" }>>
  fusionWeights(): FusionWeightsOutput
  /** Null: back to the shipped ones. Rejects with `request.invalid` for weights that are all 0. */
  /** Rejects with `rag.recall-falls` when the pinned questions are found worse, unless it is forced. Null goes back to the shipped ones. */
  setFusionWeights(
    actor: Actor,
    weights: FusionWeightsOutput["weights"] | null,
    isForced: boolean,
    signal: AbortSignal,
  ): Promise<FusionWeightsOutput>
  feedback: RagFeedbackService
  /** `modelId` null: the active embedder. Another embedder that is not active rejects with `model.not-found`. */
  embed(texts: string[], modelId: string | null, signal: AbortSignal): Promise<EmbedResult>
}

/** Unknown queries reject with `query.not-found`. */
export interface RagFeedbackService {
  record(
    actor: Actor,
    event: { queryId: string; chunkId: string; event: FeedbackKind; value: number },
  ): Promise<FeedbackEntry>
  view(
    actor: Actor,
    queryId: string,
  ): Promise<{ list: ShownList; events: FeedbackEntry[]; moved: Record<string, number> }>
  counts(actor: Actor): Promise<RouteOutput<Routes["GET /rag/feedback"]>>
  forget(actor: Actor): Promise<{ queries: number; events: number }>
}
