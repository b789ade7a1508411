import type { tuningRoutes } from "#contract/tuning.ts"
import type { ServerDeps } from "../deps.ts"
import type { HandlersFor } from "../handlers.ts"

export const tuningHandlers = ({ tuning }: Pick<ServerDeps, "tuning">): HandlersFor<typeof tuningRoutes> => ({
  "GET /api/voice/sounds": async (_input, { actor }) => ({ items: await tuning.sounds(actor) }),
  "GET /api/voice/sounds/:id": async ({ params }, { actor }) => ({
    contentType: "audio/wav",
    body: await tuning.sound(actor, params.id),
  }),
  "DELETE /api/voice/sounds/:id": async ({ params }, { actor }) => {
    await tuning.deleteSound(actor, params.id)
    return { ok: true }
  },
})
