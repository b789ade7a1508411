import type { auditRoutes } from "#contract/audit.ts"
import type { ServerDeps } from "../deps.ts"
import type { HandlersFor } from "../handlers.ts"

export const auditHandlers = ({ audit }: Pick<ServerDeps, "audit">): HandlersFor<typeof auditRoutes> => ({
  "GET /api/audit": ({ query: { person, since, until, ...query } }, { actor }) =>
    audit.list(actor, { ...query, personId: person, sinceMs: since, untilMs: until }),
  "GET /api/audit/verify": () => audit.verify(),
})
