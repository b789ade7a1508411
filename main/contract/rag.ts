import { z } from "zod"
import { id, ok, timestamp } from "./common.ts"
import { document } from "./documents.ts"
import { feedbackEntry, feedbackKind, shownList } from "./feedback.ts"
import { ragStreamEvent } from "./ragStream.ts"
import type { RouteTable } from "./route.ts"

const query = z.string().trim().min(1).max(8000)
const scored = z.object({
  id,
  document_id: id,
  title: z.string(),
  chunk: z.string(),
  score: z.number(),
  ltr_score: z.number(),
  conceptual_score: z.number(),
  distance: z.number(),
  features: z.record(z.string(), z.number()),
  /** What moved it after learned ranking: the score contains their values. */
  adjustments: z.array(z.object({ name: z.string(), value: z.number(), reason: z.string() })),
})

/** What may be found at all; decided before ranking, so that `top_k` matches come back when there are so many. */
export const searchFilter = z.strictObject({
  document_ids: z.array(id).max(1000).optional(),
  /** Documents with at least one of these. */
  tags: z.array(z.string().trim().min(1).max(60)).max(50).optional(),
  types: z.array(document.shape.kind).max(50).optional(),
  /** Inclusive; compared with the document's own date, else with when it was added. */
  after: timestamp.optional(),
  before: timestamp.optional(),
})

export const ragQuery = z.strictObject({
  query,
  top_k: z.number().int().min(1).max(200).default(10),
  prefer: z.string().max(200).optional(),
  persona_key: z.string().max(64).optional(),
  session_id: z.string().max(64).optional(),
  collection_ids: z.array(id).max(100).optional(),
  filter: searchFilter.optional(),
  answer: z.boolean().default(true),
})

const cacheLabel = z.enum(["hit", "miss", "off"])
const weights = z.object({ ltr: z.number(), conceptual: z.number() })

/** Names a list that was shown: feedback and explanations refer to it. */
const queryId = id

export const ragAnswer = z.object({
  query_id: queryId,
  query: z.string(),
  chunks: z.array(scored),
  answer: z.string().nullable(),
  found: z.boolean(),
  citations: z.array(
    z.object({ n: z.number(), chunk_id: id, document_id: id, title: z.string(), start: z.number(), end: z.number() }),
  ),
  answer_meta: z.object({
    backend: z.string(),
    model: z.string().nullable(),
    latency_ms: z.number(),
    usage: z.unknown(),
    rag_used: z.boolean(),
    timings: z.record(z.string(), z.number()),
    errors: z.array(z.string()),
    /** Words of the answer. */
    token_estimate: z.number().int(),
    prefer: z.string(),
    persona_key: z.string().nullable(),
    retrieval_error: z.string().nullable(),
    /** Whether the question's embedding and its search were at hand from before. `off`: there was nothing to look up. */
    cache: z.object({ embedding: cacheLabel, retrieval: cacheLabel }),
  }),
  fusion_weights: weights,
  fusion_weights_version: z.number().int(),
  feature_names: z.array(z.string()),
  feature_schema_version: z.string(),
  scoring_version: z.string(),
  session_id: z.string().nullable(),
})

/** What `/rag/query2` says besides: the names that its first clients read. */
export const ragRanking = ragAnswer.extend({
  top_k: z.number().int(),
  results: z.array(
    z.object({
      chunk_id: id,
      text_preview: z.string(),
      distance: z.number(),
      ltr_score: z.number(),
      conceptual_score: z.number(),
      fused_score: z.number(),
      features: z.record(z.string(), z.number()),
    }),
  ),
  /** The same as `results`. */
  items: z.array(z.unknown()),
  timings: z.record(z.string(), z.number()),
  /** `hybrid`, or `lexical` while no index by meaning is complete. */
  retrieval_mode: z.enum(["hybrid", "lexical"]),
})

const streamQuery = ragQuery.extend({
  answer: z.boolean().default(false),
  /** Come back with a memory's event; nothing else reads them. */
  user_id: z.number().int().optional(),
  group_ids: z.array(z.number().int()).max(100).optional(),
})

/** A list in an address: its items separated by commas. */
const commaSeparated = <T extends z.ZodType<unknown, string[]>>(items: T, maxCharacters = 10_000) =>
  z
    .string()
    .max(maxCharacters)
    .transform((text) => text.split(",").flatMap((part) => part.trim() || []))
    .pipe(items)
    .optional()
const timeInAddress = z.coerce.number().pipe(timestamp).optional()

/** The same in an address. Lists are separated by commas; the fields of `filter` stand by themselves. */
const streamParameters = z.strictObject({
  query,
  top_k: z.coerce.number().int().min(1).max(200).default(10),
  collection_ids: commaSeparated(z.array(id).max(100)),
  document_ids: commaSeparated(z.array(id).max(1000), 50_000),
  tags: commaSeparated(z.array(z.string().min(1).max(60)).max(50)),
  types: commaSeparated(z.string().array().pipe(z.array(document.shape.kind).max(50))),
  after: timeInAddress,
  before: timeInAddress,
  persona_key: z.string().max(64).optional(),
  session_id: z.string().max(64).optional(),
  answer: z.stringbool().default(false),
})

const fusionWeights = z.object({
  weights,
  version: z.number().int(),
  /** Other weights than the shipped ones are in force. */
  override: z.boolean(),
})
const share = z.number().min(0).max(1_000_000)

export const ragRoutes = {
  "POST /rag/query": {
    summary: "Retrieve, and answer with citations.",
    scope: "rag",
    body: ragQuery,
    output: ragAnswer,
    errors: ["collection.not-found"],
  },
  "POST /rag/query2": {
    summary: "Retrieve only.",
    scope: "rag",
    body: ragQuery.omit({ answer: true }),
    output: ragRanking,
    errors: ["collection.not-found"],
  },
  "POST /rag/stream_query": {
    summary:
      "Retrieve in phases, each as soon as it is known; with `answer`, its tokens follow. Goes on after `Last-Event-ID`.",
    scope: "rag",
    body: streamQuery,
    stream: ragStreamEvent,
    errors: ["collection.not-found"],
  },
  "GET /rag/stream_query": {
    summary:
      "The same for clients that can only read an address; the filter's fields stand by themselves. Never stores a memory.",
    scope: "rag",
    query: streamParameters,
    stream: ragStreamEvent,
    errors: ["collection.not-found"],
  },
  "GET /rag/fusion/weights": {
    summary: "Shares of the learned and of the conceptual score.",
    scope: "rag",
    output: fusionWeights,
  },
  "PUT /rag/fusion/weights": {
    summary:
      "Change the shares; they are scaled to a sum of 1 and kept. `weights: null` goes back to the shipped ones; `version` guards against a change in between. Shares that find the pinned questions worse need `force`.",
    scope: "admin",
    body: z
      .strictObject({
        weights: z.strictObject({ ltr: share, conceptual: share }).nullable().optional(),
        ltr: share.optional(),
        conceptual: share.optional(),
        version: z.number().int().optional(),
        /** Also when the pinned questions are found worse. Default false. */
        force: z.boolean().default(false),
      })
      .refine(
        (body) => (body.weights === undefined) === (body.ltr !== undefined && body.conceptual !== undefined),
        "Send `weights`, or both `ltr` and `conceptual`.",
      ),
    output: fusionWeights.extend({ normalized: z.literal(true) }),
    errors: ["request.conflict", "rag.recall-falls"],
  },
  "POST /rag/feedback": {
    summary:
      "Say what was done with a passage of a question's list. A repeated event counts once, `dwell` adds up, `value` 0 takes back.",
    scope: "rag",
    body: z.strictObject({
      query_id: queryId,
      chunk_id: id,
      event: feedbackKind,
      /** Milliseconds for `dwell`; otherwise 1, or 0 to take it back. Default 1. */
      value: z.number().min(0).max(86_400_000).default(1),
    }),
    output: ok.extend(feedbackEntry.omit({ query_hash: true }).shape),
    errors: ["query.not-found"],
  },
  "GET /rag/feedback": {
    summary: "How much was learned from: kept lists and events.",
    scope: "rag",
    output: z.object({
      queries: z.number().int(),
      events: z.record(feedbackKind, z.number().int()),
      since: z.number().int().nullable(),
    }),
  },
  "GET /rag/feedback/:query_id": {
    summary:
      "The list a question showed with all that made its scores, what was done with it, and what feedback changed.",
    scope: "rag",
    params: z.strictObject({ query_id: queryId }),
    output: shownList.extend({
      events: z.array(feedbackEntry.omit({ query_hash: true, query_id: true })),
      /** Places each passage was moved by feedback: positive is up. Passages that it did not move are left out. */
      moved: z.record(z.string(), z.number().int()),
    }),
    errors: ["query.not-found"],
  },
  "DELETE /rag/feedback": {
    summary: "Forget everything learned from your clicks and thumbs. Needs `confirm=all`.",
    scope: "rag",
    audit: "feedback.forget",
    query: z.strictObject({ confirm: z.literal("all") }),
    output: z.object({ queries: z.number().int(), events: z.number().int() }),
  },
  "POST /rag/ingest": {
    summary: "Add text, a web page, or a file or folder of this machine (job). Paths need the owner's key.",
    scope: "rag",
    body: z.strictObject({
      text: z.string().min(1).max(5_000_000).optional(),
      title: z.string().max(300).optional(),
      path: z.string().max(4096).optional(),
      url: z.string().max(2000).optional(),
      collection_id: id.optional(),
    }),
    maxBodyBytes: 32 * 1024 * 1024,
    output: z.object({ job_id: id, collection_id: id }),
    status: 202,
    errors: ["collection.not-found", "document.unreadable", "auth.missing-scope", "page.refused"],
  },
  "POST /model/embed": {
    summary: "Embed texts with the active embedder; `fallback` is true when no model is installed and hashes stand in.",
    scope: "rag",
    body: z.strictObject({
      texts: z.array(z.string().min(1).max(50_000)).min(1).max(512).optional(),
      input: z.union([z.string().min(1), z.array(z.string().min(1)).min(1).max(512)]).optional(),
    }),
    maxBodyBytes: 64 * 1024 * 1024,
    output: z.object({
      embeddings: z.array(z.array(z.number())),
      model: z.string(),
      dimensions: z.number().int(),
      fallback: z.boolean(),
    }),
  },
} as const satisfies RouteTable
