import type { settingsRoutes } from "#contract/settings.ts"
import type { ServerDeps } from "../deps.ts"
import type { HandlersFor } from "../handlers.ts"
import type { Keyring } from "../keys.ts"
import type { Sessions } from "../sessions.ts"

export const settingsHandlers = ({
  settings,
  keyring,
  sessions,
}: Pick<ServerDeps, "settings"> & { keyring: Keyring; sessions: Sessions }): HandlersFor<typeof settingsRoutes> => ({
  "GET /api/settings": (_input, { actor }) => settings.all(actor),
  "PATCH /api/settings": ({ body }, { actor }) => settings.change(actor, body),
  "GET /api/personas": async (_input, { actor }) => ({ items: await settings.personas(actor) }),
  "GET /api/keys": async (_input, { actor }) => ({ items: await keyring.list(actor) }),
  "POST /api/keys": ({ body }, { actor }) => keyring.create(actor, body.name, body.scopes, body.personId),
  "DELETE /api/keys/:id": async ({ params }, { actor }) => {
    await keyring.revoke(actor, params.id)
    return { ok: true }
  },
  "POST /api/tickets": async () => ({ ticket: sessions.mintTicket() }),
  "POST /api/session": async ({ body }) => sessions.redeem(body.ticket),
})
