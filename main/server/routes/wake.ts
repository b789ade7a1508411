import type { wakeRoutes } from "#contract/wake.ts"
import type { ServerDeps } from "../deps.ts"
import type { HandlersFor } from "../handlers.ts"

export const wakeHandlers = ({ wake }: Pick<ServerDeps, "wake">): HandlersFor<typeof wakeRoutes> => ({
  "GET /wake/status": (_input, { actor }) => wake.status(actor),
  "POST /wake/enable": ({ body }, { actor }) => wake.enable(actor, body),
  "POST /wake/clear": (_input, { actor }) => wake.clear(actor),
})
