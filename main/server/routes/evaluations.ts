import type { evaluationRoutes } from "#contract/evaluations.ts"
import type { ServerDeps } from "../deps.ts"
import type { HandlersFor } from "../handlers.ts"

export const evaluationHandlers = ({
  evaluations,
}: Pick<ServerDeps, "evaluations">): HandlersFor<typeof evaluationRoutes> => ({
  "POST /api/evaluations": ({ body }, { actor }) =>
    evaluations.start(actor, {
      path: body.path ?? null,
      collectionIds: body.collectionIds ?? null,
      answers: body.answers,
    }),
  "GET /api/evaluations": async (_input, { actor }) => ({ items: await evaluations.list(actor) }),
  "GET /api/evaluations/:id": ({ params }, { actor }) => evaluations.get(actor, params.id),
  "DELETE /api/evaluations/:id": async ({ params }, { actor }) => {
    await evaluations.delete(actor, params.id)
    return { ok: true }
  },
  "GET /api/pinned-questions": async (_input, { actor }) => ({ items: await evaluations.pins(actor) }),
  "POST /api/pinned-questions": ({ body }, { actor }) =>
    evaluations.pin(actor, {
      question: body.question,
      document: body.document ?? null,
      passage: body.passage ?? null,
    }),
  "DELETE /api/pinned-questions/:id": async ({ params }, { actor }) => {
    await evaluations.unpin(actor, params.id)
    return { ok: true }
  },
})
