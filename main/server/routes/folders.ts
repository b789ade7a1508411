import type { folderRoutes } from "#contract/folders.ts"
import type { SearchIndex, searchIndexRoutes } from "#contract/searchIndex.ts"
import type { ServerDeps } from "../deps.ts"
import type { HandlersFor } from "../handlers.ts"

export const searchIndexHandlers = ({
  searchIndex,
}: Pick<ServerDeps, "searchIndex">): HandlersFor<typeof searchIndexRoutes> => ({
  "GET /api/search-index": async () => {
    const { refused, ...index } = await searchIndex.view()
    return { ...index, refused: refused && publicRefusal(refused) }
  },
  "POST /api/search-index/use-refused": (_input, { actor }) => searchIndex.useRefused(actor),
})

/** Only what the contract names. */
const publicRefusal = ({ kind, modelId, before, after, questions, at }: NonNullable<SearchIndex["refused"]>) => ({
  kind,
  modelId,
  before,
  after,
  questions,
  at,
})

export const folderHandlers = ({ folders }: Pick<ServerDeps, "folders">): HandlersFor<typeof folderRoutes> => ({
  "GET /api/folders": async (_input, { actor }) => ({ items: await folders.list(actor) }),
  "POST /api/folders": ({ body }, { actor }) => folders.add(actor, body),
  "GET /api/folders/:id": ({ params }, { actor }) => folders.get(actor, params.id),
  "PATCH /api/folders/:id": ({ params, body }, { actor }) => folders.change(actor, params.id, body),
  "POST /api/folders/:id/rescan": ({ params }, { actor }) => folders.rescan(actor, params.id),
  "DELETE /api/folders/:id": async ({ params, query }, { actor }) => {
    await folders.remove(actor, params.id, query.documents)
    return { ok: true }
  },
})
