import { z } from "zod"
import { id } from "./common.ts"

const adjustment = z.object({ name: z.string(), value: z.number(), reason: z.string() })

const place = z.object({
  id,
  document_id: id,
  title: z.string(),
  text_preview: z.string(),
  distance: z.number(),
  score: z.number(),
  /** From 1. */
  rank: z.number().int(),
})
const learned = place.extend({
  ltr_score: z.number(),
  conceptual_score: z.number(),
  features: z.record(z.string(), z.number()),
})

/**
 * How a result moved since the phase before. Without features and adjustments, applying all of them to the previous `results` gives these
 * `results`: `new_rank: null` leaves, `entered` brings what a new one is called, the rest moves; then sort by rank.
 */
const delta = z.object({
  id,
  old_rank: z.number().int().nullable(),
  new_rank: z.number().int().nullable(),
  rank_delta: z.number().int().nullable(),
  score: z.number(),
  score_delta: z.number().nullable(),
  entered: place.pick({ document_id: true, title: true, text_preview: true, distance: true }).optional(),
})
export type RagStreamDelta = z.infer<typeof delta>
export type RagStreamPlace = z.infer<typeof place>

const citation = z.object({
  n: z.number().int(),
  chunk_id: id,
  document_id: id,
  title: z.string(),
  start: z.number(),
  end: z.number(),
})

/** One event of `/rag/stream_query`; `event:` is its phase. The last one is `done` or `error`. */
export const ragStreamEvent = z.discriminatedUnion("phase", [
  z.object({
    phase: z.literal("P0"),
    provisional: z.literal(true),
    query_id: id,
    results: z.array(place),
    meta: z.looseObject({
      embed_ms: z.number(),
      search_ms: z.number(),
      /** Of the vectors; null: words alone are searched. */
      index: z.string().nullable(),
      /** Candidates before the best were taken. */
      retrieved: z.number().int(),
      /** How many of the results are memories. */
      memory: z.object({ added: z.number().int() }).optional(),
    }),
  }),
  z.object({
    phase: z.literal("P1"),
    provisional: z.literal(true),
    feature_names: z.array(z.string()),
    results: z.array(learned),
    delta: z.array(delta),
    ltr_ms: z.number(),
    result_count: z.number().int(),
    /** `ltr_score` is σ(bias + Σ weight · feature); `score` is the share-weighted sum of it and `conceptual_score`. */
    ranking: z.object({ version: z.string(), bias: z.number(), weights: z.record(z.string(), z.number()) }),
    fusion_weights: z.object({ ltr: z.number(), conceptual: z.number() }),
  }),
  z.object({
    phase: z.literal("P2"),
    provisional: z.literal(false),
    results: z.array(learned.extend({ adjustments: z.array(adjustment) })),
    delta: z.array(delta),
    result_count: z.number().int(),
    /** The documents answer. */
    found: z.boolean(),
    confidence: z.number(),
    /** Where a ranking model is installed: whether its reading took part. `late` and `loading`: the order stays as it was. */
    rerank: z
      .object({
        status: z.enum(["used", "late", "loading", "failed"]),
        model: z.string(),
        pairs: z.number().int(),
        ms: z.number(),
      })
      .optional(),
    final: z.literal(true),
  }),
  z.object({
    phase: z.literal("MEM"),
    /** It is kept now, or was kept before. */
    ack: z.boolean(),
    stored_id: id.nullable(),
    action: z.enum(["stored", "known", "proposed", "refused"]),
    text_preview: z.string(),
    source: z.literal("memory"),
    user_id: z.number().int().nullable(),
    group_ids: z.array(z.number().int()),
    /** Why nothing is kept. */
    error: z.string().optional(),
  }),
  z.object({
    phase: z.literal("token"),
    text: z.string(),
    /** After a break the answer was written differently: this text replaces all tokens before. */
    replaces: z.literal(true).optional(),
  }),
  z.object({
    phase: z.literal("answer"),
    answer: z.string(),
    found: z.boolean(),
    citations: z.array(citation),
    answer_meta: z.object({ model: z.string().nullable(), usage: z.unknown() }),
  }),
  z.object({ phase: z.literal("done"), query_id: id, timings: z.record(z.string(), z.number()) }),
  z.object({
    phase: z.literal("error"),
    code: z.string(),
    message: z.string(),
    remedy: z.string().optional(),
    requestId: z.string(),
  }),
])
export type RagStreamEvent = z.infer<typeof ragStreamEvent>
