import type { ChatMessage, GenerateEvent, GenerateRequest, TokenLogprob } from "../types.ts"
import type { Connection } from "./connection.ts"
import { countOf, isRecord, readEvents, textOf } from "./readLines.ts"
import type { RemoteProtocol } from "./remoteLlm.ts"
import { samplingFields } from "./sampling.ts"

type EndEvent = Extract<GenerateEvent, { type: "end" }>

/** OpenAI's chat completions as llama.cpp's server, vLLM, LM Studio and another ZenGlow speak them. The address ends before `/v1`, or with it. */
export function createOpenAiServer(connection: Connection, baseUrl: string): RemoteProtocol {
  const { failed } = connection
  const root = /\/v1\/?$/.test(new URL(baseUrl).pathname) ? "" : "v1/"

  return {
    hasTools: true,
    async models(signal) {
      const answer = await connection.json(`${root}models`, null, signal)
      if (!isRecord(answer) || !Array.isArray(answer.data)) throw failed("does not list its models")
      return answer.data
        .filter(isRecord)
        .filter(({ id }) => textOf(id) !== "" && !textOf(id).startsWith("rag/"))
        .slice(0, 500)
        .map((model) => ({ id: textOf(model.id).slice(0, 200), contextTokens: contextOf(model) }))
    },
    async contextTokens(model, signal) {
      return (await this.models(signal)).find(({ id }) => id === model)?.contextTokens ?? null
    },
    async *generate(model, request, _context, signal) {
      const startedAt = performance.now()
      let firstAt: number | null = null
      let reason: EndEvent["reason"] | null = null
      let usage: EndEvent["usage"] | null = null
      let pieces = 0
      let isDone = false
      const calls = new Map<number, { id: string; name: string }>()
      const bytes = connection.stream(`${root}chat/completions`, requestBody(model, request), signal)
      for await (const chunk of readEvents(bytes, failed)) {
        if (chunk === "done") {
          isDone = true
          break
        }
        if (chunk.error !== undefined && chunk.error !== null) throw failed("stopped with an error of its own")
        usage = usageOf(chunk.usage) ?? usage
        const choice = Array.isArray(chunk.choices) ? chunk.choices[0] : undefined
        if (!isRecord(choice)) continue
        const delta = isRecord(choice.delta) ? choice.delta : {}
        const reasoning = textOf(delta.reasoning_content) || textOf(delta.reasoning)
        const text = textOf(delta.content)
        if (reasoning !== "" || text !== "" || Array.isArray(delta.tool_calls)) {
          firstAt ??= performance.now()
          pieces++
        }
        if (reasoning !== "") yield { type: "reasoning", text: reasoning }
        if (text !== "") {
          const logprobs = logprobsOf(choice.logprobs)
          yield { type: "text", text, ...(logprobs ? { logprobs } : {}) }
        }
        for (const call of Array.isArray(delta.tool_calls) ? delta.tool_calls.filter(isRecord) : [])
          yield toolCall(call, calls)
        if (typeof choice.finish_reason === "string") reason = reasonOf(choice.finish_reason)
      }
      // A server that dies sends neither: what came so far must not pass for a whole answer.
      if (reason === null && !isDone) throw failed("broke off in the middle of its answer")
      const endedAt = performance.now()
      yield {
        type: "end",
        reason: reason ?? "stop",
        usage: usage ?? { promptTokens: 0, cachedTokens: 0, completionTokens: pieces },
        timings: { promptMs: (firstAt ?? endedAt) - startedAt, generateMs: endedAt - (firstAt ?? endedAt) },
      }
    },
  }
}

/** vLLM and ZenGlow tell `max_model_len` or `context_length`; llama.cpp has it under `meta`. */
function contextOf(model: Record<string, unknown>): number | null {
  const meta = isRecord(model.meta) ? model.meta : {}
  return (
    countOf(model.max_model_len) ??
    countOf(model.context_length) ??
    countOf(model.max_context_length) ??
    countOf(meta.n_ctx) ??
    countOf(meta.n_ctx_train)
  )
}

function requestBody(model: string, request: GenerateRequest): Record<string, unknown> {
  const { tools, toolChoice, responseFormat, topLogprobs } = request
  return {
    model,
    messages: request.messages.map(message),
    stream: true,
    stream_options: { include_usage: true },
    max_tokens: request.maxTokens,
    ...samplingFields(request),
    ...(topLogprobs === undefined ? {} : { logprobs: true, top_logprobs: topLogprobs }),
    ...(tools?.length ? { tools: tools.map((tool) => ({ type: "function", function: tool })) } : {}),
    ...(tools?.length && toolChoice !== undefined
      ? {
          tool_choice:
            typeof toolChoice === "string" ? toolChoice : { type: "function", function: { name: toolChoice.name } },
        }
      : {}),
    ...(responseFormat === undefined || responseFormat.type === "text"
      ? {}
      : {
          response_format:
            responseFormat.type === "json_object"
              ? { type: "json_object" }
              : { type: "json_schema", json_schema: { name: "answer", strict: true, schema: responseFormat.schema } },
        }),
  }
}

function message({ role, content, toolCalls, toolCallId }: ChatMessage): Record<string, unknown> {
  return {
    role,
    content,
    ...(toolCalls?.length
      ? {
          tool_calls: toolCalls.map(({ id, name, arguments: given }) => ({
            id,
            type: "function",
            function: { name, arguments: given },
          })),
        }
      : {}),
    ...(toolCallId === undefined ? {} : { tool_call_id: toolCallId }),
  }
}

/** Id and name come once; later pieces carry only the index. */
function toolCall(call: Record<string, unknown>, calls: Map<number, { id: string; name: string }>): GenerateEvent {
  const index = countOf(call.index) ?? 0
  const given = isRecord(call.function) ? call.function : {}
  const known = calls.get(index)
  const named = { id: textOf(call.id) || known?.id || `call_${index}`, name: textOf(given.name) || known?.name || "" }
  calls.set(index, named)
  return { type: "tool-call", index, ...named, argumentsDelta: textOf(given.arguments) }
}

function usageOf(value: unknown): EndEvent["usage"] | null {
  if (!isRecord(value)) return null
  const details = isRecord(value.prompt_tokens_details) ? value.prompt_tokens_details : {}
  return {
    promptTokens: countOf(value.prompt_tokens) ?? 0,
    cachedTokens: countOf(details.cached_tokens) ?? 0,
    completionTokens: countOf(value.completion_tokens) ?? 0,
  }
}

const reasonOf = (reason: string): EndEvent["reason"] =>
  reason === "length" ? "length" : reason === "tool_calls" || reason === "function_call" ? "tool-calls" : "stop"

function logprobsOf(value: unknown): TokenLogprob[] | null {
  if (!isRecord(value) || !Array.isArray(value.content)) return null
  const one = (entry: Record<string, unknown>) => ({
    token: textOf(entry.token),
    logprob: typeof entry.logprob === "number" ? entry.logprob : Number.NEGATIVE_INFINITY,
    bytes: Array.isArray(entry.bytes) ? entry.bytes.filter((byte) => typeof byte === "number") : [],
  })
  return value.content.filter(isRecord).map((entry) => ({
    ...one(entry),
    top: Array.isArray(entry.top_logprobs) ? entry.top_logprobs.filter(isRecord).map(one) : [],
  }))
}
