import type { ChatMessage, GenerateEvent, GenerateRequest } from "../types.ts"
import type { Connection } from "./connection.ts"
import { countOf, isRecord, readJsonLines, textOf } from "./readLines.ts"
import type { RemoteProtocol } from "./remoteLlm.ts"
import { samplingFields } from "./sampling.ts"

/** Ollama keeps memory for the whole context it is asked for; more than this is asked for only when the person says so. */
const usualContext = 8192

/** Ollama's own protocol: `/api/chat` in lines of JSON, `/api/tags`, `/api/show` (its docs/api.md). */
export function createOllamaServer(connection: Connection): RemoteProtocol {
  const { failed } = connection
  return {
    hasTools: true,
    async models(signal) {
      const answer = await connection.json("api/tags", null, signal)
      if (!isRecord(answer) || !Array.isArray(answer.models)) throw failed("does not list its models")
      return answer.models
        .filter(isRecord)
        .map((model) => textOf(model.model) || textOf(model.name))
        .filter((id) => id !== "")
        .slice(0, 500)
        .map((id) => ({ id: id.slice(0, 200), contextTokens: null }))
    },
    async contextTokens(model, signal) {
      const shown = await connection.json("api/show", { model }, signal)
      const details = isRecord(shown) && isRecord(shown.model_info) ? shown.model_info : {}
      const key = Object.keys(details).find((name) => name.endsWith(".context_length"))
      const told = key === undefined ? null : countOf(details[key])
      return told === null ? null : Math.min(told, usualContext)
    },
    async *generate(model, request, context, signal) {
      const startedAt = performance.now()
      let firstAt: number | null = null
      let calls = 0
      const bytes = connection.stream("api/chat", requestBody(model, request, context), signal)
      for await (const line of readJsonLines(bytes, failed)) {
        if (line.error !== undefined) throw failed("stopped with an error of its own")
        const message = isRecord(line.message) ? line.message : {}
        const thinking = textOf(message.thinking)
        const text = textOf(message.content)
        if (thinking !== "" || text !== "") firstAt ??= performance.now()
        if (thinking !== "") yield { type: "reasoning", text: thinking }
        if (text !== "") yield { type: "text", text }
        for (const call of Array.isArray(message.tool_calls) ? message.tool_calls.filter(isRecord) : []) {
          const given = isRecord(call.function) ? call.function : {}
          yield {
            type: "tool-call",
            index: calls,
            id: `call_${calls}`,
            name: textOf(given.name),
            argumentsDelta: JSON.stringify(given.arguments ?? {}),
          }
          calls++
        }
        if (line.done === true) {
          yield end(line, calls, startedAt, firstAt ?? performance.now())
          return
        }
      }
      throw failed("broke off in the middle of its answer")
    },
  }
}

function end(line: Record<string, unknown>, calls: number, startedAt: number, firstAt: number): GenerateEvent {
  return {
    type: "end",
    reason: calls > 0 ? "tool-calls" : line.done_reason === "length" ? "length" : "stop",
    usage: {
      promptTokens: countOf(line.prompt_eval_count) ?? 0,
      cachedTokens: 0,
      completionTokens: countOf(line.eval_count) ?? 0,
    },
    timings: { promptMs: firstAt - startedAt, generateMs: performance.now() - firstAt },
  }
}

function requestBody(model: string, request: GenerateRequest, context: number): Record<string, unknown> {
  const { toolChoice, responseFormat } = request
  const named = typeof toolChoice === "object" ? toolChoice.name : null
  const tools =
    toolChoice === "none" ? [] : (request.tools ?? []).filter(({ name }) => named === null || name === named)
  return {
    model,
    messages: messagesOf(request.messages),
    stream: true,
    ...(tools.length > 0 ? { tools: tools.map((tool) => ({ type: "function", function: tool })) } : {}),
    ...(responseFormat?.type === "json_object" ? { format: "json" } : {}),
    ...(responseFormat?.type === "json_schema" ? { format: responseFormat.schema } : {}),
    options: {
      num_ctx: context,
      num_predict: request.maxTokens,
      ...samplingFields(request),
    },
  }
}

/** Ollama has no ids of calls: an answer of a tool names the tool. */
function messagesOf(messages: readonly ChatMessage[]): Record<string, unknown>[] {
  const names = new Map(messages.flatMap(({ toolCalls }) => (toolCalls ?? []).map(({ id, name }) => [id, name])))
  return messages.map(({ role, content, toolCalls, toolCallId }) => ({
    role,
    content,
    ...(toolCalls?.length
      ? {
          tool_calls: toolCalls.map(({ name, arguments: given }) => ({ function: { name, arguments: parsed(given) } })),
        }
      : {}),
    ...(toolCallId === undefined ? {} : { tool_name: names.get(toolCallId) ?? toolCallId }),
  }))
}

function parsed(given: string): unknown {
  try {
    return JSON.parse(given)
  } catch {
    return {}
  }
}
