import { z } from "zod"
import { id, timestamp } from "./common.ts"
import type { RouteTable } from "./route.ts"

/** The index that answers, and a new one that was not taken over. */
export const searchIndex = z.object({
  /** What passages are embedded with now; null before anything is indexed. */
  active: z.string().nullable(),
  passages: z.number().int(),
  /** Vectors of the index in use. */
  vectors: z.number().int(),
  /** A complete new index that finds the pinned questions worse than the one in use. Null: none. */
  refused: z
    .object({
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
    summary: "The index that answers, and a new one that was refused.",
    scope: "rag",
    output: searchIndex,
  },
  "POST /api/search-index/use-refused": {
    summary: "Use the refused index all the same (job).",
    scope: "owner",
    output: z.object({ jobId: id }),
    status: 202,
    errors: ["request.conflict"],
  },
} as const satisfies RouteTable
