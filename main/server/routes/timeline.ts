import type { timelineRoutes } from "#contract/timeline.ts"
import type { ServerDeps } from "../deps.ts"
import type { HandlersFor } from "../handlers.ts"

export const timelineHandlers = ({ timeline }: Pick<ServerDeps, "timeline">): HandlersFor<typeof timelineRoutes> => ({
  "GET /api/timeline": ({ query: { person, since, until, ...query } }, { actor }) =>
    timeline.list(actor, { ...query, personId: person, sinceMs: since, untilMs: until }),
})
