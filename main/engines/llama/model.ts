import {
  type ChatWrapper,
  InsufficientMemoryError,
  type Llama,
  type LlamaContext,
  type LlamaContextSequence,
  type LlamaModel,
  resolveChatWrapper,
} from "node-llama-cpp"
import { AppError } from "#core/errors.ts"
import type { Logger } from "#core/logger.ts"
import type { LoadedModel, ModelSettings } from "./contract.ts"
import { checkGguf } from "./ggufCheck.ts"

/** One prefix kept in memory: the sequence, whose it is, and the answers it holds with the tokens they were made of. */
export interface Slot {
  sequence: LlamaContextSequence
  cacheKey: string | undefined
  /** Counts up with each use, for finding the slot used longest ago. */
  usedAt: number
  answers: { text: string; tokens: number[]; ends: number[] }[]
}

export interface OpenModel {
  settings: ModelSettings
  info: LoadedModel
  llama: Llama
  model: LlamaModel
  context: LlamaContext
  wrapper: ChatWrapper
  slots: Slot[]
  close(): Promise<void>
}

/** Checks the file, then gives it to native code. Throws `model.*`. */
export async function openModel(
  settings: ModelSettings,
  llamaFor: (gpu: "auto" | false) => Promise<Llama>,
  log: Logger,
  onProgress: (share: number) => void,
  signal: AbortSignal,
): Promise<OpenModel> {
  const startedAt = performance.now()
  const summary = await checkGguf(settings.path)
  signal.throwIfAborted()
  const opened: (() => Promise<void>)[] = []
  const close = async (): Promise<void> => {
    for (const dispose of opened.splice(0).reverse()) await dispose()
  }
  try {
    const llama = await llamaFor(settings.gpu)
    const model = await llama.loadModel({
      modelPath: settings.path,
      loadSignal: signal,
      onLoadProgress: onProgress,
    })
    opened.push(() => model.dispose())
    const trained = summary.trainContextTokens || model.trainContextSize
    const contextTokens = Math.min(settings.contextTokens, trained)
    const context = await model.createContext({
      contextSize: contextTokens,
      sequences: settings.sequences,
      threads: settings.threads,
      batchSize: 512,
      createSignal: signal,
    })
    opened.push(() => context.dispose())
    const slots = Array.from({ length: settings.sequences }, (): Slot => {
      const sequence = context.getSequence()
      // Disposing is asynchronous and has to end before the context's own.
      opened.push(() => sequence.dispose())
      return { sequence, cacheKey: undefined, usedAt: 0, answers: [] }
    })
    const template = model.fileInfo.metadata.tokenizer?.chat_template
    const info: LoadedModel = {
      contextTokens,
      hasTools: typeof template === "string" && /\btools\b/.test(template),
      architecture: summary.architecture,
      loadMs: Math.round(performance.now() - startedAt),
    }
    log.info("model loaded", { ...info, threads: settings.threads, gpu: llama.gpu, sequences: settings.sequences })
    return { settings, info, llama, model, context, wrapper: resolveChatWrapper(model), slots, close }
  } catch (error) {
    await close()
    if (signal.aborted) throw signal.reason
    throw loadError(error)
  }
}

function loadError(cause: unknown): AppError {
  if (cause instanceof AppError) return cause
  const text = cause instanceof Error ? cause.message : String(cause)
  if (cause instanceof InsufficientMemoryError || /insufficient memory|failed to allocate|out of memory/i.test(text))
    return new AppError("model.no-memory", "There is not enough free memory for this model.", {
      remedy: "Close other programs, set a smaller context, or choose a smaller model.",
      cause,
    })
  return new AppError("model.incompatible", "The engine could not load this model.", {
    remedy: "Verify the file with `zenglow models verify`, or choose another model.",
    cause,
    details: text.slice(0, 300),
  })
}
