import { z } from "zod"
import { id } from "./common.ts"
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
})

export const ragQuery = z.strictObject({
  query,
  top_k: z.number().int().min(1).max(200).default(10),
  prefer: z.string().max(200).optional(),
  persona_key: z.string().max(64).optional(),
  session_id: z.string().max(64).optional(),
  collection_ids: z.array(id).max(100).optional(),
  answer: z.boolean().default(true),
})

export const ragAnswer = z.object({
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
  }),
  fusion_weights: z.object({ ltr: z.number(), conceptual: z.number() }),
  feature_names: z.array(z.string()),
  feature_schema_version: z.string(),
  scoring_version: z.string(),
  session_id: z.string().nullable(),
})

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
    output: ragAnswer,
    errors: ["collection.not-found"],
  },
  "POST /rag/ingest": {
    summary: "Add text, or a file or folder of this machine (job). Paths need the owner's key.",
    scope: "rag",
    body: z.strictObject({
      text: z.string().min(1).max(5_000_000).optional(),
      title: z.string().max(300).optional(),
      path: z.string().max(4096).optional(),
      collection_id: id.optional(),
    }),
    maxBodyBytes: 32 * 1024 * 1024,
    output: z.object({ job_id: id, collection_id: id }),
    status: 202,
    errors: ["collection.not-found", "document.unreadable", "auth.missing-scope"],
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
