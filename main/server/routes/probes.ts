import type { probeRoutes } from "#contract/probe.ts"
import type { ServerDeps } from "../deps.ts"
import type { HandlersFor } from "../handlers.ts"
import type { MetricsSocket } from "../metricsSocket.ts"

export const probeHandlers = ({
  ops,
  clock,
  metricsSocket,
}: Pick<ServerDeps, "ops" | "clock"> & { metricsSocket: MetricsSocket }): HandlersFor<typeof probeRoutes> => ({
  "GET /llm/probe": (_input, { signal }) => ops.probe(signal),
  "GET /diagnostics/env": async () => ({
    env: Object.fromEntries(
      ops.configuration().flatMap(({ name, value }) => (value === null ? [] : [[name, value] as const])),
    ),
  }),
  "GET /diagnostics/imports": async () => {
    const modules = await ops.nativeModules()
    return {
      imports: Object.fromEntries(modules.map(({ name, error }) => [name, error ?? (true as const)])),
      versions: Object.fromEntries(modules.map(({ name, version }) => [name, version])),
    }
  },
  "GET /diagnostics/tcp": ({ query }, { signal }) =>
    ops.tcp({ host: query.host, port: query.port, timeoutMs: query.timeout * 1000 }, signal),
  "GET /metrics/basic": async () => {
    const { at, counters, stages } = await ops.frame()
    return {
      counters: {
        requests_total: counters.requests ?? 0,
        llm_calls_total: counters.turns ?? 0,
        retrieval_calls_total: (counters["retrievals.found"] ?? 0) + (counters["retrievals.not-found"] ?? 0),
        errors_total: (counters["requests.failed"] ?? 0) + (counters["turns.error"] ?? 0),
      },
      latency: Object.fromEntries(
        Object.entries(stages).map(([name, { count, p50Ms, p95Ms, p99Ms }]) => [
          name,
          { count, p50: p50Ms, p95: p95Ms, p99: p99Ms },
        ]),
      ),
      ts: at,
    }
  },
  "PUT /metrics/health/:component": ({ params, body: { ttl_s, ...report } }, { actor }) =>
    ops.report(actor, { component: params.component, ...report }, ttl_s * 1000),
  "GET /ws/metrics/status": async () => ({
    active_connections: metricsSocket.size,
    endpoint: "/ws/metrics" as const,
    update_interval_seconds: metricsSocket.defaultIntervalMs / 1000,
  }),
  "GET /admin/ping": async () => ({ ok: true, timestamp: clock.now() }),
})
