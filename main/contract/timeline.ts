import { z } from "zod"
import { id, pageQuery, timestamp } from "./common.ts"
import type { RouteTable } from "./route.ts"

export const timelineKind = z.enum(["document", "turn", "model", "build", "people", "backup", "system"])
export type TimelineKind = z.infer<typeof timelineKind>

/** Something that happened. It says what is still there: what was erased leaves only the line that it was. */
export const timelineEvent = z.object({
  id,
  at: timestamp,
  kind: timelineKind,
  /** Subject and verb: `document.added`, `turn.answered`, `model-pull`, or an action of the audit log. */
  event: z.string(),
  outcome: z.enum(["ok", "failed", "denied", "running"]),
  personId: z.string(),
  subjectId: z.string().nullable(),
  /** A document's, conversation's or model's name. Null: it has none, or it is gone. */
  title: z.string().nullable(),
  /** How many things of one kind at once: documents added in the same minute. */
  count: z.number().int(),
})
export type TimelineEvent = z.infer<typeof timelineEvent>

export const timelineRoutes = {
  "GET /api/timeline": {
    summary:
      "What happened, newest first: documents, turns, models, builds, people, backups. Each person sees their own; what the audit log holds, the machine's owner sees of everybody.",
    scope: "chat",
    query: pageQuery.extend({
      kind: timelineKind.optional(),
      person: z.string().max(64).optional(),
      since: z.coerce.number().int().min(0).optional(),
      until: z.coerce.number().int().min(0).optional(),
    }),
    output: z.object({ items: z.array(timelineEvent), next: z.string().nullable() }),
  },
} as const satisfies RouteTable
