import type { LogLine } from "#contract/ops.ts"
import type { HealthReport } from "#contract/probe.ts"
import type { RouteOutput } from "#contract/route.ts"
import type { Routes } from "#contract/routes.ts"
import type { Persona, Setting } from "#contract/settings.ts"
import type { Actor } from "#core/actor.ts"

type Health = RouteOutput<Routes["GET /health/db"]>

export interface OpsService {
  ready(): Promise<{ ready: boolean; reasons: string[] }>
  uptimeSeconds(): number
  health(component: "ollama" | "db" | "models", signal: AbortSignal): Promise<Health>
  aggregated(signal: AbortSignal): Promise<RouteOutput<Routes["GET /health/aggregated"]>>
  /** Prometheus text. */
  prometheus(): Promise<string>
  frame(): Promise<RouteOutput<Routes["GET /metrics/json"]>>
  /** Frames of the last two days, oldest first, thinned evenly. */
  history(query: {
    sinceMs?: number
    untilMs?: number
    points: number
  }): RouteOutput<Routes["GET /metrics/history"]>["items"]
  /** A frame every `intervalMs`. Returns the end of the subscription. */
  onFrame(intervalMs: number, listener: (frame: RouteOutput<Routes["GET /metrics/json"]>) => void): () => void
  diagnostics(): Promise<RouteOutput<Routes["GET /diagnostics/summary"]>>
  doctor(
    options: { isQuick: boolean; only?: string },
    signal: AbortSignal,
  ): Promise<RouteOutput<Routes["GET /diagnostics/doctor"]>>
  /** What a support bundle holds, with these words taken out too. */
  bundle(words: readonly string[], signal: AbortSignal): Promise<RouteOutput<Routes["GET /diagnostics/bundle/preview"]>>
  probe(signal: AbortSignal): Promise<RouteOutput<Routes["GET /llm/probe"]>>
  tcp(
    target: { host: string; port: number; timeoutMs: number },
    signal: AbortSignal,
  ): Promise<RouteOutput<Routes["GET /diagnostics/tcp"]>>
  nativeModules(): Promise<{ name: string; version: string | null; error: string | null }[]>
  report(actor: Actor, report: Omit<HealthReport, "reported_at" | "expires_at">, lifeMs: number): Promise<HealthReport>
  reloadConfiguration(actor: Actor): Promise<RouteOutput<Routes["POST /config/reload"]>>
  configuration(): RouteOutput<Routes["GET /config/env"]>["items"]
  logs(query: {
    since?: number
    limit: number
    level?: "debug" | "info" | "warn" | "error"
    component?: string
    request?: string
    text?: string
  }): RouteOutput<Routes["GET /logs/recent"]>
  /** Hears of every log line. Returns the end of the subscription. */
  onLogLine(listener: (line: LogLine) => void): () => void
}

/** Traces of turns; the machine's owner sees everybody's. Unknown ids throw `trace.not-found`. */
export interface TraceService {
  list(actor: Actor, limit: number): RouteOutput<Routes["GET /api/traces"]>["items"]
  get(actor: Actor, id: string): RouteOutput<Routes["GET /api/traces/:id"]>
  otlp(actor: Actor, id?: string): RouteOutput<Routes["GET /api/traces/export"]>
}

export interface BackupService {
  list(): Promise<RouteOutput<Routes["GET /api/backups"]>>
  /** Rejects with `backup.busy`, `store.full`. */
  create(reason: "manual", signal: AbortSignal): Promise<RouteOutput<Routes["POST /api/backups"]>>
  /** Seals the keys of what is encrypted into a backup. */
  addKeys(id: string, passphrase: string): Promise<void>
  verify(id: string, signal: AbortSignal): Promise<{ files: number; sizeBytes: number }>
  /** The core starts anew after the answer. Rejects with `backup.*`, `request.conflict`, `store.full`. */
  restore(
    id: string,
    request: { confirm: string; passphrase?: string | undefined },
    signal: AbortSignal,
  ): Promise<{ id: string; safetyId: string }>
  remove(id: string): Promise<void>
}

export interface SettingsService {
  all(actor: Actor): Promise<{ items: Setting[]; dataDir: string }>
  /** Null resets a value. Rejects with `config.invalid`. */
  change(actor: Actor, values: Record<string, unknown>): Promise<{ items: Setting[]; dataDir: string }>
  personas(actor: Actor): Promise<Persona[]>
}
