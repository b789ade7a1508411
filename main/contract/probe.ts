import { z } from "zod"
import { timestamp } from "./common.ts"
import { healthStatus } from "./ops.ts"
import type { RouteTable } from "./route.ts"

const backendProbe = z.object({
  /** False: not configured, or nothing is installed. */
  attempted: z.boolean(),
  ok: z.boolean(),
  latency_ms: z.number().nullable(),
  /** Time to the first token. */
  ttft_ms: z.number().nullable(),
  model: z.string().nullable(),
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
})
export const llmProbe = z.object({
  backends: z.record(z.string(), backendProbe),
  /** Something was attempted and nothing succeeded. */
  all_failed: z.boolean(),
  timestamp,
})

export const healthReport = z.object({
  component: z.string(),
  status: healthStatus,
  detail: z.string(),
  value: z.number().nullable(),
  reported_at: timestamp,
  expires_at: timestamp,
})
export type HealthReport = z.infer<typeof healthReport>

/** Probes and reports of the earlier system: paths and fields are a contract. */
export const probeRoutes = {
  "GET /llm/probe": {
    summary: "A short generation on every backend, at the same time, ten seconds each at most.",
    scope: "ops",
    output: llmProbe,
  },
  "GET /diagnostics/env": {
    summary: "Configuration by variable name; secrets and credentials masked.",
    scope: "ops",
    output: z.object({ env: z.record(z.string(), z.string()) }),
  },
  "GET /diagnostics/imports": {
    summary: "Libraries with compiled parts: `true`, or why one does not load.",
    scope: "ops",
    output: z.object({
      imports: z.record(z.string(), z.union([z.literal(true), z.string()])),
      versions: z.record(z.string(), z.string().nullable()),
    }),
  },
  "GET /diagnostics/tcp": {
    summary: "Whether a port answers: of this machine or of a configured backend, no other.",
    scope: "ops",
    query: z.strictObject({
      host: z.string().min(1).max(253),
      port: z.coerce.number().int().min(1).max(65_535),
      /** Seconds. */
      timeout: z.coerce.number().min(0.05).max(5).default(1),
    }),
    output: z.object({ ok: z.boolean(), latency_ms: z.number().nullable(), error: z.string().nullable() }),
    errors: ["request.invalid"],
  },
  "GET /metrics/basic": {
    summary: "A few counters, and latencies by stage.",
    scope: "ops",
    output: z.object({
      counters: z.object({
        requests_total: z.number(),
        llm_calls_total: z.number(),
        retrieval_calls_total: z.number(),
        errors_total: z.number(),
      }),
      latency: z.record(z.string(), z.object({ count: z.number(), p50: z.number(), p95: z.number(), p99: z.number() })),
      ts: timestamp,
    }),
  },
  "PUT /metrics/health/:component": {
    summary: "Another program reports how a part of it is. Counts as a component until it expires.",
    scope: "ops",
    params: z.strictObject({ component: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/) }),
    body: z.strictObject({
      status: healthStatus,
      detail: z.string().max(500).default(""),
      value: z.number().nullable().default(null),
      /** Seconds until the report no longer counts. */
      ttl_s: z.number().int().min(5).max(86_400).default(300),
    }),
    output: healthReport,
    errors: ["request.conflict"],
  },
  "GET /ws/metrics/status": {
    summary: "Who listens to live metrics, and where.",
    scope: "ops",
    output: z.object({
      active_connections: z.number().int(),
      endpoint: z.literal("/ws/metrics"),
      update_interval_seconds: z.number(),
    }),
  },
  "GET /admin/ping": {
    summary: "Whether the key opens the gateway.",
    scope: "admin",
    output: z.object({ ok: z.literal(true), timestamp }),
  },
} as const satisfies RouteTable
