import type { toolRoutes } from "#contract/tools.ts"
import type { ServerDeps } from "../deps.ts"
import type { HandlersFor } from "../handlers.ts"

export const toolHandlers = ({ tools }: Pick<ServerDeps, "tools">): HandlersFor<typeof toolRoutes> => ({
  "GET /api/tools": async (_input, { actor }) => ({ items: tools.list(actor) }),
  "POST /api/tools/:name/call": async ({ params, body }, { actor, signal }) => ({
    result: await tools.call(
      actor,
      { name: params.name, arguments: body.arguments, isConfirmed: body.confirmed },
      signal,
    ),
  }),
})
