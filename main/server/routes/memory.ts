import type { artifactRoutes } from "#contract/artifacts.ts"
import type { memoryRoutes } from "#contract/memory.ts"
import type { whyRoutes } from "#contract/why.ts"
import type { ServerDeps } from "../deps.ts"
import type { HandlersFor } from "../handlers.ts"

export const memoryHandlers = ({ memory }: Pick<ServerDeps, "memory">): HandlersFor<typeof memoryRoutes> => ({
  "GET /api/memory": ({ query }, { actor }) => memory.list(actor, query),
  "POST /api/memory": ({ body }, { actor, signal }) => memory.add(actor, body, signal),
  "PATCH /api/memory/:id": ({ params, body }, { actor, signal }) => memory.change(actor, params.id, body, signal),
  "DELETE /api/memory/:id": async ({ params }, { actor }) => {
    await memory.forget(actor, params.id)
    return { ok: true }
  },
  "DELETE /api/memory": async (_input, { actor }) => ({ forgotten: await memory.forgetAll(actor) }),
})

export const whyHandlers = ({ why }: Pick<ServerDeps, "why">): HandlersFor<typeof whyRoutes> => ({
  "POST /api/documents/:id/why": ({ params, body }, { actor, signal }) =>
    why(actor, { documentId: params.id, question: body.question, collectionIds: body.collectionIds ?? null }, signal),
})

export const artifactHandlers = ({ artifacts }: Pick<ServerDeps, "artifacts">): HandlersFor<typeof artifactRoutes> => ({
  "GET /api/artifacts": ({ query: { tag, ...query } }, { actor }) => {
    const tags = (tag ?? "").split(",").flatMap((part) => part.trim().toLowerCase() || [])
    return artifacts.list(actor, { ...query, tags })
  },
  "GET /api/artifacts/:id": ({ params }, { actor }) => artifacts.get(actor, params.id),
  "PATCH /api/artifacts/:id": ({ params, body }, { actor }) =>
    artifacts.setTags(actor, params.id, [...new Set(body.tags)]),
  "DELETE /api/artifacts/:id": async ({ params }, { actor }) => {
    await artifacts.delete(actor, params.id)
    return { ok: true }
  },
})
