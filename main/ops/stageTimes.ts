export interface StageSummary {
  count: number
  p50Ms: number
  p95Ms: number
  p99Ms: number
}

/** Durations by stage: counts since the start, percentiles over the last ones. */
export interface StageTimes {
  add(stage: string, durationMs: number): void
  summary(): Record<string, StageSummary>
}

/** @param window Durations kept per stage. Default 1000. */
export function createStageTimes(window = 1000): StageTimes {
  const stages = new Map<string, { count: number; recent: number[] }>()
  return {
    add(stage, durationMs) {
      const entry = stages.get(stage) ?? { count: 0, recent: [] }
      stages.set(stage, entry)
      entry.recent[entry.count % window] = Math.max(0, durationMs)
      entry.count++
    },
    summary() {
      return Object.fromEntries(
        [...stages].map(([stage, { count, recent }]) => {
          const sorted = recent.toSorted((a, b) => a - b)
          return [
            stage,
            { count, p50Ms: percentile(sorted, 0.5), p95Ms: percentile(sorted, 0.95), p99Ms: percentile(sorted, 0.99) },
          ]
        }),
      )
    },
  }
}

/** Nearest rank: always a value that was measured. */
function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0
}
