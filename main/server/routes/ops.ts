import type { opsRoutes } from "#contract/ops.ts"
import type { ServerDeps } from "../deps.ts"
import type { HandlersFor, RequestInfo } from "../handlers.ts"
import { requireOwner } from "../requireOwner.ts"

export const opsHandlers = ({
  ops,
  settings,
  version,
}: Pick<ServerDeps, "ops" | "settings" | "version">): HandlersFor<typeof opsRoutes> => {
  const component = (name: "ollama" | "db" | "models") => async (_input: unknown, request: RequestInfo) => {
    const health = await ops.health(name, request.signal)
    if (health.status === "unhealthy") request.setStatus(503)
    return health
  }
  return {
    "GET /health": async () => ({ status: "ok", version, uptime_seconds: ops.uptimeSeconds() }),
    "GET /ready": async (_input, request) => {
      const readiness = await ops.ready()
      if (!readiness.ready) request.setStatus(503)
      return readiness
    },
    "GET /health/ollama": component("ollama"),
    "GET /health/db": component("db"),
    "GET /health/models": component("models"),
    "GET /health/aggregated": async (_input, request) => {
      const health = await ops.aggregated(request.signal)
      if (health.overall_status === "unhealthy") request.setStatus(503)
      return health
    },
    "GET /metrics": async () => ({
      contentType: "text/plain; version=0.0.4; charset=utf-8",
      body: await ops.prometheus(),
    }),
    "GET /metrics/json": () => ops.frame(),
    "GET /metrics/history": async ({ query: { since, until, points } }) => ({
      items: ops.history({ sinceMs: since, untilMs: until, points }),
    }),
    "GET /diagnostics/summary": () => ops.diagnostics(),
    "GET /diagnostics/doctor": ({ query: { quick, only } }, { signal }) =>
      ops.doctor({ isQuick: quick, ...(only === undefined ? {} : { only }) }, signal),
    "GET /config/env": async () => ({ items: ops.configuration() }),
    "POST /config/reload": (_input, { actor }) => ops.reloadConfiguration(actor),
    "GET /config/personas": async (_input, { actor }) => ({ personas: await settings.personas(actor) }),
    "GET /logs/recent": async ({ query }, { actor }) => {
      requireOwner(actor, "The log")
      return ops.logs(query)
    },
  }
}
