import { type ChatHistoryItem, type ChatModelFunctions, LlamaText, SpecialTokensText, type Token } from "node-llama-cpp"
import type { ChatMessage, ToolDefinition } from "../types.ts"
import { toGrammarSchema } from "./grammarSchema.ts"
import type { OpenModel, Slot } from "./model.ts"

export interface RenderedPrompt {
  text: LlamaText
  /** Texts that end the answer by the chat template's own rules. */
  stops: string[]
}

/** The conversation as the model's own chat template writes it, up to where the assistant's answer begins. */
export function renderPrompt(open: OpenModel, messages: ChatMessage[], tools: ToolDefinition[] = []): RenderedPrompt {
  const chatHistory = toHistory(messages)
  if (chatHistory.at(-1)?.type !== "model") chatHistory.push({ type: "model", response: [] })
  const { contextText, stopGenerationTriggers } = open.wrapper.generateContextState({
    chatHistory,
    ...(tools.length > 0 ? { availableFunctions: toFunctions(tools), documentFunctionParams: true } : {}),
  })
  return { text: contextText, stops: stopGenerationTriggers.map(plainText).filter((text) => text !== "") }
}

export function toFunctions(tools: ToolDefinition[]): ChatModelFunctions {
  return Object.fromEntries(
    tools.map(({ name, description, parameters }) => [
      name,
      {
        ...(description ? { description } : {}),
        ...(hasParameters(parameters) ? { params: toGrammarSchema(parameters, "lenient") } : {}),
      },
    ]),
  )
}

export function hasParameters(parameters: Record<string, unknown> | undefined): parameters is Record<string, unknown> {
  const properties = parameters?.properties
  return typeof properties === "object" && properties !== null && Object.keys(properties).length > 0
}

/** The text as the model would write it, special tokens spelled out. Empty when it names a token by role only, such as EOS. */
export function plainText(text: LlamaText | string): string {
  const values = typeof text === "string" ? [text] : text.values
  return values.every((value) => typeof value === "string" || value instanceof SpecialTokensText)
    ? values.map((value) => (typeof value === "string" ? value : value.value)).join("")
    : ""
}

/**
 * Tokens of a prompt. An answer this slot generated is put back with the very tokens it was generated with: writing its text anew
 * can split it differently, and everything after the first difference would have to be evaluated again.
 */
export function tokenizePrompt(open: OpenModel, text: LlamaText, slot?: Slot): Token[] {
  const { tokenizer } = open.model
  if (!slot || slot.answers.length === 0) return text.tokenize(tokenizer, "trimLeadingSpace")
  const tokens: Token[] = []
  let run: (typeof text.values)[number][] = []
  const flush = (): void => {
    tokens.push(...LlamaText(run).tokenize(tokenizer, "trimLeadingSpace"))
    run = []
  }
  for (const value of text.values) {
    const known = typeof value === "string" ? knownTokens(value, slot) : undefined
    if (!known || typeof value !== "string") {
      run.push(value)
      continue
    }
    flush()
    tokens.push(...known.tokens)
    if (known.length < value.length) run.push(value.slice(known.length))
  }
  flush()
  return tokens
}

/** Callers may have trimmed the answer, or cut it where it was interrupted: then the tokens that lie wholly inside count. */
function knownTokens(text: string, slot: Slot): { tokens: Token[]; length: number } | undefined {
  const answer = slot.answers.find((answer) => text !== "" && answer.text.startsWith(text))
  if (!answer) return undefined
  let count = 0
  while (count < answer.ends.length && answer.ends[count]! <= text.length) count++
  return count > 0 ? { tokens: answer.tokens.slice(0, count) as Token[], length: answer.ends[count - 1]! } : undefined
}

type ModelPart = Extract<ChatHistoryItem, { type: "model" }>["response"][number]

function toHistory(messages: ChatMessage[]): ChatHistoryItem[] {
  const results = new Map(messages.filter((message) => message.role === "tool").map((m) => [m.toolCallId, m.content]))
  const history: ChatHistoryItem[] = []
  for (const message of messages) {
    switch (message.role) {
      case "system":
        history.push({ type: "system", text: message.content })
        break
      case "user":
        history.push({ type: "user", text: message.content })
        break
      case "assistant": {
        const parts: ModelPart[] = message.content === "" ? [] : [message.content]
        message.toolCalls?.forEach((call, index) => {
          parts.push({
            type: "functionCall",
            name: call.name,
            params: parseJson(call.arguments),
            result: parseJson(results.get(call.id) ?? ""),
            startsNewChunk: index === 0,
          })
        })
        const last = history.at(-1)
        // What follows a tool's result belongs to the same answer in every template.
        if (last?.type === "model") last.response.push(...parts)
        else history.push({ type: "model", response: parts })
        break
      }
      case "tool":
    }
  }
  return history
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
