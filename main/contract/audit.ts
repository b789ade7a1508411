import { z } from "zod"
import { id, pageQuery, timestamp } from "./common.ts"
import type { RouteTable } from "./route.ts"

export const auditOutcome = z.enum(["ok", "denied", "failed"])

/** One line of the audit log: who did what to which thing. Never content. */
export const auditRow = z.object({
  seq: z.number().int(),
  id,
  personId: z.string(),
  at: timestamp,
  action: z.string(),
  subject: z.string(),
  outcome: auditOutcome,
  requestId: z.string().nullable(),
  detail: z.string().nullable(),
})
export type AuditRow = z.infer<typeof auditRow>

export const auditRoutes = {
  "GET /api/audit": {
    summary: "The audit log, newest first: the machine's owner sees everybody's lines, others their own.",
    scope: "ops",
    query: pageQuery.extend({
      /** Also what begins with it: `document` finds `document.delete`. */
      action: z.string().max(60).optional(),
      outcome: auditOutcome.optional(),
      person: z.string().max(64).optional(),
      since: z.coerce.number().int().min(0).optional(),
      until: z.coerce.number().int().min(0).optional(),
    }),
    output: z.object({ items: z.array(auditRow), next: z.string().nullable() }),
  },
  "GET /api/audit/verify": {
    summary: "Walks the chain: finds rows that were changed, taken out, added by hand or cut off the end.",
    scope: "ops",
    output: z.object({
      isIntact: z.boolean(),
      entries: z.number().int(),
      brokenAt: z.number().int().nullable(),
      problem: z.enum(["changed", "missing"]).nullable(),
    }),
  },
} as const satisfies RouteTable
