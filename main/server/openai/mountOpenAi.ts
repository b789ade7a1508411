import type { Express } from "express"
import { openAiRoutes } from "#contract/openai.ts"
import type { Route, RouteInput } from "#contract/route.ts"
import type { AuditTrail } from "../auditTrail.ts"
import type { ServerDeps } from "../deps.ts"
import type { Guard } from "../guard.ts"
import type { RequestInfo } from "../handlers.ts"
import { mountRoutes, type ParsedInput } from "../mountRoutes.ts"
import { chatCompletion } from "./chatCompletions.ts"
import { textCompletion } from "./completions.ts"
import { createEmbeddings } from "./embeddings.ts"
import { invalidOpenAiInput } from "./openAiErrors.ts"
import { listOpenAiModels, unknownModel } from "./openAiModels.ts"
import { type OpenAiReply, sendOpenAiReply } from "./openAiReply.ts"
import { createResponse, deleteResponse, keptResponse } from "./responses/createResponse.ts"
import { createKeptResponses } from "./responses/keptResponses.ts"
import { createSpeech, listVoices } from "./speech.ts"
import { createTranscription, createTranslation } from "./transcriptions.ts"

type Table = typeof openAiRoutes
type Handlers = {
  [K in keyof Table]: Table[K] extends Route
    ? (input: RouteInput<Table[K]>, info: RequestInfo) => Promise<OpenAiReply>
    : never
}

export const isOpenAiPath = (path: string): boolean => path === "/v1" || path.startsWith("/v1/")

/** Serves `/v1` behind the same door and by the same mounting as every other route. */
export function mountOpenAi(app: Express, deps: ServerDeps, guard: Guard, trail: AuditTrail): void {
  const handlers = openAiHandlers(deps)
  mountRoutes(app, openAiRoutes, {
    guard,
    temporaryDir: deps.temporaryDir,
    trail,
    invalid: invalidOpenAiInput,
    call: (key, input, info) => {
      // The table's schemas have parsed exactly what this handler is typed for.
      const handler = handlers[key as keyof Table] as (input: ParsedInput, info: RequestInfo) => Promise<OpenAiReply>
      return handler(input, info)
    },
    send: (_key, _route, reply, response, info) => sendOpenAiReply(reply as OpenAiReply, response, info, deps.log),
  })
}

function openAiHandlers(deps: ServerDeps): Handlers {
  const created = Math.floor(deps.clock.now() / 1000)
  const embed = createEmbeddings(deps)
  const kept = createKeptResponses(deps.clock)
  return {
    "GET /v1/models": async (_input, { actor }) => ({
      kind: "json",
      value: { object: "list", data: await listOpenAiModels(actor, deps, created) },
    }),
    "GET /v1/models/*id": async ({ params }, { actor }) => {
      const found = (await listOpenAiModels(actor, deps, created)).find((model) => model.id === params.id)
      if (!found) throw unknownModel(params.id)
      return { kind: "json", value: found }
    },
    "POST /v1/chat/completions": ({ body }, info) => chatCompletion(body, info, deps),
    "POST /v1/completions": ({ body }, info) => textCompletion(body, info, deps),
    "POST /v1/responses": ({ body }, info) => createResponse(body, info, { ...deps, kept }),
    "GET /v1/responses/:id": async ({ params }, info) => ({ kind: "json", value: keptResponse(params.id, info, kept) }),
    "DELETE /v1/responses/:id": async ({ params }, info) => ({
      kind: "json",
      value: deleteResponse(params.id, info, kept),
    }),
    "POST /v1/embeddings": ({ body }, info) => embed(body, info),
    "POST /v1/audio/transcriptions": ({ body }, info) => createTranscription(body, info, deps),
    "POST /v1/audio/translations": ({ body }, info) => createTranslation(body, info, deps),
    "POST /v1/audio/speech": ({ body }, info) => createSpeech(body, info, deps),
    "GET /v1/audio/voices": async (_input, { actor }) => ({ kind: "json", value: await listVoices(actor, deps) }),
  }
}
