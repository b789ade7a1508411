import type { peopleRoutes } from "#contract/people.ts"
import { AppError } from "#core/errors.ts"
import type { ServerDeps } from "../deps.ts"
import type { HandlersFor } from "../handlers.ts"
import type { Sessions } from "../sessions.ts"

export const peopleHandlers = ({
  people,
  privacy,
  sessions,
}: Pick<ServerDeps, "people" | "privacy"> & { sessions: Sessions }): HandlersFor<typeof peopleRoutes> => ({
  "GET /api/people": async (_input, { actor }) => ({ items: await people.list(actor) }),
  "POST /api/people": ({ body }, { actor }) => people.add(actor, body),
  "PATCH /api/people/:id": ({ params, body }, { actor }) => people.change(actor, params.id, body),
  "PUT /api/people/:id/pin": ({ params, body }, { actor }) => people.setPin(actor, params.id, body.pin, body.current),
  "DELETE /api/people/:id": async ({ params, query }, { actor, signal }) => ({
    ok: true,
    proof: await privacy.removePerson(actor, params.id, query.things, signal),
  }),
  "GET /api/session": async (_input, { actor }) => ({
    person: people.actorOf(actor.personId) ? await people.get(actor, actor.personId) : null,
    people: people.choices(),
  }),
  "POST /api/session/person": async ({ body }, { actor, keyId }) => {
    if (!sessions.isSession(keyId)) {
      throw new AppError("request.invalid", "A key acts as the person it belongs to.", {
        remedy: "Make a key for the other person.",
      })
    }
    if (body.personId !== null) await people.choose(body.personId, body.pin)
    sessions.hand(keyId, body.personId)
    return { person: body.personId === null ? null : await people.get(actor, body.personId) }
  },
  "PUT /api/collections/:id/sharing": async ({ params, body }, { actor }) => ({
    sharing: await people.shareCollection(actor, params.id, body),
  }),
  "PUT /api/conversations/:id/sharing": async ({ params, body }, { actor }) => ({
    sharing: await people.shareConversation(actor, params.id, body),
  }),
})
