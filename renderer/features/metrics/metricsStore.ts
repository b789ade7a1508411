import { create } from "zustand"
import type { MetricFrame } from "#contract/ops.ts"
import { subscribe } from "../../api/socket.ts"

/** Frames kept for the charts: one hour at one every two seconds. */
const frameLimit = 1800
export const frameIntervalMs = 2000

interface MetricsState {
  frames: MetricFrame[]
  latest: MetricFrame | null
}

export const useMetrics = create<MetricsState>(() => ({ frames: [], latest: null }))

export function followMetrics(): () => void {
  return subscribe(
    "metrics",
    (message) => {
      if (message.type !== "metrics") return
      useMetrics.setState((state) => ({
        frames: [...(state.frames.length >= frameLimit ? state.frames.slice(1) : state.frames), message.frame],
        latest: message.frame,
      }))
    },
    { intervalMs: frameIntervalMs },
  )
}
