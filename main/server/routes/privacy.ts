import type { piiRoutes } from "#contract/pii.ts"
import type { privacyRoutes } from "#contract/privacy.ts"
import type { ServerDeps } from "../deps.ts"
import type { HandlersFor } from "../handlers.ts"

type Handled = typeof piiRoutes & typeof privacyRoutes

export const privacyHandlers = ({ privacy }: Pick<ServerDeps, "privacy">): HandlersFor<Handled> => ({
  "GET /api/pii/subjects": async (_, { actor }) => ({ items: await privacy.subjects.list(actor) }),
  "POST /api/pii/subjects": ({ body }, { actor }) => privacy.subjects.add(actor, body),
  "DELETE /api/pii/subjects/:id": async ({ params }, { actor }) => {
    await privacy.subjects.delete(actor, params.id)
    return { ok: true }
  },
  "GET /api/pii/subjects/:id/mentions": ({ params }, { actor }) => privacy.mentions(actor, params.id),
  "POST /api/pii/subjects/:id/erase": ({ params }, { actor, signal }) => privacy.eraseSubject(actor, params.id, signal),
  "POST /api/pii/find": ({ body }, { actor }) => privacy.find(actor, body.text),
  "GET /api/export": async (_, { actor, signal }) => ({
    contentType: "application/zip",
    body: await privacy.export(actor, signal),
    fileName: "zenglow-everything.zip",
  }),
  "GET /api/erase": ({ query }, { actor }) => privacy.count(actor, query.what),
  "POST /api/erase": ({ body }, { actor, signal }) => privacy.erase(actor, body, signal),
})
