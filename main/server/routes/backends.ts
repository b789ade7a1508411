import type { backendRoutes } from "#contract/backends.ts"
import type { switchrRoutes } from "#contract/switchr.ts"
import type { ServerDeps } from "../deps.ts"
import type { HandlersFor } from "../handlers.ts"

export const backendHandlers = ({ backends }: Pick<ServerDeps, "backends">): HandlersFor<typeof backendRoutes> => ({
  "GET /api/backends": async () => ({ items: await backends.list() }),
  "POST /api/backends": ({ body: { key = null, ...backend } }) => backends.add(backend, key),
  "PATCH /api/backends/:name": ({ params, body }) => backends.change(params.name, body),
  "DELETE /api/backends/:name": async ({ params }) => {
    await backends.remove(params.name)
    return { ok: true }
  },
  "POST /api/backends/:name/test": ({ params }, { signal }) => backends.test(params.name, signal),
})

export const switchrHandlers = ({ switchr }: Pick<ServerDeps, "switchr">): HandlersFor<typeof switchrRoutes> => ({
  "POST /switchr/route": ({ body }, { actor }) => switchr.route(body, actor),
  "GET /switchr/health": () => switchr.health(),
  "POST /switchr/feedback": async ({ body }) => {
    await switchr.feedback(body.decision_id, body.value)
    return { ok: true }
  },
  "GET /switchr/config": () => switchr.config(),
  "PUT /switchr/config": ({ body }) => switchr.configure(body.text),
})
