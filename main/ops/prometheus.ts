import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client"
import { errorCodes } from "#contract/errors.ts"
import type { MetricFrame } from "#contract/ops.ts"
import type { HostStatus } from "#core/host/types.ts"
import type { TurnSummary } from "./turnMeter.ts"

export interface Prometheus {
  onTurn(summary: TurnSummary): void
  onRequest(request: { route: string; status: number; durationMs: number }): void
  text(frame: MetricFrame, hosts: readonly HostStatus[]): Promise<string>
  close(): void
}

/** Values a label may take before further ones are counted as `other`: a label must never grow with the data. */
export const mostLabelValues = 200

/** Conventional names: `zenglow_` prefix, base units (seconds, bytes, ratios), `_total` on counters. */
export function createPrometheus(version: string): Prometheus {
  const registers = [new Registry()]
  const registry = registers[0] as Registry
  collectDefaultMetrics({ register: registry })

  const gauge = (name: string, help: string, labelNames: string[] = []) =>
    new Gauge({ name, help, labelNames, registers })
  const counter = (name: string, help: string, labelNames: string[] = []) =>
    new Counter({ name, help, labelNames, registers })
  const histogram = (name: string, help: string, labelNames: string[], buckets: number[]) =>
    new Histogram({ name, help, labelNames, buckets, registers })

  gauge("zenglow_build_info", "Version of the running core; the value is always 1.", ["version"]).set({ version }, 1)
  const turns = counter("zenglow_turns_total", "Turns that ended, by kind and by why.", ["kind", "reason"])
  const errors = counter("zenglow_turn_errors_total", "Turns that failed, by error code.", ["code"])
  const retrievals = counter("zenglow_retrievals_total", "Retrievals, by whether the documents answer.", ["found"])
  const tokens = counter("zenglow_tokens_total", "Tokens of turns: prompt, cached (part of prompt) or completion.", [
    "kind",
  ])
  const stageSeconds = histogram(
    "zenglow_turn_stage_duration_seconds",
    "Duration of each stage of a turn.",
    ["stage"],
    [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120],
  )
  const requests = counter("zenglow_http_requests_total", "Requests answered, by route and status class.", [
    "route",
    "status",
  ])
  const requestSeconds = histogram(
    "zenglow_http_request_duration_seconds",
    "Time to answer a request, by route.",
    ["route"],
    [0.001, 0.005, 0.02, 0.1, 0.5, 2.5, 10],
  )
  const cpu = gauge("zenglow_machine_cpu_ratio", "Share of all cores in use, 0 to 1.")
  const memoryUsed = gauge("zenglow_machine_memory_used_bytes", "Memory in use on the machine.")
  const memoryTotal = gauge("zenglow_machine_memory_bytes", "Memory of the machine.")
  const budget = gauge("zenglow_model_memory_budget_bytes", "Memory that all models together may take.")
  const engine = gauge("zenglow_model_memory_bytes", "Predicted memory of the loaded models.")
  const processCpu = gauge("zenglow_process_cpu_ratio", "Cores a process of ZenGlow keeps busy.", ["process"])
  const processRss = gauge("zenglow_process_resident_memory_bytes", "Resident memory of a process of ZenGlow.", [
    "process",
  ])
  const loop = gauge(
    "zenglow_event_loop_delay_p99_seconds",
    "99th percentile of the core's event-loop delay since the last sample.",
  )
  const speed = gauge("zenglow_tokens_per_second", "Writing speed of the current or last answer.")
  const queue = gauge("zenglow_queue_length", "Requests waiting or running.", ["queue"])
  const loaded = gauge("zenglow_model_loaded", "1 when the model is in memory.", ["role", "model"])
  const hostUp = gauge("zenglow_host_up", "1 when the engine host runs.", ["host"])
  const hostCrashes = counter("zenglow_host_crashes_total", "Crashes of the engine host since the core started.", [
    "host",
  ])
  const gpuBusy = gauge("zenglow_gpu_utilization_ratio", "Share of the GPU in use, 0 to 1.", ["gpu"])
  const gpuUsed = gauge("zenglow_gpu_memory_used_bytes", "Memory in use on the GPU.", ["gpu"])
  const gpuTotal = gauge("zenglow_gpu_memory_bytes", "Memory of the GPU.", ["gpu"])
  const gpuHeat = gauge("zenglow_gpu_temperature_celsius", "Temperature of the GPU.", ["gpu"])
  const bounded = createLabelBound(mostLabelValues)

  return {
    onTurn(summary) {
      turns.inc({ kind: summary.kind, reason: summary.reason })
      if (summary.errorCode) errors.inc({ code: summary.errorCode in errorCodes ? summary.errorCode : "other" })
      if (summary.found !== null) retrievals.inc({ found: String(summary.found) })
      tokens.inc({ kind: "prompt" }, summary.promptTokens)
      tokens.inc({ kind: "cached" }, summary.cachedTokens)
      tokens.inc({ kind: "completion" }, summary.completionTokens)
      for (const { name, durationMs } of summary.stages)
        stageSeconds.observe({ stage: name }, Math.max(0, durationMs) / 1000)
    },
    onRequest({ route, status, durationMs }) {
      const label = bounded("route", route)
      requests.inc({ route: label, status: `${Math.floor(status / 100)}xx` })
      requestSeconds.observe({ route: label }, durationMs / 1000)
    },
    async text(frame, hosts) {
      cpu.set(frame.cpuPercent / 100)
      memoryUsed.set(frame.memory.usedBytes)
      memoryTotal.set(frame.memory.totalBytes)
      budget.set(frame.memory.budgetBytes)
      engine.set(frame.memory.engineBytes)
      loop.set(frame.eventLoopDelayP99Ms / 1000)
      speed.set(frame.tokensPerSecond ?? 0)
      for (const vector of [processCpu, processRss, queue, loaded, hostUp, hostCrashes]) vector.reset()
      for (const vector of [gpuBusy, gpuUsed, gpuTotal, gpuHeat]) vector.reset()
      for (const { index, ...load } of frame.gpus ?? []) {
        const gpu = bounded("gpu", String(index))
        if (load.utilizationPercent !== null) gpuBusy.set({ gpu }, load.utilizationPercent / 100)
        if (load.memoryUsedBytes !== null) gpuUsed.set({ gpu }, load.memoryUsedBytes)
        if (load.memoryTotalBytes !== null) gpuTotal.set({ gpu }, load.memoryTotalBytes)
        if (load.temperatureCelsius !== null) gpuHeat.set({ gpu }, load.temperatureCelsius)
      }
      for (const { name, cpuPercent, rssBytes } of frame.processes) {
        processCpu.set({ process: bounded("process", name) }, cpuPercent / 100)
        processRss.set({ process: bounded("process", name) }, rssBytes)
      }
      for (const [name, length] of Object.entries(frame.queues)) queue.set({ queue: bounded("queue", name) }, length)
      for (const { role, id, load } of frame.models) {
        loaded.set({ role, model: bounded("model", id) }, load === "loaded" ? 1 : 0)
      }
      for (const { name, state, crashes } of hosts) {
        hostUp.set({ host: bounded("host", name) }, state === "running" ? 1 : 0)
        hostCrashes.inc({ host: bounded("host", name) }, crashes)
      }
      // The library writes "Nan" where the format says "NaN".
      return (await registry.metrics()).replaceAll(/ Nan$/gm, " NaN")
    },
    close: () => registry.clear(),
  }
}

function createLabelBound(most: number): (label: string, value: string) => string {
  const known = new Map<string, Set<string>>()
  return (label, value) => {
    const values = known.get(label) ?? new Set<string>()
    known.set(label, values)
    if (values.size < most) values.add(value)
    return values.has(value) ? value : "other"
  }
}
