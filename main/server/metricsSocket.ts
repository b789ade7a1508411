import type { WebSocket } from "ws"
import type { MetricFrame } from "#contract/ops.ts"
import { AppError } from "#core/errors.ts"
import type { ServerDeps } from "./deps.ts"

/** Live metrics for programs that want nothing else: `WS /ws/metrics?interval_ms=` (250..10000, default 5000). */
export interface MetricsSocket {
  readonly size: number
  readonly defaultIntervalMs: number
  /** Reads the interval. Throws `request.invalid`. */
  intervalOf(search: URLSearchParams): number
  /** Sends a frame now and one every interval, until the socket closes. */
  serve(socket: WebSocket, intervalMs: number): void
}

const defaultIntervalMs = 5000
/** A peer that does not read is closed. */
const largestBacklog = 1024 * 1024

export function createMetricsSocket({ ops, log }: Pick<ServerDeps, "ops" | "log">): MetricsSocket {
  let size = 0
  return {
    get size() {
      return size
    },
    defaultIntervalMs,
    intervalOf(search) {
      const text = search.get("interval_ms")
      if (text === null) return defaultIntervalMs
      const value = Number(text)
      if (Number.isInteger(value) && value >= 250 && value <= 10_000) return value
      throw new AppError("request.invalid", "interval_ms is a number from 250 to 10000.")
    },
    serve(socket, intervalMs) {
      size++
      const send = (frame: MetricFrame): void => {
        if (socket.readyState !== socket.OPEN) return
        if (socket.bufferedAmount > largestBacklog) socket.terminate()
        else socket.send(JSON.stringify(updateOf(frame)))
      }
      ops.frame().then(send, (error: unknown) => log.warn("metrics not measured", { error }))
      const end = ops.onFrame(intervalMs, send)
      socket.on("error", (error) => log.debug("socket error", { error }))
      socket.on("close", () => {
        size--
        end()
      })
    },
  }
}

const updateOf = (frame: MetricFrame) => ({
  type: "metrics_update" as const,
  timestamp: frame.at,
  query_stats: { stages: frame.stages, counters: frame.counters, tokens_per_second: frame.tokensPerSecond },
  models: frame.models,
  system: {
    cpu_percent: frame.cpuPercent,
    memory: frame.memory,
    event_loop_delay_p99_ms: frame.eventLoopDelayP99Ms,
  },
  processes: frame.processes,
  audio: Object.fromEntries(Object.entries(frame.counters).filter(([name]) => name.startsWith("audio"))),
  queues: frame.queues,
})
