import { z } from "zod"
import { id } from "./common.ts"
import type { RouteTable } from "./route.ts"

/** Why a document was or was not used for a question; the first fault on its way, in the order of the way. */
export const whyOutcome = z.enum([
  "used",
  "not-ready",
  "parse-failed",
  "no-text",
  "not-chunked",
  "not-embedded",
  "wrong-embedder",
  "excluded-by-filter",
  "no-match",
  "beaten-by-duplicate",
  "beaten-by-rank",
  "below-threshold",
  "cut-by-budget",
])
export type WhyOutcome = z.infer<typeof whyOutcome>

export const whyStep = z.object({
  name: z.enum(["parse", "chunk", "embed", "filter", "lexical", "vector", "fusion", "threshold", "budget"]),
  /** `warning`: it worked, but worse than it could. `skipped`: an earlier step already ended the way. */
  status: z.enum(["ok", "warning", "failed", "skipped"]),
  /** One sentence for the person. */
  detail: z.string(),
})

export const whyReport = z.object({
  documentId: id,
  title: z.string(),
  path: z.string(),
  question: z.string(),
  outcome: whyOutcome,
  /** What happened, in one or two sentences. */
  summary: z.string(),
  /** What to do about it. Null when there is nothing to do. */
  fix: z.string().nullable(),
  steps: z.array(whyStep),
  /** The document's passage that came furthest. Null when it has none. */
  best: z
    .object({
      chunkId: id,
      text: z.string(),
      headingPath: z.array(z.string()),
      page: z.number().int().nullable(),
      /** From 1; null: not among the results. */
      lexicalRank: z.number().int().nullable(),
      vectorRank: z.number().int().nullable(),
      fusedRank: z.number().int().nullable(),
      score: z.number().nullable(),
      similarity: z.number().nullable(),
    })
    .nullable(),
  /** Likelihood that the passages found answer at all, and the floor it must reach. */
  confidence: z.number(),
  floor: z.number(),
  /** What was used instead, best first. */
  winners: z.array(z.object({ documentId: id, title: z.string(), textPreview: z.string(), score: z.number() })),
})
export type WhyReport = z.infer<typeof whyReport>

export const whyRoutes = {
  "POST /api/documents/:id/why": {
    summary: "Why this document was or was not used for a question: every step on its way, and what to do about it.",
    scope: "rag",
    params: z.strictObject({ id }),
    body: z.strictObject({
      question: z.string().trim().min(1).max(8000),
      collectionIds: z.array(id).max(100).optional(),
    }),
    output: whyReport,
    errors: ["document.not-found", "collection.not-found"],
  },
} as const satisfies RouteTable
