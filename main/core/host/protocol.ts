import type { ErrorInfo } from "#contract/errors.ts"

/** What the core tells a host. Values are structured-clone data. */
export type ToHost =
  | { type: "request"; id: number; method: string; input: unknown }
  | { type: "cancel"; id: number }
  | { type: "stop" }

/** What a host tells the core. `ready` comes once, first. After `result` or `error` nothing more is said of that id. */
export type FromHost =
  | { type: "ready" }
  | { type: "event"; id: number; event: unknown }
  | { type: "result"; id: number; output: unknown }
  | { type: "error"; id: number; error: ErrorInfo & { details?: unknown } }
  | { type: "log"; level: "debug" | "info" | "warn" | "error"; message: string; fields: Record<string, unknown> }
