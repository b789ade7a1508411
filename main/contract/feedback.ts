import { z } from "zod"
import { id, timestamp } from "./common.ts"

/** `click`: opened. `cite`: the answer used it. `dwell`: milliseconds it stayed open. `up`, `down`: a thumb. */
export const feedbackKind = z.enum(["click", "cite", "copy", "up", "down", "dwell"])
export type FeedbackKind = z.infer<typeof feedbackKind>

/** One passage as a question showed it, with everything its score was made of. */
export const shownPassage = z.object({
  chunk_id: id,
  /** Place in the final list, from 1: what corrects for the eye's preference for the top. */
  position: z.number().int(),
  score: z.number(),
  ltr_score: z.number().nullable(),
  conceptual_score: z.number().nullable(),
  features: z.record(z.string(), z.number()),
  adjustments: z.array(z.object({ name: z.string(), value: z.number(), reason: z.string() })),
})
export type ShownPassage = z.infer<typeof shownPassage>

/** What the scores of a list were made with: `score` follows from a passage's features, these weights and its adjustments. */
export const scoring = z.object({
  scoring_version: z.string(),
  feature_schema_version: z.string(),
  ranking: z.object({ version: z.string(), bias: z.number(), weights: z.record(z.string(), z.number()) }),
  fusion_weights: z.object({ ltr: z.number(), conceptual: z.number() }),
})
export type Scoring = z.infer<typeof scoring>

/** The final list of one question. Of the question itself only a hash is kept, of the passages only their ids. */
export const shownList = z.object({
  query_id: id,
  query_hash: z.string(),
  surface: z.enum(["chat", "rag"]),
  scoring,
  shown_at: timestamp,
  passages: z.array(shownPassage),
})
export type ShownList = z.infer<typeof shownList>

/** What a person did with one passage of a list. The same event of the same passage is kept once; `dwell` adds up. */
export const feedbackEntry = z.object({
  query_id: id,
  query_hash: z.string(),
  chunk_id: id,
  position: z.number().int(),
  event: feedbackKind,
  value: z.number(),
  at: timestamp,
})
export type FeedbackEntry = z.infer<typeof feedbackEntry>
