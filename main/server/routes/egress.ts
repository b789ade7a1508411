import type { egressRoutes } from "#contract/egress.ts"
import type { ServerDeps } from "../deps.ts"
import type { HandlersFor } from "../handlers.ts"

export const egressHandlers = ({ egress }: Pick<ServerDeps, "egress">): HandlersFor<typeof egressRoutes> => ({
  "GET /api/egress": async ({ query }) => egress.list(query),
})
