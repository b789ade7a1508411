import type { secretRoutes } from "#contract/secrets.ts"
import type { ServerDeps } from "../deps.ts"
import type { HandlersFor } from "../handlers.ts"

export const secretHandlers = ({ secrets }: Pick<ServerDeps, "secrets">): HandlersFor<typeof secretRoutes> => ({
  "GET /api/secrets": async () => ({ items: await secrets.list(), place: await secrets.place() }),
  "PUT /api/secrets/:name": async ({ params, body }) => ({
    name: params.name,
    source: await secrets.set(params.name, body.value),
  }),
  "DELETE /api/secrets/:name": async ({ params }) => {
    await secrets.remove(params.name)
    return { ok: true }
  },
})
