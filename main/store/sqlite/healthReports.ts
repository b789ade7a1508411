import type { HealthReport } from "#contract/probe.ts"
import type { HealthReportRepository } from "../types.ts"
import type { StoreContext, Sync } from "./context.ts"

/** What other programs say of themselves. Not owned by a person: a component is one for the whole machine. */
export function createHealthReports({ all, run, now }: StoreContext): Sync<HealthReportRepository> {
  return {
    upsert(_actor, report) {
      run("DELETE FROM health_reports WHERE expires_at <= @now", { now: now() })
      run(
        `INSERT INTO health_reports (component, status, detail, value, reported_at, expires_at)
         VALUES (@component, @status, @detail, @value, @reported_at, @expires_at)
         ON CONFLICT (component) DO UPDATE SET status = excluded.status, detail = excluded.detail,
           value = excluded.value, reported_at = excluded.reported_at, expires_at = excluded.expires_at`,
        { ...report },
      )
    },
    list: () =>
      all<HealthReport>("SELECT * FROM health_reports WHERE expires_at > @now ORDER BY component", { now: now() }),
  }
}
