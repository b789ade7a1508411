import type { MetricFrame } from "#contract/ops.ts"

/** One row per frame, one column per value: for a spreadsheet. Times are ISO 8601 in UTC. */
export function metricsToCsv(frames: readonly MetricFrame[]): string {
  const rows = frames.map(flat)
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))]
  return [columns, ...rows.map((row) => columns.map((column) => row[column] ?? ""))]
    .map((cells) => cells.map(cellOf).join(","))
    .join("\r\n")
    .concat("\r\n")
}

function flat(frame: MetricFrame): Record<string, string | number> {
  const row: Record<string, string | number> = {
    time: new Date(frame.at).toISOString(),
    cpu_percent: frame.cpuPercent,
    memory_used_bytes: frame.memory.usedBytes,
    memory_total_bytes: frame.memory.totalBytes,
    memory_budget_bytes: frame.memory.budgetBytes,
    memory_models_bytes: frame.memory.engineBytes,
    event_loop_delay_p99_ms: frame.eventLoopDelayP99Ms,
    tokens_per_second: frame.tokensPerSecond ?? "",
  }
  for (const { name, cpuPercent, rssBytes } of frame.processes) {
    row[`process_${name}_cpu_percent`] = cpuPercent
    row[`process_${name}_memory_bytes`] = rssBytes
  }
  for (const [name, { p50Ms, p95Ms, p99Ms }] of Object.entries(frame.stages)) {
    row[`stage_${name}_p50_ms`] = p50Ms
    row[`stage_${name}_p95_ms`] = p95Ms
    row[`stage_${name}_p99_ms`] = p99Ms
  }
  for (const [name, length] of Object.entries(frame.queues)) row[`queue_${name}`] = length
  for (const [name, count] of Object.entries(frame.counters)) row[`count_${name}`] = count
  return row
}

const cellOf = (value: string | number): string =>
  typeof value === "number" || /^[\w.:+-]*$/.test(value) ? String(value) : `"${value.replaceAll('"', '""')}"`
