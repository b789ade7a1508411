/** What is asked of a language model and what it tells while it answers: the words that engines, chat and server share. */

export interface ChatMessage {
  role: "system" | "user" | "assistant" | "tool"
  content: string
  /** Assistant messages that called tools. */
  toolCalls?: { id: string; name: string; arguments: string }[]
  /** Tool messages: the call they answer. */
  toolCallId?: string
}

export interface ToolDefinition {
  name: string
  description?: string
  /** JSON Schema of the arguments. */
  parameters?: Record<string, unknown>
}

export type ResponseFormat =
  | { type: "text" }
  | { type: "json_object" }
  | { type: "json_schema"; schema: Record<string, unknown> }

export interface GenerateRequest {
  messages: ChatMessage[]
  /** Conversation the prompt belongs to. Requests with the same key reuse each other's evaluated prefix. */
  cacheKey?: string
  tools?: ToolDefinition[]
  toolChoice?: "auto" | "none" | "required" | { name: string }
  responseFormat?: ResponseFormat
  /** Tokens generated at most. Default: what the context has room for. */
  maxTokens?: number
  /** Default .7; 0 is greedy. */
  temperature?: number
  topP?: number
  topK?: number
  minP?: number
  seed?: number
  /** Generation ends before any of these. */
  stop?: string[]
  presencePenalty?: number
  frequencyPenalty?: number
  repeatPenalty?: number
  /** Report this many alternatives per token (0: only the chosen token's log-probability). Absent: none. */
  topLogprobs?: number
}

export interface TokenLogprob {
  token: string
  logprob: number
  bytes: number[]
  top: { token: string; logprob: number; bytes: number[] }[]
}

export type GenerateEvent =
  | { type: "prompt-progress"; done: number; total: number }
  | { type: "reasoning"; text: string }
  | { type: "text"; text: string; logprobs?: TokenLogprob[] }
  | { type: "tool-call"; index: number; id: string; name: string; argumentsDelta: string }
  | {
      type: "end"
      reason: "stop" | "length" | "tool-calls"
      usage: { promptTokens: number; cachedTokens: number; completionTokens: number }
      timings: { promptMs: number; generateMs: number }
    }
