import os from "node:os"
import { AppError } from "#core/errors.ts"
import type { EngineClient } from "#core/host/types.ts"
import type { Logger } from "#core/logger.ts"
import { createPushQueue } from "#core/queue.ts"
import type { GenerateEvent, GenerateRequest, Llm, LlmInfo, LoadState } from "../types.ts"
import type { LlamaContract, LoadedModel, ModelSettings } from "./contract.ts"

export interface LlamaLlmOptions {
  /** The llm host. Must send one request at a time. */
  client: EngineClient<LlamaContract>
  model: { id: string; path: string; contextTokens?: number }
  log: Logger
  /** Default: `defaultThreads()`. */
  threads?: number
  /** Default `false`. `auto` falls back to the CPU when the GPU cannot take the model. */
  gpu?: "auto" | false
  /** Conversations whose evaluated prefix stays in memory, each with a whole context. Default 2. */
  sequences?: number
}

/** Tokens of context when the catalog does not say. */
const DEFAULT_CONTEXT_TOKENS = 8192
const SMALLEST_CONTEXT_TOKENS = 2048

/** All cores this process may use: on quiet machines that is fastest (see `npm run bench -- llm`). */
export const defaultThreads = (): number => Math.max(1, os.availableParallelism())

/** A local GGUF model behind the llm host. */
export function createLlamaLlm(options: LlamaLlmOptions): Llm {
  const { client, model, log } = options
  let settings: ModelSettings = {
    path: model.path,
    contextTokens: model.contextTokens ?? DEFAULT_CONTEXT_TOKENS,
    threads: options.threads ?? defaultThreads(),
    gpu: options.gpu ?? false,
    sequences: options.sequences ?? 2,
  }
  let loaded: LoadedModel | undefined
  let loading: { promise: Promise<LoadedModel>; controller: AbortController; waiting: number } | undefined
  client.onStatus(({ state }) => {
    if (state !== "running") loaded = undefined
  })

  /** One rung down after each failure that less would cure: GPU → CPU → one conversation → smaller context → give up. */
  const loadDescending = async (signal: AbortSignal): Promise<LoadedModel> => {
    for (;;) {
      try {
        return await client.request("load", { model: settings }, { signal })
      } catch (error) {
        const isCurable =
          error instanceof AppError && (error.code === "engine.crashed" || error.code === "model.no-memory")
        const smaller = isCurable ? nextRung(settings) : undefined
        if (!smaller || signal.aborted) throw error
        settings = smaller
        log.warn("loading the model again with less", { model: model.id, ...smaller, error })
      }
    }
  }

  const load = async (signal: AbortSignal): Promise<LoadedModel> => {
    signal.throwIfAborted()
    if (loaded) return loaded
    if (!loading) {
      const controller = new AbortController()
      const promise = loadDescending(controller.signal).then(
        (info) => {
          loading = undefined
          loaded = info
          return info
        },
        (error: unknown) => {
          loading = undefined
          throw error
        },
      )
      loading = { promise, controller, waiting: 0 }
    }
    const current = loading
    current.waiting++
    try {
      return await raceAbort(current.promise, signal)
    } finally {
      current.waiting--
      if (current.waiting === 0 && signal.aborted) current.controller.abort(signal.reason)
    }
  }

  return {
    modelId: model.id,
    isFallback: false,
    loadState: (): LoadState => (loaded ? "loaded" : loading ? "loading" : "unloaded"),
    async load(signal) {
      await load(signal)
    },
    async unload() {
      if (!loaded && !loading) return
      // Requests run in order, so this one waits for those before it.
      await client.request("unload", { path: model.path }, { signal: new AbortController().signal })
      loaded = undefined
    },
    async info(signal): Promise<LlmInfo> {
      const { contextTokens, hasTools } = await load(signal)
      return { modelId: model.id, contextTokens, hasTools }
    },
    async countTokens(texts, signal) {
      await load(signal)
      return client.request("countTokens", { model: settings, texts }, { signal })
    },
    async countPromptTokens(messages, signal) {
      await load(signal)
      return client.request("countPromptTokens", { model: settings, messages }, { signal })
    },
    generate: (request, signal) => generate(request, signal),
    async choose(messages, candidates, signal, cacheKey) {
      await load(signal)
      const input = { model: settings, messages, candidates, ...(cacheKey === undefined ? {} : { cacheKey }) }
      return client.request("choose", input, { signal })
    },
  }

  async function* generate(request: GenerateRequest, signal: AbortSignal): AsyncGenerator<GenerateEvent> {
    await load(signal)
    const left = new AbortController()
    const events = createPushQueue<GenerateEvent>()
    const running = client.request(
      "generate",
      { model: settings, request },
      { signal: AbortSignal.any([signal, left.signal]), onEvent: (event) => events.push(event) },
    )
    running.then(
      () => events.end(),
      (error: unknown) => events.fail(error),
    )
    try {
      yield* events
    } finally {
      // A consumer that leaves early no longer wants the answer; after the end this does nothing.
      left.abort(new DOMException("Nobody reads the answer any more.", "AbortError"))
    }
  }
}

function nextRung(settings: ModelSettings): ModelSettings | undefined {
  if (settings.gpu !== false) return { ...settings, gpu: false }
  if (settings.sequences > 1) return { ...settings, sequences: 1 }
  if (settings.contextTokens > SMALLEST_CONTEXT_TOKENS)
    return { ...settings, contextTokens: Math.max(SMALLEST_CONTEXT_TOKENS, Math.floor(settings.contextTokens / 2)) }
  return undefined
}

function raceAbort<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason)
    signal.addEventListener("abort", onAbort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort))
  })
}
