import type { ChatMessage, GenerateEvent, GenerateRequest } from "../types.ts"

/** Everything a host needs to open a model; each request carries it, so that a host started anew heals itself. */
export interface ModelSettings {
  /** Absolute path of the GGUF file. */
  path: string
  /** Tokens of context per conversation kept in memory. */
  contextTokens: number
  /** Threads that evaluate. */
  threads: number
  /** `false` keeps everything on the CPU; `auto` takes what node-llama-cpp finds. */
  gpu: "auto" | false
  /** Conversations whose evaluated prefix is kept at once. */
  sequences: number
}

export interface LoadedModel {
  /** What it was loaded with: the asked-for size, or the model's own when that is smaller. */
  contextTokens: number
  hasTools: boolean
  architecture: string
  loadMs: number
}

/** What the llm host offers. Requests run one after another. */
export type LlamaContract = {
  load: { input: { model: ModelSettings }; output: LoadedModel; event: { type: "load-progress"; share: number } }
  /** Frees one model; the host may hold several. */
  unload: { input: { path: string }; output: null }
  countTokens: { input: { model: ModelSettings; texts: string[] }; output: number[] }
  countPromptTokens: { input: { model: ModelSettings; messages: ChatMessage[] }; output: number }
  generate: { input: { model: ModelSettings; request: GenerateRequest }; output: null; event: GenerateEvent }
  choose: {
    input: { model: ModelSettings; messages: ChatMessage[]; candidates: string[]; cacheKey?: string }
    output: number[]
    event: GenerateEvent
  }
}
