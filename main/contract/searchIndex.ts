import { z } from "zod"
import { id, timestamp } from "./common.ts"
import type { RouteTable } from "./route.ts"

/** The index that answers, and what was not taken over. */
export const searchIndex = z.object({
  /** What passages are embedded with now; null before anything is indexed. */
  active: z.string().nullable(),
  passages: z.number().int(),
  /** Vectors of the index in use. */
  vectors: z.number().int(),
  /** Tokens of a passage, as documents are split now. */
  passageTokens: z.number().int(),
  /** What is complete, new, and finds the pinned questions worse than what is in use. Null: nothing. */
  refused: z
    .object({
      kind: z.enum(["model", "passages", "weights"]),
      /** What it is called: an embedding model, the length of passages, or the version of the ranking weights. */
      modelId: z.string(),
      /** Share of pinned questions whose passage is among the first five: with the index in use, and with the new one. */
      before: z.number(),
      after: z.number(),
      questions: z.number().int(),
      at: timestamp,
    })
    .nullable(),
})
export type SearchIndex = z.infer<typeof searchIndex>

export const searchIndexRoutes = {
  "GET /api/search-index": {
    summary: "The index that answers, and what was refused.",
    scope: "rag",
    output: searchIndex,
  },
  "POST /api/search-index/use-refused": {
    summary: "Use what was refused all the same (job; weights at once).",
    scope: "owner",
    /** Null: it is in use already. */
    output: z.object({ jobId: id.nullable() }),
    status: 202,
    errors: ["request.conflict"],
  },
} as const satisfies RouteTable
