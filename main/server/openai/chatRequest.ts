import { createHash } from "node:crypto"
import type { ChatMessage, GenerateRequest } from "#contract/generation.ts"
import type { ChatCompletionRequest } from "#contract/openai.ts"
import { badParameter } from "./openAiErrors.ts"

/** The engine's request for a chat completion. Known fields that are not supported throw, naming themselves. */
export function toLlmRequest(body: ChatCompletionRequest): GenerateRequest {
  refuseUnsupported(body)
  const messages = body.messages.map((message, index) => toLlmMessage(message, index))
  const tools = toTools(body)
  return {
    messages,
    cacheKey: cacheKeyOf(messages),
    ...(tools.length > 0 ? { tools, toolChoice: toToolChoice(body, tools) } : {}),
    responseFormat: toResponseFormat(body),
    ...samplingOf(body),
    ...limit(body.max_completion_tokens ?? body.max_tokens),
    ...(body.logprobs ? { topLogprobs: body.top_logprobs ?? 0 } : {}),
  }
}

const limit = (tokens: number | null | undefined): { maxTokens?: number } =>
  tokens === null || tokens === undefined ? {} : { maxTokens: tokens }

type Sampling = Pick<
  ChatCompletionRequest,
  | "temperature"
  | "top_p"
  | "top_k"
  | "min_p"
  | "repeat_penalty"
  | "seed"
  | "stop"
  | "presence_penalty"
  | "frequency_penalty"
>

/** Sampling fields by the engine's names. What the client leaves out (or sends as null) stays out. */
export function samplingOf(body: Sampling): Partial<GenerateRequest> {
  const values = {
    temperature: body.temperature,
    topP: body.top_p,
    topK: body.top_k,
    minP: body.min_p,
    repeatPenalty: body.repeat_penalty,
    seed: body.seed,
    presencePenalty: body.presence_penalty,
    frequencyPenalty: body.frequency_penalty,
    stop: body.stop === null || body.stop === undefined ? undefined : [body.stop].flat().filter(Boolean),
  }
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null && value !== undefined))
}

function refuseUnsupported(body: ChatCompletionRequest): void {
  if (body.logit_bias && Object.keys(body.logit_bias).length > 0)
    throw badParameter("logit_bias", "`logit_bias` is not supported: token ids differ between models.")
  if (body.functions && body.functions.length > 0)
    throw badParameter("functions", "`functions` is not supported. Use `tools`.")
  if (body.function_call !== undefined && body.function_call !== null)
    throw badParameter("function_call", "`function_call` is not supported. Use `tool_choice`.")
  if (body.audio !== undefined && body.audio !== null)
    throw badParameter("audio", "Spoken answers come from /v1/audio/speech.")
  if (body.modalities?.some((modality) => modality !== "text"))
    throw badParameter("modalities", "Only the modality `text` is supported.")
  if (typeof body.top_logprobs === "number" && !body.logprobs)
    throw badParameter("top_logprobs", "`top_logprobs` needs `logprobs: true`.")
}

type WireMessage = ChatCompletionRequest["messages"][number]

function toLlmMessage(message: WireMessage, index: number): ChatMessage {
  const place = `messages.${index}`
  const role = message.role === "developer" ? "system" : message.role === "function" ? "tool" : message.role
  if (role === "tool" && !message.tool_call_id)
    throw badParameter(`${place}.tool_call_id`, "A tool message needs the id of the call that it answers.")
  return {
    role,
    content: textOf(message.content, place),
    ...(message.tool_calls && message.tool_calls.length > 0
      ? {
          toolCalls: message.tool_calls.map((call) => ({
            id: call.id,
            name: call.function.name,
            arguments: call.function.arguments,
          })),
        }
      : {}),
    ...(message.tool_call_id ? { toolCallId: message.tool_call_id } : {}),
  }
}

export function textOf(content: WireMessage["content"], place: string): string {
  if (content === null || content === undefined) return ""
  if (typeof content === "string") return content
  return content
    .map((part) => {
      if (part.type === "text" || part.type === "input_text" || part.type === "refusal") return part.text ?? ""
      throw badParameter(
        `${place}.content`,
        `Parts of the type \`${part.type.slice(0, 50)}\` are not supported, only text.`,
      )
    })
    .join("\n")
}

function toTools(body: ChatCompletionRequest): NonNullable<GenerateRequest["tools"]> {
  const tools = (body.tools ?? []).map((tool, index) => {
    if (tool.type !== "function" || !tool.function)
      throw badParameter(`tools.${index}.type`, "Only tools of the type `function` are supported.")
    return {
      name: tool.function.name,
      ...(tool.function.description ? { description: tool.function.description } : {}),
      ...(tool.function.parameters ? { parameters: tool.function.parameters } : {}),
    }
  })
  if (tools.length === 0 && body.tool_choice && body.tool_choice !== "none" && body.tool_choice !== "auto")
    throw badParameter("tool_choice", "`tool_choice` needs `tools`.")
  return tools
}

function toToolChoice(
  body: ChatCompletionRequest,
  tools: { name: string }[],
): NonNullable<GenerateRequest["toolChoice"]> {
  const choice = body.tool_choice ?? "auto"
  if (typeof choice === "string") return choice
  const { name } = choice.function
  if (!tools.some((tool) => tool.name === name))
    throw badParameter("tool_choice", `\`tool_choice\` names a tool that is not in \`tools\`: ${name.slice(0, 64)}.`)
  return { name }
}

function toResponseFormat(body: ChatCompletionRequest): NonNullable<GenerateRequest["responseFormat"]> {
  const format = body.response_format
  switch (format?.type) {
    case undefined:
    case "text":
      return { type: "text" }
    case "json_object":
      return { type: "json_object" }
    case "json_schema":
      if (!format?.json_schema?.schema)
        throw badParameter("response_format.json_schema.schema", "`json_schema` needs a `schema`.")
      return { type: "json_schema", schema: format.json_schema.schema }
    default:
      throw badParameter("response_format.type", "`response_format` is `text`, `json_object` or `json_schema`.")
  }
}

/** A conversation keeps its beginning, so its turns reuse each other's evaluated prefix. */
function cacheKeyOf(messages: ChatMessage[]): string {
  const beginning = messages.slice(0, messages.findIndex((message) => message.role === "user") + 1)
  return `v1:${createHash("sha256").update(JSON.stringify(beginning)).digest("hex").slice(0, 16)}`
}
