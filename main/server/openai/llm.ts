/** The language model as `/v1` uses it. The engines' own interface fits it structurally. */
export interface ServerLlm {
  readonly modelId: string
  info(signal: AbortSignal): Promise<{ modelId: string; contextTokens: number; hasTools: boolean }>
  countTokens(texts: string[], signal: AbortSignal): Promise<number[]>
  generate(request: LlmRequest, signal: AbortSignal): AsyncIterable<LlmEvent>
}

export interface LlmMessage {
  role: "system" | "user" | "assistant" | "tool"
  content: string
  toolCalls?: { id: string; name: string; arguments: string }[]
  toolCallId?: string
}

export interface LlmRequest {
  messages: LlmMessage[]
  cacheKey?: string
  tools?: { name: string; description?: string; parameters?: Record<string, unknown> }[]
  toolChoice?: "auto" | "none" | "required" | { name: string }
  responseFormat?: { type: "text" } | { type: "json_object" } | { type: "json_schema"; schema: Record<string, unknown> }
  maxTokens?: number
  temperature?: number
  topP?: number
  topK?: number
  minP?: number
  seed?: number
  stop?: string[]
  presencePenalty?: number
  frequencyPenalty?: number
  repeatPenalty?: number
  topLogprobs?: number
}

export interface LlmLogprob {
  token: string
  logprob: number
  bytes: number[]
  top: { token: string; logprob: number; bytes: number[] }[]
}

export type LlmEvent =
  | { type: "prompt-progress"; done: number; total: number }
  | { type: "reasoning"; text: string }
  | { type: "text"; text: string; logprobs?: LlmLogprob[] }
  | { type: "tool-call"; index: number; id: string; name: string; argumentsDelta: string }
  | {
      type: "end"
      reason: "stop" | "length" | "tool-calls"
      usage: { promptTokens: number; cachedTokens: number; completionTokens: number }
      timings: { promptMs: number; generateMs: number }
    }

/** A passage that supports the answer; `n` is its number in the text. */
export interface Citation {
  n: number
  title: string
  path: string
  text: string
  document_id: string
  chunk_id: string
}

/** One generated event of one choice. `citations` come from `rag/…` models only. */
export type ChoiceEvent = { index: number; event: LlmEvent | { type: "citations"; citations: Citation[] } }
