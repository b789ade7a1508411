import type { traceRoutes } from "#contract/traces.ts"
import type { ServerDeps } from "../deps.ts"
import type { HandlersFor } from "../handlers.ts"

export const traceHandlers = ({ traces }: Pick<ServerDeps, "traces">): HandlersFor<typeof traceRoutes> => ({
  "GET /api/traces": async ({ query }, { actor }) => ({ items: traces.list(actor, query.limit) }),
  "GET /api/traces/export": async ({ query }, { actor }) => traces.otlp(actor, query.id),
  "GET /api/traces/:id": async ({ params }, { actor }) => traces.get(actor, params.id),
})
