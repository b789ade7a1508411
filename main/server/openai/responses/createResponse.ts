import type { ResponseInputItem, ResponseRequest } from "#contract/openAiResponses.ts"
import { AppError } from "#core/errors.ts"
import { newId } from "#core/ids.ts"
import { toAppError } from "../../errors.ts"
import type { RequestInfo } from "../../handlers.ts"
import { type CompletionDeps, startGeneration } from "../chatCompletions.ts"
import { badParameter, openAiErrorBody } from "../openAiErrors.ts"
import { type OpenAiReply, untilFirst } from "../openAiReply.ts"
import type { KeptResponses } from "./keptResponses.ts"
import { type OutputItem, type ResponseEvent, type ResponseObject, responseEvents } from "./responseEvents.ts"
import { toChatRequest, toMessages } from "./toChatRequest.ts"

export type ResponseDeps = CompletionDeps & { kept: KeptResponses }

/** `POST /v1/responses`. Reference: https://platform.openai.com/docs/api-reference/responses/create */
export async function createResponse(
  body: ResponseRequest,
  info: RequestInfo,
  deps: ResponseDeps,
): Promise<OpenAiReply> {
  const messages = toMessages(body.input, historyOf(body, info, deps.kept))
  const source = await startGeneration(toChatRequest(body, messages), info, deps)
  const begun = beginning(body, Math.floor(deps.clock.now() / 1000))
  const keep = (response: ResponseObject): void => {
    if (body.store === false) return
    deps.kept.keep(info.actor, { response, messages: toMessages(response.output.map(asInput), messages) })
  }
  if (!body.stream) return { kind: "json", value: await whole(responseEvents(source, begun), keep) }
  const events = responseEvents(await untilFirst(source), begun)
  return { kind: "events", events: numbered(events, begun, info.signal, keep), isClosedByDone: false, isNamed: true }
}

export function keptResponse(id: string, info: RequestInfo, kept: KeptResponses): ResponseObject {
  const found = kept.get(info.actor, id)
  if (!found) throw unknownResponse(id)
  return found.response
}

export function deleteResponse(id: string, info: RequestInfo, kept: KeptResponses): unknown {
  if (!kept.forget(info.actor, id)) throw unknownResponse(id)
  return { id, object: "response", deleted: true }
}

const unknownResponse = (id: string): AppError =>
  new AppError("request.not-found", `There is no response ${id.slice(0, 80)}.`, {
    remedy: "Responses are kept in memory for an hour, unless `store` is false.",
  })

function historyOf(body: ResponseRequest, info: RequestInfo, kept: KeptResponses) {
  if (!body.previous_response_id) return []
  const previous = kept.get(info.actor, body.previous_response_id)
  if (!previous)
    throw badParameter(
      "previous_response_id",
      "That response is not kept (an hour in memory, unless `store` is false). Send the conversation as `input`.",
    )
  return previous.messages
}

const beginning = (body: ResponseRequest, createdAt: number): ResponseObject => ({
  id: `resp_${newId()}`,
  object: "response",
  created_at: createdAt,
  status: "in_progress",
  error: null,
  incomplete_details: null,
  instructions: body.instructions ?? null,
  max_output_tokens: body.max_output_tokens ?? null,
  model: body.model,
  output: [],
  parallel_tool_calls: true,
  previous_response_id: body.previous_response_id ?? null,
  reasoning: { effort: null, summary: null },
  store: body.store ?? true,
  temperature: body.temperature ?? null,
  text: { format: body.text?.format ?? { type: "text" } },
  tool_choice: body.tool_choice ?? "auto",
  tools: body.tools ?? [],
  top_p: body.top_p ?? null,
  truncation: "disabled",
  usage: null,
  metadata: body.metadata ?? {},
})

async function whole(events: AsyncIterable<ResponseEvent>, keep: (response: ResponseObject) => void): Promise<unknown> {
  let last: ResponseEvent | undefined
  for await (const event of events) last = event
  if (!last?.response) throw new AppError("engine.failed", "The model ended without an end.")
  keep(last.response)
  return last.response
}

/** Numbers the events. What fails late becomes `response.failed`, as clients of this API expect it. */
async function* numbered(
  events: AsyncIterable<ResponseEvent>,
  begun: ResponseObject,
  signal: AbortSignal,
  keep: (response: ResponseObject) => void,
): AsyncGenerator<unknown> {
  let number = 0
  try {
    for await (const event of events) {
      if (event.response && event.response.status !== "in_progress") keep(event.response)
      yield { ...event, sequence_number: number++ }
    }
  } catch (error) {
    if (signal.aborted && !(signal.reason instanceof AppError)) throw error
    const { code, message } = openAiErrorBody(toAppError(signal.aborted ? signal.reason : error)).error
    const response = { ...begun, status: "failed", error: { code: code ?? "server_error", message } }
    yield { type: "response.failed", response, sequence_number: number }
  }
}

/** An output item as a client would hand it back. */
function asInput(item: OutputItem): ResponseInputItem {
  if (item.type === "reasoning") return { type: item.type }
  if (item.type === "function_call") return { ...item }
  return { type: item.type, role: item.role, content: item.content.map(({ type, text }) => ({ type, text })) }
}
