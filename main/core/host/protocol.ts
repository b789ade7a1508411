import type { ErrorInfo } from "#contract/errors.ts"
import type { CallContext } from "../logger.ts"

/** What the core tells a host. Values are structured-clone data. */
export type ToHost =
  | { type: "request"; id: number; method: string; input: unknown; context?: CallContext }
  | { type: "cancel"; id: number }
  | { type: "stop" }

/** When a host's handler ran: epoch milliseconds of the machine's one clock, and how long by the host's own. */
export interface HostRun {
  startedAt: number
  durationMs: number
}

/** What a host tells the core. `ready` comes once, first. After `result` or `error` nothing more is said of that id. */
export type FromHost =
  | { type: "ready" }
  | { type: "event"; id: number; event: unknown }
  | { type: "result"; id: number; output: unknown; ran?: HostRun }
  | { type: "error"; id: number; error: ErrorInfo & { details?: unknown }; ran?: HostRun }
  | { type: "log"; level: "debug" | "info" | "warn" | "error"; message: string; fields: Record<string, unknown> }
