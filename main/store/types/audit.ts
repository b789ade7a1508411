import type { Actor } from "#core/actor.ts"
import type { Page } from "./page.ts"

export interface AuditEntry {
  /** What was done: `document.delete`, `access.denied`. */
  action: string
  /** Id or name of what it was done to; never content. */
  subject: string
  outcome: "ok" | "denied" | "failed"
  requestId: string | null
  /** An error code, a count. */
  detail?: string | null
}

export interface AuditRow extends Required<AuditEntry> {
  seq: number
  id: string
  personId: string
  at: number
}

export interface AuditVerdict {
  isIntact: boolean
  /** Rows that were found good, from the first. */
  entries: number
  /** Number of the row where the chain breaks. */
  brokenAt: number | null
  problem: "changed" | "missing" | null
}

/** Append-only and chained: no row can be changed or taken out unnoticed. */
export interface AuditRepository {
  record(actor: Actor, entry: AuditEntry): Promise<void>
  /** Newest first. The machine's owner sees everybody's rows, others their own. `action` also matches what begins with it and a dot. */
  list(
    actor: Actor,
    query: {
      action?: string
      outcome?: AuditEntry["outcome"]
      personId?: string
      sinceMs?: number
      untilMs?: number
      cursor?: string
      limit: number
    },
  ): Promise<Page<AuditRow>>
  verify(): Promise<AuditVerdict>
}
