import type { HealthReport } from "#contract/probe.ts"
import type { Actor } from "#core/actor.ts"

/** What other programs report of themselves; what has expired is gone. */
export interface HealthReportRepository {
  upsert(actor: Actor, report: HealthReport): Promise<void>
  list(actor: Actor): Promise<HealthReport[]>
}
