import { z } from "zod"
import { id, pageQuery, timestamp } from "./common.ts"
import type { RouteTable } from "./route.ts"

/** Why a connection to the outside is opened. There are no others: each is written at the one place that opens it. */
export const egressReason = z.enum([
  "model-download",
  "model-check",
  "web-page",
  "voice-server",
  "model-server",
  "window-program",
  "connection-check",
])
export type EgressReason = z.infer<typeof egressReason>

/** `open`: it goes on. `refused`: nothing was sent. `interrupted`: the core ended before it did. */
export const egressOutcome = z.enum(["open", "done", "failed", "refused", "interrupted"])

/** One connection that left this computer, or wanted to. */
export const egressEntry = z.object({
  id,
  at: timestamp,
  endedAt: timestamp.nullable(),
  reason: egressReason,
  /** Name or address of the other side; for package clients, whose index they use is theirs to say: `pypi (pip)`. */
  host: z.string(),
  port: z.number().int().nullable(),
  /** For whom. Null: the product's own doing. */
  personId: z.string().nullable(),
  /** Contents, without what the protocol adds. Null: another program carried them, and nobody counted. */
  sentBytes: z.number().int().nullable(),
  receivedBytes: z.number().int().nullable(),
  outcome: egressOutcome,
  /** Why it was refused. */
  detail: z.string().nullable(),
})
export type EgressEntry = z.infer<typeof egressEntry>

export const egressRoutes = {
  "GET /api/egress": {
    summary: "What left this computer, newest first: every connection to the outside, and every one that was refused.",
    scope: "ops",
    query: pageQuery.extend({
      reason: egressReason.optional(),
      outcome: egressOutcome.optional(),
      since: z.coerce.number().int().min(0).optional(),
    }),
    output: z.object({
      isOffline: z.boolean(),
      /** Of all that match, not only of this page. */
      totals: z.object({
        connections: z.number().int(),
        refused: z.number().int(),
        sentBytes: z.number().int(),
        receivedBytes: z.number().int(),
      }),
      items: z.array(egressEntry),
      next: z.string().nullable(),
    }),
  },
} as const satisfies RouteTable
