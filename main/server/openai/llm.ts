import type { GenerateEvent, GenerateRequest } from "#contract/generation.ts"

/** The language model as `/v1` uses it. The engines' own interface fits it structurally. */
export interface ServerLlm {
  readonly modelId: string
  info(signal: AbortSignal): Promise<{ modelId: string; contextTokens: number; hasTools: boolean }>
  countTokens(texts: string[], signal: AbortSignal): Promise<number[]>
  generate(request: GenerateRequest, signal: AbortSignal): AsyncIterable<GenerateEvent>
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
export type ChoiceEvent = { index: number; event: GenerateEvent | { type: "citations"; citations: Citation[] } }
