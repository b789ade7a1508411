import type { ragRoutes } from "#contract/rag.ts"
import { hasScope } from "#core/actor.ts"
import { AppError } from "#core/errors.ts"
import type { ServerDeps } from "../deps.ts"
import type { HandlersFor } from "../handlers.ts"

export const ragHandlers = ({
  rag,
  documents,
}: Pick<ServerDeps, "rag" | "documents">): HandlersFor<typeof ragRoutes> => ({
  "POST /rag/query": ({ body }, { actor, signal }) => rag.query(actor, body, signal),
  "POST /rag/query2": ({ body }, { actor, signal }) => rag.query(actor, { ...body, answer: false }, signal),
  "POST /rag/ingest": async ({ body }, { actor }) => {
    const collectionId = body.collection_id ?? null
    if ((body.text === undefined) === (body.path === undefined))
      throw new AppError("request.invalid", "Send either `text` or `path`.", { remedy: "Send one of them." })
    if (body.path !== undefined && !hasScope(actor, "owner"))
      throw new AppError("auth.missing-scope", "Adding a path of this machine needs the owner's key.", {
        remedy: "Upload the file, or use the owner's key.",
      })
    const started =
      body.path === undefined
        ? await documents.addText(actor, { title: body.title ?? "Untitled", text: body.text ?? "" }, collectionId)
        : await documents.addPath(actor, body.path, collectionId)
    return { job_id: started.jobId, collection_id: started.collectionId }
  },
  "POST /model/embed": async ({ body }, { signal }) => {
    const texts = body.texts ?? [body.input ?? []].flat()
    if (texts.length === 0)
      throw new AppError("request.invalid", "Send `texts` or `input`.", { remedy: "Send at least one text." })
    const result = await rag.embed(texts, null, signal)
    return {
      embeddings: result.vectors.map((vector) => Array.from(vector)),
      model: result.modelId,
      dimensions: result.dimensions,
      fallback: result.isFallback,
    }
  },
})
