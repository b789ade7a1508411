import type { voiceSessionRoutes } from "#contract/voiceSessions.ts"
import type { ServerDeps } from "../deps.ts"
import type { HandlersFor } from "../handlers.ts"

export const voiceSessionHandlers = ({
  voiceSessions,
}: Pick<ServerDeps, "voiceSessions">): HandlersFor<typeof voiceSessionRoutes> => ({
  "POST /api/voice/sessions": ({ body }, { actor }) => voiceSessions.start(actor, body),
  "GET /api/voice/sessions/:id/events": async ({ params }, { actor, signal }) =>
    (async function* () {
      for await (const state of voiceSessions.watch(actor, params.id, signal)) yield { event: "state", data: state }
    })(),
  "DELETE /api/voice/sessions/:id": async ({ params }, { actor }) => {
    await voiceSessions.end(actor, params.id)
    return { ok: true }
  },
})
