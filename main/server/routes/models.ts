import type { modelRoutes } from "#contract/models.ts"
import type { ServerDeps } from "../deps.ts"
import type { HandlersFor } from "../handlers.ts"

export const modelHandlers = ({ models }: Pick<ServerDeps, "models">): HandlersFor<typeof modelRoutes> => ({
  "GET /api/models": () => models.list(),
  "GET /api/models/bundle": () => models.bundle(),
  "POST /api/models/bundle/pull": (_input, { actor }) => models.pullBundle(actor),
  "GET /api/models/external": async () => ({ items: await models.external() }),
  "POST /api/models/import": ({ body }, { actor, signal }) => models.import(actor, body, signal),
  "GET /api/models/:id": ({ params }) => models.get(params.id),
  "POST /api/models/:id/pull": ({ params }, { actor }) => models.pull(actor, params.id),
  "POST /api/models/:id/verify": ({ params }, { signal }) => models.verify(params.id, signal),
  "POST /api/models/:id/load": ({ params }, { signal }) => models.load(params.id, signal),
  "POST /api/models/:id/unload": ({ params }) => models.unload(params.id),
  "POST /api/models/:id/select": ({ params }, { actor }) => models.select(actor, params.id),
  "DELETE /api/models/:id": ({ params }, { actor }) => models.remove(actor, params.id),
})
