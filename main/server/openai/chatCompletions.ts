import type { GenerateEvent, GenerateRequest, TokenLogprob } from "#contract/generation.ts"
import type { ChatCompletionRequest } from "#contract/openai.ts"
import { AppError } from "#core/errors.ts"
import { newId } from "#core/ids.ts"
import type { ServerDeps } from "../deps.ts"
import type { RequestInfo } from "../handlers.ts"
import { toLlmRequest } from "./chatRequest.ts"
import type { ChoiceEvent, Citation, ServerLlm } from "./llm.ts"
import { badParameter } from "./openAiErrors.ts"
import { findCollection } from "./openAiModels.ts"
import { type OpenAiReply, untilFirst } from "./openAiReply.ts"
import { answerFromDocuments } from "./ragModel.ts"

export type CompletionDeps = Pick<ServerDeps, "openAi" | "collections" | "clock">

/** `POST /v1/chat/completions`. Reference: https://platform.openai.com/docs/api-reference/chat */
export async function chatCompletion(
  body: ChatCompletionRequest,
  info: RequestInfo,
  deps: CompletionDeps,
): Promise<OpenAiReply> {
  const choices = body.n ?? 1
  const source = await startGeneration(body, info, deps)
  const head = { id: `chatcmpl-${newId()}`, created: Math.floor(deps.clock.now() / 1000), model: body.model }
  if (!body.stream) return { kind: "json", value: await wholeCompletion(source, head, choices, Boolean(body.logprobs)) }
  const events = await untilFirst(source)
  const options = { includesUsage: body.stream_options?.include_usage === true, hasLogprobs: Boolean(body.logprobs) }
  return { kind: "events", events: chunks(events, head, options), isClosedByDone: true }
}

/** What an installed model writes, or what documents answer for `rag/<collection>`. */
export async function startGeneration(
  body: ChatCompletionRequest,
  info: RequestInfo,
  deps: CompletionDeps,
): Promise<AsyncIterable<ChoiceEvent>> {
  const request = toLlmRequest(body)
  if (body.model.startsWith("rag/")) {
    const collection = await findCollection(body.model, info.actor, deps)
    return answerFromDocuments(body, request, collection.id, info, deps)
  }
  const llm = await deps.openAi.llm(body.model)
  await refuseWhatModelLacks(request, llm, info.signal)
  return generateChoices(llm, request, body.n ?? 1, info.signal)
}

/** Choices one after the other; each but the first moves on from the seed, else they would all be the same. */
export async function* generateChoices(
  llm: ServerLlm,
  request: GenerateRequest,
  choices: number,
  signal: AbortSignal,
): AsyncGenerator<ChoiceEvent> {
  for (let index = 0; index < choices; index++) {
    const seed = request.seed === undefined ? {} : { seed: request.seed + index }
    for await (const event of llm.generate({ ...request, ...seed }, signal)) yield { index, event }
  }
}

async function refuseWhatModelLacks(request: GenerateRequest, llm: ServerLlm, signal: AbortSignal): Promise<void> {
  if (!request.tools || request.toolChoice === "none") return
  const { hasTools } = await llm.info(signal)
  if (!hasTools) throw badParameter("tools", `The model ${llm.modelId} cannot call tools.`)
}

interface Head {
  id: string
  created: number
  model: string
}

export interface WireUsage {
  prompt_tokens: number
  completion_tokens: number
  total_tokens: number
  prompt_tokens_details: { cached_tokens: number }
}

/** Adds up the usage of several choices: the prompt counts once. */
export function createUsage(): { add(event: GenerateEvent & { type: "end" }): void; value(): WireUsage } {
  let prompt = 0
  let cached = 0
  let completion = 0
  let isFirst = true
  return {
    add({ usage }) {
      prompt = Math.max(prompt, usage.promptTokens)
      // Later choices reuse the first one's prompt; what the client had cached is what the first one found.
      if (isFirst) cached = usage.cachedTokens
      isFirst = false
      completion += usage.completionTokens
    },
    value: () => ({
      prompt_tokens: prompt,
      completion_tokens: completion,
      total_tokens: prompt + completion,
      prompt_tokens_details: { cached_tokens: cached },
    }),
  }
}

export const finishReason = (reason: "stop" | "length" | "tool-calls"): "stop" | "length" | "tool_calls" =>
  reason === "tool-calls" ? "tool_calls" : reason

const logprobsOf = (items: TokenLogprob[]): { content: unknown[]; refusal: null } => ({
  content: items.map(({ top, ...token }) => ({ ...token, top_logprobs: top })),
  refusal: null,
})

interface WholeChoice {
  content: string
  reasoning: string
  toolCalls: { id: string; name: string; arguments: string }[]
  logprobs: TokenLogprob[]
  finish: "stop" | "length" | "tool_calls" | null
  citations: Citation[] | null
}

async function wholeCompletion(
  source: AsyncIterable<ChoiceEvent>,
  head: Head,
  choices: number,
  hasLogprobs: boolean,
): Promise<unknown> {
  const parts = Array.from(
    { length: choices },
    (): WholeChoice => ({ content: "", reasoning: "", toolCalls: [], logprobs: [], finish: null, citations: null }),
  )
  const usage = createUsage()
  for await (const { index, event } of source) {
    const part = parts[index]
    if (!part) continue
    if (event.type === "text") {
      part.content += event.text
      part.logprobs.push(...(event.logprobs ?? []))
    } else if (event.type === "reasoning") part.reasoning += event.text
    else if (event.type === "tool-call") addToolCall(part.toolCalls, event)
    else if (event.type === "citations") part.citations = event.citations
    else if (event.type === "end") {
      part.finish = finishReason(event.reason)
      usage.add(event)
    }
  }
  return {
    ...head,
    object: "chat.completion",
    system_fingerprint: fingerprint,
    choices: parts.map((part, index) => wholeChoice(part, index, hasLogprobs)),
    usage: usage.value(),
  }
}

function addToolCall(calls: WholeChoice["toolCalls"], event: GenerateEvent & { type: "tool-call" }): void {
  const call = calls[event.index]
  if (call) call.arguments += event.argumentsDelta
  else calls[event.index] = { id: event.id, name: event.name, arguments: event.argumentsDelta }
}

function wholeChoice(part: WholeChoice, index: number, hasLogprobs: boolean): unknown {
  // A source that ends without saying so has failed: a half answer must not look whole.
  if (part.finish === null) throw new AppError("engine.failed", "The model ended without an end.")
  return {
    index,
    message: {
      role: "assistant",
      content: part.content === "" && part.toolCalls.length > 0 ? null : part.content,
      refusal: null,
      ...(part.reasoning ? { reasoning_content: part.reasoning } : {}),
      ...(part.toolCalls.length > 0
        ? {
            tool_calls: part.toolCalls.map((call) => ({
              id: call.id,
              type: "function",
              function: { name: call.name, arguments: call.arguments },
            })),
          }
        : {}),
      ...(part.citations ? { citations: part.citations } : {}),
    },
    logprobs: hasLogprobs ? logprobsOf(part.logprobs) : null,
    finish_reason: part.finish,
  }
}

/** `data:` values of a stream: the role first, `finish_reason` null until the last, then usage where it was asked for. */
async function* chunks(
  source: AsyncIterable<ChoiceEvent>,
  head: Head,
  options: { includesUsage: boolean; hasLogprobs: boolean },
): AsyncGenerator<unknown> {
  const base = { ...head, object: "chat.completion.chunk", system_fingerprint: fingerprint }
  // OpenAI sends `usage: null` on the other chunks when usage was asked for, and no such field otherwise.
  const noUsage = options.includesUsage ? { usage: null } : {}
  const chunk = (
    index: number,
    delta: unknown,
    finish: string | null,
    logprobs: TokenLogprob[] | undefined,
  ): unknown => ({
    ...base,
    choices: [
      { index, delta, logprobs: options.hasLogprobs && logprobs ? logprobsOf(logprobs) : null, finish_reason: finish },
    ],
    ...noUsage,
  })
  const usage = createUsage()
  const started = new Set<number>()
  const calls = new Set<string>()
  for await (const { index, event } of source) {
    if (!started.has(index) && event.type !== "prompt-progress") {
      started.add(index)
      yield chunk(index, { role: "assistant", content: "" }, null, undefined)
    }
    switch (event.type) {
      case "prompt-progress":
        break
      case "text":
        yield chunk(index, { content: event.text }, null, event.logprobs)
        break
      case "reasoning":
        yield chunk(index, { reasoning_content: event.text }, null, undefined)
        break
      case "tool-call": {
        const isNew = !calls.has(`${index}:${event.index}`)
        calls.add(`${index}:${event.index}`)
        const named = isNew ? { id: event.id, type: "function" } : {}
        const call = { ...(isNew ? { name: event.name } : {}), arguments: event.argumentsDelta }
        yield chunk(index, { tool_calls: [{ index: event.index, ...named, function: call }] }, null, undefined)
        break
      }
      case "citations":
        yield chunk(index, { citations: event.citations }, null, undefined)
        break
      case "end":
        usage.add(event)
        yield chunk(index, {}, finishReason(event.reason), undefined)
        break
      default:
        event satisfies never
    }
  }
  if (options.includesUsage) yield { ...base, choices: [], usage: usage.value() }
}

const fingerprint = "zenglow"
