import { AppError } from "#core/errors.ts"
import type { ChatMessage, GenerateEvent, GenerateRequest, Llm, LlmInfo } from "../types.ts"

/** A model that a server has. */
export interface RemoteModel {
  id: string
  /** Null: the server does not tell. */
  contextTokens: number | null
}

/** What one kind of server does in its own way. */
export interface RemoteProtocol {
  models(signal: AbortSignal): Promise<RemoteModel[]>
  /** What the server says of the model. Null: nothing. */
  contextTokens(model: string, signal: AbortSignal): Promise<number | null>
  hasTools: boolean
  generate(
    model: string,
    request: GenerateRequest,
    context: number,
    signal: AbortSignal,
  ): AsyncGenerator<GenerateEvent, void>
}

export interface RemoteLlmOptions {
  /** `server/model`: the id under which the product knows it. */
  id: string
  model: string
  protocol: RemoteProtocol
  /** What the person says its context holds; beats what the server says. Null: ask it. */
  contextTokens: number | null
}

/** Where neither the person nor the server says anything. */
const assumedContext = 8192
const contextBounds = { least: 256, most: 1_048_576 }
/** Bytes per token below which tokenizers rarely fall: a count that is too high only leaves room unused. */
const bytesPerToken = 3
const messageTokens = 6

/** A model of another server behind the interface that the product's own model has. */
export function createRemoteLlm({ id, model, protocol, contextTokens }: RemoteLlmOptions): Llm {
  let known: LlmInfo | null = null
  const count = (text: string): number => Math.ceil(Buffer.byteLength(text) / bytesPerToken)
  const countPrompt = (messages: readonly ChatMessage[]): number =>
    messages.reduce((sum, message) => sum + count(message.content) + messageTokens, 0)

  const info = async (signal: AbortSignal): Promise<LlmInfo> => {
    if (known) return known
    const told = contextTokens ?? (await protocol.contextTokens(model, signal)) ?? assumedContext
    const context = told < contextBounds.least ? assumedContext : Math.min(told, contextBounds.most)
    known = { modelId: id, contextTokens: context, hasTools: protocol.hasTools }
    return known
  }

  async function* generate(request: GenerateRequest, signal: AbortSignal): AsyncGenerator<GenerateEvent, void> {
    signal.throwIfAborted()
    if (request.tools?.length && !protocol.hasTools)
      throw new AppError("backend.unsupported", `${id} cannot call tools.`, { remedy: "Choose another model." })
    const { contextTokens: context } = await info(signal)
    yield* protocol.generate(model, request, context, signal)
  }

  return {
    modelId: id,
    isFallback: false,
    loadState: () => "loaded",
    load: async () => undefined,
    unload: async () => undefined,
    info,
    countTokens: async (texts) => texts.map(count),
    countPromptTokens: async (messages) => countPrompt(messages),
    generate,
    async choose(messages, candidates, signal) {
      let text = ""
      const shares = new Map<string, number>()
      const request = { messages, maxTokens: 4, temperature: 0, topLogprobs: 10 }
      for await (const event of generate(request, signal)) {
        if (event.type !== "text") continue
        if (text === "")
          for (const { token, logprob } of event.logprobs?.[0]?.top ?? []) {
            const found = candidates.find((candidate) => startsAlike(candidate, token))
            if (found !== undefined) shares.set(found, (shares.get(found) ?? 0) + Math.exp(logprob))
          }
        text += event.text
      }
      if (shares.size === 0) {
        const said = candidates.find((candidate) => startsAlike(text, candidate))
        // Without probabilities the word itself is all there is.
        return candidates.map((candidate) => (said === undefined ? 1 / candidates.length : candidate === said ? 1 : 0))
      }
      const sum = [...shares.values()].reduce((total, share) => total + share, 0)
      return candidates.map((candidate) => (shares.get(candidate) ?? 0) / sum)
    },
  }
}

const startsAlike = (text: string, start: string): boolean => {
  const bare = start.trim().toLowerCase()
  return bare !== "" && text.trim().toLowerCase().startsWith(bare)
}
