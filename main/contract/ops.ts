import { z } from "zod"
import { timestamp } from "./common.ts"
import type { RouteTable } from "./route.ts"

export const healthStatus = z.enum(["healthy", "degraded", "unhealthy", "unknown"])
export const componentHealth = z.object({
  status: healthStatus,
  detail: z.string(),
  latency_ms: z.number(),
  checked_at: timestamp,
})
export const aggregatedHealth = z.object({
  overall_status: healthStatus,
  services: z.record(z.string(), componentHealth),
  timestamp,
  uptime_seconds: z.number(),
})

/** One sampled row of the machine and the product. Null: not measured on this platform. */
export const metricFrame = z.object({
  at: timestamp,
  cpuPercent: z.number(),
  memory: z.object({ usedBytes: z.number(), totalBytes: z.number(), budgetBytes: z.number(), engineBytes: z.number() }),
  processes: z.array(z.object({ name: z.string(), pid: z.number(), cpuPercent: z.number(), rssBytes: z.number() })),
  /** Absent where there is none that can be asked. */
  gpus: z
    .array(
      z.object({
        index: z.number(),
        name: z.string(),
        utilizationPercent: z.number().nullable(),
        memoryUsedBytes: z.number().nullable(),
        memoryTotalBytes: z.number().nullable(),
        temperatureCelsius: z.number().nullable(),
      }),
    )
    .optional(),
  eventLoopDelayP99Ms: z.number(),
  tokensPerSecond: z.number().nullable(),
  queues: z.record(z.string(), z.number()),
  stages: z.record(
    z.string(),
    z.object({ count: z.number(), p50Ms: z.number(), p95Ms: z.number(), p99Ms: z.number() }),
  ),
  models: z.array(
    z.object({
      role: z.string(),
      id: z.string(),
      load: z.enum(["unloaded", "loading", "loaded"]),
      pid: z.number().nullable(),
    }),
  ),
  counters: z.record(z.string(), z.number()),
})
export type MetricFrame = z.infer<typeof metricFrame>

export const doctorFinding = z.object({
  /** Stable: `port.free`, `models.hash`, … */
  code: z.string(),
  status: z.enum(["ok", "warning", "error", "not-run"]),
  message: z.string(),
  remedy: z.string().nullable(),
  ms: z.number(),
})
export type DoctorFinding = z.infer<typeof doctorFinding>

export const logLine = z.object({
  /** Counts up; lines of one core only. */
  id: z.number(),
  ts: timestamp,
  level: z.enum(["debug", "info", "warn", "error"]),
  /** The part of the product, or the child process, that said it. */
  component: z.string(),
  msg: z.string(),
  request_id: z.string().nullable(),
  fields: z.record(z.string(), z.unknown()),
})

export type LogLine = z.infer<typeof logLine>

const healthErrors = [] as const
const opsHealth = z.object({ status: healthStatus, detail: z.string(), latency_ms: z.number(), checked_at: timestamp })

export const opsRoutes = {
  "GET /health": {
    summary: "Liveness of the core.",
    scope: "public",
    output: z.object({ status: z.literal("ok"), version: z.string(), uptime_seconds: z.number() }),
  },
  "GET /ready": {
    summary: "503 until the store is open and requests are served.",
    scope: "public",
    output: z.object({ ready: z.boolean(), reasons: z.array(z.string()) }),
    errors: ["core.stopping"],
  },
  "GET /health/ollama": {
    summary: "Whether a configured Ollama answers; `unknown` when none is configured.",
    scope: "ops",
    output: opsHealth,
    errors: healthErrors,
  },
  "GET /health/db": { summary: "A write and a read on the store.", scope: "ops", output: opsHealth },
  "GET /health/models": { summary: "Installed models and engines.", scope: "ops", output: opsHealth },
  "GET /health/aggregated": { summary: "All components.", scope: "ops", output: aggregatedHealth },
  "GET /metrics": { summary: "Prometheus text.", scope: "ops", bytes: ["text/plain; version=0.0.4; charset=utf-8"] },
  "GET /metrics/json": { summary: "Latest frame, with p50, p95 and p99 by stage.", scope: "ops", output: metricFrame },
  "GET /metrics/history": {
    summary: "Frames of the last two days, one a minute, kept across restarts; thinned evenly to `points`.",
    scope: "ops",
    query: z.strictObject({
      since: z.coerce.number().int().min(0).optional(),
      until: z.coerce.number().int().min(0).optional(),
      points: z.coerce.number().int().min(1).max(2880).default(360),
    }),
    output: z.object({ items: z.array(metricFrame) }),
  },
  "GET /diagnostics/summary": {
    summary: "Machine, versions, engines, models, store, configuration: masked.",
    scope: "ops",
    output: z.looseObject({ timestamp }),
  },
  "GET /diagnostics/doctor": {
    summary: "Every check, with a stable code and a remedy. `quick` leaves out what reads or loads whole models.",
    scope: "ops",
    query: z.strictObject({
      quick: z.stringbool().default(false),
      /** Only checks whose code is this, or begins with it and a dot. */
      only: z.string().max(60).optional(),
    }),
    output: z.object({ findings: z.array(doctorFinding), ok: z.boolean() }),
  },
  "GET /config/env": {
    summary: "Configuration values with their origin; secrets masked.",
    scope: "ops",
    output: z.object({
      items: z.array(
        z.object({
          name: z.string(),
          value: z.string().nullable(),
          origin: z.enum(["flag", "env", "file", "default"]),
          /** The variable it was read from, where it came from the environment. */
          variable: z.string().nullable(),
        }),
      ),
    }),
  },
  "POST /config/reload": {
    summary: "Read config.json again and apply what is safe while running; the rest waits for a restart.",
    scope: "owner",
    audit: "config.reload",
    output: z.object({
      changed: z.array(
        z.object({
          name: z.string(),
          from: z.string().nullable(),
          to: z.string().nullable(),
          /** False: it takes effect with the next start. */
          isApplied: z.boolean(),
        }),
      ),
    }),
    errors: ["config.invalid"],
  },
  "GET /config/personas": {
    summary: "Personas as configured.",
    scope: "ops",
    output: z.object({ personas: z.array(z.looseObject({ id: z.string() })) }),
  },
  "GET /logs/recent": {
    summary: "Recent log lines, redacted; the machine's owner only. `/ws` sends new ones on the channel `logs`.",
    scope: "ops",
    query: z.strictObject({
      since: z.coerce.number().optional(),
      limit: z.coerce.number().int().min(1).max(1000).default(200),
      level: z.enum(["debug", "info", "warn", "error"]).optional(),
      component: z.string().max(60).optional(),
      /** A request's id, or a turn's. */
      request: z.string().max(64).optional(),
      text: z.string().max(200).optional(),
    }),
    output: z.object({ lines: z.array(logLine), next: z.number() }),
    errors: ["auth.missing-scope"],
  },
} as const satisfies RouteTable
