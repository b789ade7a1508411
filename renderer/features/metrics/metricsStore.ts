import { create } from "zustand"
import type { MetricFrame } from "#contract/ops.ts"
import { api } from "../../api/client.ts"
import { subscribe } from "../../api/socket.ts"

/** Frames kept for the charts: one hour at one every two seconds. */
const frameLimit = 1800
export const frameIntervalMs = 2000

interface MetricsState {
  /** Since this window opened. */
  frames: MetricFrame[]
  /** One a minute of the last two days, as the core kept them. */
  history: MetricFrame[]
  latest: MetricFrame | null
}

export const useMetrics = create<MetricsState>(() => ({ frames: [], history: [], latest: null }))

/** Fetches what was measured before; where it cannot be, the charts begin now. */
export async function loadHistory(): Promise<void> {
  try {
    const { items } = await api("GET /metrics/history", { query: { points: 1440 } })
    useMetrics.setState({ history: items })
  } catch {
    useMetrics.setState({ history: [] })
  }
}

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
