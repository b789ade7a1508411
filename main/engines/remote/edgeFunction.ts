import type { ChatMessage, GenerateRequest } from "../types.ts"
import type { Connection } from "./connection.ts"
import { countOf, isRecord, textOf } from "./readLines.ts"
import type { RemoteProtocol } from "./remoteLlm.ts"

/** Names under which functions send their text. */
const textNames = ["text", "response", "answer", "content", "output", "completion", "generated_text", "result"]

/**
 * A Supabase edge function that answers prompts: `POST functions/v1/<model>` with `{prompt, temperature, max_tokens}`, JSON back. It has
 * no models to list: the model is the function's name. Its answer comes as one piece.
 */
export function createEdgeFunction(
  connection: Connection,
  baseUrl: string,
  functionName: string | null,
): RemoteProtocol {
  const { failed } = connection
  const root = /\/functions\/v1\/?$/.test(new URL(baseUrl).pathname) ? "" : "functions/v1/"
  return {
    hasTools: false,
    models: async () => (functionName === null ? [] : [{ id: functionName, contextTokens: null }]),
    contextTokens: async () => null,
    async *generate(model, request, _context, signal) {
      const startedAt = performance.now()
      const body = { prompt: promptOf(request), temperature: request.temperature, max_tokens: request.maxTokens }
      const answer = await connection.json(`${root}${encodeURIComponent(model)}`, body, signal)
      const text = replyOf(answer)
      if (text.trim() === "") throw failed("sent an empty answer")
      yield { type: "text", text: cutAt(text, request.stop) }
      const usage = isRecord(answer) && isRecord(answer.usage) ? answer.usage : {}
      yield {
        type: "end",
        reason: "stop",
        usage: {
          promptTokens: countOf(usage.prompt_tokens) ?? 0,
          cachedTokens: 0,
          completionTokens: countOf(usage.completion_tokens) ?? 0,
        },
        timings: { promptMs: performance.now() - startedAt, generateMs: 0 },
      }
    },
  }
}

/** The conversation as one text: that is all a function takes. */
function promptOf({ messages, responseFormat }: GenerateRequest): string {
  const speakers: Record<ChatMessage["role"], string> = {
    system: "",
    user: "User: ",
    assistant: "Assistant: ",
    tool: "",
  }
  const lines = messages.map(({ role, content }) => `${speakers[role]}${content}`)
  if (responseFormat?.type === "json_object") lines.push("Answer with one JSON object and nothing else.")
  if (responseFormat?.type === "json_schema")
    lines.push(`Answer with one JSON value of this schema and nothing else: ${JSON.stringify(responseFormat.schema)}`)
  return `${lines.join("\n\n")}\n\nAssistant:`
}

function replyOf(answer: unknown): string {
  if (typeof answer === "string") return answer
  if (!isRecord(answer)) return ""
  for (const name of textNames) if (textOf(answer[name]) !== "") return textOf(answer[name])
  const choice = Array.isArray(answer.choices) ? answer.choices[0] : undefined
  if (!isRecord(choice)) return ""
  return textOf(choice.text) || (isRecord(choice.message) ? textOf(choice.message.content) : "")
}

function cutAt(text: string, stops: readonly string[] = []): string {
  const at = stops.map((stop) => text.indexOf(stop)).filter((index) => index >= 0)
  return at.length > 0 ? text.slice(0, Math.min(...at)) : text
}
