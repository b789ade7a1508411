import type { ResponseInputItem, ResponseRequest } from "#contract/openAiResponses.ts"
import type { ChatCompletionRequest } from "#contract/openai.ts"
import { textOf } from "../chatRequest.ts"
import { badParameter } from "../openAiErrors.ts"

type ChatMessages = ChatCompletionRequest["messages"]

/** The chat completion that gives this response. `messages` as `toMessages` makes them. */
export function toChatRequest(body: ResponseRequest, messages: ChatMessages): ChatCompletionRequest {
  refuseUnsupported(body)
  const hasLogprobs = body.include?.includes("message.output_text.logprobs") ?? false
  return {
    model: body.model,
    messages: body.instructions ? [{ role: "system", content: body.instructions }, ...messages] : messages,
    temperature: body.temperature,
    top_p: body.top_p,
    max_completion_tokens: body.max_output_tokens,
    ...toTools(body),
    response_format: toResponseFormat(body),
    ...(hasLogprobs ? { logprobs: true, top_logprobs: body.top_logprobs ?? 0 } : {}),
  }
}

/** The items of `input` as messages, after `history`: those of the response before. */
export function toMessages(input: ResponseRequest["input"], history: ChatMessages): ChatMessages {
  const items: ResponseInputItem[] =
    typeof input === "string" ? [{ type: "message", role: "user", content: input }] : input
  const messages = [...history]
  for (const [index, item] of items.entries()) addItem(messages, item, `input.${index}`)
  if (messages.length === 0) throw badParameter("input", "`input` is empty.")
  return messages
}

function addItem(messages: ChatMessages, item: ResponseInputItem, place: string): void {
  switch (item.type) {
    case "message": {
      if (!item.role) throw badParameter(`${place}.role`, "A message needs a `role`.")
      messages.push({ role: item.role, content: outputAndInputText(item.content, place) })
      return
    }
    case "function_call":
      addCall(messages, item, place)
      return
    case "function_call_output":
      if (!item.call_id) throw badParameter(`${place}.call_id`, "An output needs the `call_id` of its call.")
      messages.push({
        role: "tool",
        tool_call_id: item.call_id,
        content: outputAndInputText(item.output, `${place}.output`),
      })
      return
    case "reasoning":
      // What a model thought is not put to it again: chat models are trained without it.
      return
    default:
      throw badParameter(`${place}.type`, `Items of the type \`${item.type.slice(0, 50)}\` are not supported.`)
  }
}

/** Calls of one answer stand in one message of the assistant. */
function addCall(messages: ChatMessages, item: ResponseInputItem, place: string): void {
  if (!item.call_id || !item.name) throw badParameter(place, "A call needs `call_id` and `name`.")
  const call = {
    id: item.call_id,
    type: "function" as const,
    function: { name: item.name, arguments: item.arguments ?? "{}" },
  }
  const last = messages.at(-1)
  if (last?.role === "assistant")
    messages[messages.length - 1] = { ...last, tool_calls: [...(last.tool_calls ?? []), call] }
  else messages.push({ role: "assistant", content: null, tool_calls: [call] })
}

const outputAndInputText = (content: ResponseInputItem["content"], place: string): string =>
  textOf(
    Array.isArray(content)
      ? content.map((part) => (part.type === "output_text" ? { ...part, type: "text" } : part))
      : content,
    place,
  )

function refuseUnsupported(body: ResponseRequest): void {
  if (body.background) throw badParameter("background", "`background` is not supported. Use `stream`.")
  if (body.conversation !== undefined && body.conversation !== null)
    throw badParameter("conversation", "`conversation` is not supported. Use `previous_response_id`.")
  if (body.prompt !== undefined && body.prompt !== null)
    throw badParameter("prompt", "`prompt` templates are not supported. Use `instructions` and `input`.")
}

function toTools(body: ResponseRequest): Pick<ChatCompletionRequest, "tools" | "tool_choice"> {
  const tools = (body.tools ?? []).map((tool, index) => {
    if (tool.type !== "function" || !tool.name)
      throw badParameter(`tools.${index}.type`, "Only tools of the type `function`, with a `name`, are supported.")
    return {
      type: "function",
      function: { name: tool.name, description: tool.description, parameters: tool.parameters },
    }
  })
  const choice = body.tool_choice
  if (choice === undefined || choice === null || typeof choice === "string")
    return { tools, ...(choice ? { tool_choice: choice } : {}) }
  if (choice.type !== "function" || !choice.name)
    throw badParameter("tool_choice", "`tool_choice` is `auto`, `none`, `required` or a function by its name.")
  return { tools, tool_choice: { type: "function", function: { name: choice.name } } }
}

function toResponseFormat(body: ResponseRequest): ChatCompletionRequest["response_format"] {
  const format = body.text?.format
  if (!format) return undefined
  if (format.type !== "json_schema") return { type: format.type }
  if (!format.schema) throw badParameter("text.format.schema", "`json_schema` needs a `schema`.")
  return { type: "json_schema", json_schema: { name: format.name, schema: format.schema } }
}
