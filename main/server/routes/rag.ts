import type { ragRoutes } from "#contract/rag.ts"
import type { RagStreamEvent } from "#contract/ragStream.ts"
import { hasScope } from "#core/actor.ts"
import { AppError, isAbort } from "#core/errors.ts"
import type { RagStreamQuery, ServerDeps } from "../deps.ts"
import { errorBody, toAppError } from "../errors.ts"
import type { HandlersFor, RequestInfo, StreamItem } from "../handlers.ts"
import { joinRagStream } from "../joinRagStream.ts"
import { parseLastEventId } from "../lastEventId.ts"
import { untilFirst } from "../openai/openAiReply.ts"
import { createResumableStreams, type ResumableStreams } from "../resumableStreams.ts"

export const ragHandlers = ({
  rag,
  documents,
  clock,
  log,
}: Pick<ServerDeps, "rag" | "documents" | "clock" | "log">): HandlersFor<typeof ragRoutes> => {
  const streams = createResumableStreams(clock)
  const stream = (query: RagStreamQuery, keepsMemories: boolean, request: RequestInfo) =>
    openStream({ query, keepsMemories, request, rag, streams, log })
  return {
    "POST /rag/query": ({ body }, { actor, signal }) => rag.query(actor, body, signal),
    "POST /rag/query2": ({ body }, { actor, signal }) => rag.ranking(actor, body, signal),
    "POST /rag/stream_query": ({ body }, request) => stream(body, true, request),
    "GET /rag/stream_query": ({ query }, request) => {
      const { document_ids, tags, types, after, before, ...rest } = query
      const filter = { document_ids, tags, types, after, before }
      const isLimited = Object.values(filter).some((value) => value !== undefined)
      return stream(isLimited ? { ...rest, filter } : rest, false, request)
    },
    "GET /rag/fusion/weights": async () => rag.fusionWeights(),
    "PUT /rag/fusion/weights": async ({ body }, { actor, signal }) => {
      const { ltr, conceptual, version } = body
      if (version !== undefined && version !== rag.fusionWeights().version)
        throw new AppError("request.conflict", "The weights were changed in between.", {
          remedy: "Read them again and send their version.",
        })
      const weights = body.weights === undefined ? { ltr: ltr ?? 0, conceptual: conceptual ?? 0 } : body.weights
      return { ...(await rag.setFusionWeights(actor, weights, body.force, signal)), normalized: true }
    },
    "POST /rag/feedback": async ({ body }, { actor }) => {
      const { query_id, chunk_id, event, value } = body
      const { query_hash: _, ...entry } = await rag.feedback.record(actor, {
        queryId: query_id,
        chunkId: chunk_id,
        event,
        value,
      })
      return { ok: true, ...entry }
    },
    "GET /rag/feedback": (_input, { actor }) => rag.feedback.counts(actor),
    "GET /rag/feedback/:query_id": async ({ params }, { actor }) => {
      const { list, events, moved } = await rag.feedback.view(actor, params.query_id)
      return { ...list, events: events.map(({ query_hash: _hash, query_id: _id, ...entry }) => entry), moved }
    },
    "DELETE /rag/feedback": (_input, { actor }) => rag.feedback.forget(actor),
    "POST /rag/ingest": async ({ body }, { actor }) => {
      const collectionId = body.collection_id ?? null
      if ([body.text, body.path, body.url].filter((given) => given !== undefined).length !== 1)
        throw new AppError("request.invalid", "None or several of `text`, `path` and `url` were sent.", {
          remedy: "Send one of them.",
        })
      if (body.path !== undefined && !hasScope(actor, "owner"))
        throw new AppError("auth.missing-scope", "Adding a path of this machine needs the owner's key.", {
          remedy: "Upload the file, or use the owner's key.",
        })
      const { text = "", title = "Untitled", path, url } = body
      const add = () =>
        url !== undefined
          ? documents.addPage(actor, url, collectionId)
          : path !== undefined
            ? documents.addPath(actor, path, collectionId)
            : documents.addText(actor, { title, text }, collectionId)
      const started = await add()
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
  }
}

/** A request's stream. What fails before the first event is an answer with a status; what fails later is the closing `error` event. */
async function openStream({
  query,
  keepsMemories,
  request,
  rag,
  streams,
  log,
}: {
  query: RagStreamQuery
  keepsMemories: boolean
  request: RequestInfo
  streams: ResumableStreams
} & Pick<ServerDeps, "rag" | "log">): Promise<AsyncIterable<StreamItem<RagStreamEvent>>> {
  const { actor, signal, lastEventId, requestId } = request
  const key = JSON.stringify([actor.personId, keepsMemories, query])
  const source = {
    run: (queryId: string) => rag.stream(actor, query, { queryId, keepsMemories }, signal),
    join: joinRagStream,
  }
  const after = parseLastEventId(lastEventId)
  const items = await untilFirst(streams.open<RagStreamEvent>(key, after < 0 ? null : after, source))
  return (async function* () {
    let id = after
    try {
      for await (const item of items) {
        id = item.id ?? id
        yield item
      }
    } catch (error) {
      // A stopping core aborts with an AppError as the reason: the client is told. Any other abort is the client's own.
      if (isAbort(error, signal) && !(signal.reason instanceof AppError)) throw error
      const appError = toAppError(signal.aborted ? signal.reason : error)
      log.warn("stream failed", { route: "stream_query", code: appError.code, error: appError.cause })
      const { code, message, remedy } = errorBody(appError, requestId).error
      yield {
        id: id + 1,
        event: "error",
        data: { phase: "error", code, message, ...(remedy ? { remedy } : {}), requestId },
      }
    }
  })()
}
