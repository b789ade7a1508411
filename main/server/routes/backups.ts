import type { backupRoutes } from "#contract/backups.ts"
import type { ServerDeps } from "../deps.ts"
import type { HandlersFor } from "../handlers.ts"

export const backupHandlers = ({ backups }: Pick<ServerDeps, "backups">): HandlersFor<typeof backupRoutes> => ({
  "GET /api/backups": () => backups.list(),
  "POST /api/backups": (_, { signal }) => backups.create("manual", signal),
  "POST /api/backups/:id/keys": async ({ params, body }) => {
    await backups.addKeys(params.id, body.passphrase)
    return { ok: true }
  },
  "POST /api/backups/:id/verify": async ({ params }, { signal }) => ({
    ok: true,
    ...(await backups.verify(params.id, signal)),
  }),
  "POST /api/backups/:id/restore": ({ params, body }, { signal }) => backups.restore(params.id, body, signal),
  "DELETE /api/backups/:id": async ({ params }) => {
    await backups.remove(params.id)
    return { ok: true }
  },
})
