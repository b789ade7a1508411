import type { HealthReport } from "#contract/probe.ts"
import type { HealthReportRepository } from "../types.ts"
import type { Tables } from "./tables.ts"

export function createMemoryHealthReports({ clock }: Tables): HealthReportRepository {
  const reports = new Map<string, HealthReport>()
  return {
    async upsert(_actor, report) {
      reports.set(report.component, { ...report })
    },
    list: async () =>
      [...reports.values()]
        .filter((report) => report.expires_at > clock.now())
        .sort((a, b) => (a.component < b.component ? -1 : 1))
        .map((report) => ({ ...report })),
  }
}
