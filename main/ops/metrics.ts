import type { MetricFrame } from "#contract/ops.ts"
import type { TurnEvent } from "#contract/turns.ts"
import type { Clock } from "#core/clock.ts"
import type { HostStatus } from "#core/host/types.ts"
import type { Logger } from "#core/logger.ts"
import { createGpuProbe, type GpuProbe } from "./gpuProbe.ts"
import { createMachineProbe, type MachineProbe } from "./machineProbe.ts"
import type { MetricHistory } from "./metricHistory.ts"
import { createPrometheus } from "./prometheus.ts"
import { createStageTimes } from "./stageTimes.ts"
import { createTurnMeter, type TurnSummary } from "./turnMeter.ts"

export interface MetricsDeps {
  clock: Clock
  log: Logger
  version: string
  hosts(): readonly HostStatus[]
  models(): Promise<MetricFrame["models"]>
  /** What models may take and take, by the budget's prediction. */
  memory(): { budgetBytes: number; engineBytes: number }
  /** Lengths of queues besides the hosts' own, e.g. jobs. */
  queues?(): Record<string, number>
  /** Hears of every turn that ended. */
  onTurn?(summary: TurnSummary): void
  /** Default: this machine. */
  probe?: MachineProbe
  gpu?: GpuProbe
  /** Where a frame goes every minute. */
  history?: Pick<MetricHistory, "add">
}

export interface Metrics {
  /** Tap of the turns' hub. */
  onTurnEvent(event: TurnEvent): void
  /** One request answered; `route` is the route's key or a fixed word, never a path with ids. */
  onRequest(request: { route: string; status: number; durationMs: number }): void
  /** Adds to a counter of `MetricFrame.counters`. Names are fixed words, never data. */
  count(name: string, by?: number): void
  /** Measured at most once a second; asked more often, the last frame again. */
  frame(): Promise<MetricFrame>
  /** A frame every `intervalMs` (250..10000). Returns the end of the subscription. */
  onFrame(intervalMs: number, listener: (frame: MetricFrame) => void): () => void
  /** Text of the exposition format 0.0.4. */
  prometheus(): Promise<string>
  close(): void
}

const freshMs = 1000
const historyMs = 60_000

export function createMetrics(deps: MetricsDeps): Metrics {
  const probe = deps.probe ?? createMachineProbe()
  const gpu = deps.gpu ?? createGpuProbe()
  const stages = createStageTimes()
  const turns = createTurnMeter()
  const prometheus = createPrometheus(deps.version)
  const counters: Record<string, number> = {}
  const timers = new Set<NodeJS.Timeout>()
  let last: { at: number; frame: Promise<MetricFrame> } | undefined

  const count = (name: string, by = 1): void => {
    counters[name] = (counters[name] ?? 0) + by
  }

  async function measure(): Promise<MetricFrame> {
    const hosts = deps.hosts()
    const children = hosts.flatMap(({ name, pid }) => (pid === null ? [] : [{ name, pid }]))
    const [processes, models, gpus] = await Promise.all([
      probe.processes([{ name: "core", pid: process.pid }, ...children]),
      deps.models(),
      gpu.loads(),
    ])
    return {
      at: deps.clock.now(),
      cpuPercent: probe.cpuPercent(),
      memory: { ...probe.memory(), ...deps.memory() },
      processes,
      ...(gpus.length > 0 ? { gpus } : {}),
      eventLoopDelayP99Ms: probe.eventLoopDelayP99Ms(),
      tokensPerSecond: turns.tokensPerSecond(),
      queues: {
        turns: turns.running(),
        ...Object.fromEntries(hosts.map(({ name, queued }) => [name, queued])),
        ...deps.queues?.(),
      },
      stages: stages.summary(),
      models,
      counters: { ...counters, ...Object.fromEntries(hosts.map(({ name, crashes }) => [`crashes.${name}`, crashes])) },
    }
  }

  function frame(): Promise<MetricFrame> {
    const now = deps.clock.monotonic()
    if (!last || now - last.at >= freshMs) {
      const measured = measure()
      last = { at: now, frame: measured }
      // A failed measurement is told to whoever asked, and not kept.
      measured.catch(() => {
        last = undefined
      })
    }
    return last.frame
  }

  function onFrame(intervalMs: number, listener: (frame: MetricFrame) => void): () => void {
    const timer = setInterval(() => {
      frame().then(
        (value) => timers.has(timer) && listener(value),
        (error: unknown) => deps.log.warn("metrics not measured", { error }),
      )
    }, intervalMs)
    timer.unref()
    timers.add(timer)
    return () => {
      clearInterval(timer)
      timers.delete(timer)
    }
  }
  const { history } = deps
  if (history) onFrame(historyMs, (value) => void history.add(value))

  return {
    onTurnEvent(event) {
      const summary = turns.add(event)
      if (!summary) return
      for (const { name, durationMs } of summary.stages) stages.add(name, durationMs)
      count("turns")
      count(`turns.${summary.kind}`)
      count(`turns.${summary.reason}`)
      if (summary.found !== null) count(summary.found ? "retrievals.found" : "retrievals.not-found")
      if (summary.errorCode) count(`errors.${summary.errorCode}`)
      count("tokens.prompt", summary.promptTokens)
      count("tokens.cached", summary.cachedTokens)
      count("tokens.completion", summary.completionTokens)
      prometheus.onTurn(summary)
      deps.onTurn?.(summary)
    },
    onRequest(request) {
      count("requests")
      if (request.status >= 500) count("requests.failed")
      prometheus.onRequest(request)
    },
    count,
    frame,
    onFrame: (intervalMs, listener) => onFrame(Math.min(10_000, Math.max(250, intervalMs)), listener),
    prometheus: async () => prometheus.text(await frame(), deps.hosts()),
    close() {
      for (const timer of timers) clearInterval(timer)
      timers.clear()
      probe.close()
      prometheus.close()
    },
  }
}
