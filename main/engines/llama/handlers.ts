import { getLlama, type Llama } from "node-llama-cpp"
import type { HostHandlers, RequestContext } from "#core/host/types.ts"
import type { Logger } from "#core/logger.ts"
import { choose } from "./choose.ts"
import type { LlamaContract, LoadedModel, ModelSettings } from "./contract.ts"
import { generate } from "./generate.ts"
import { type OpenModel, openModel } from "./model.ts"
import { renderPrompt } from "./prompt.ts"

/** The llm host: opens a model when a request names it and keeps it until told otherwise. The core sends one request after another. */
export function createLlamaHandlers(): { handlers: HostHandlers<LlamaContract>; dispose: () => Promise<void> } {
  const models = new Map<string, OpenModel>()
  const engines = new Map<"auto" | false, Promise<Llama>>()

  const close = async (path: string): Promise<void> => {
    const closing = models.get(path)
    models.delete(path)
    await closing?.close()
  }

  const ensure = async (
    settings: ModelSettings,
    { log, signal }: Pick<RequestContext<never>, "log" | "signal">,
    onProgress: (share: number) => void = () => {},
  ): Promise<OpenModel> => {
    const known = models.get(settings.path)
    if (known && isSame(known.settings, settings)) return known
    await close(settings.path)
    // The native library is opened once per process.
    const llamaFor = (gpu: "auto" | false): Promise<Llama> => {
      const opening = engines.get(gpu) ?? openLlama(gpu, settings.threads, log)
      engines.set(gpu, opening)
      return opening
    }
    const opened = await openModel(settings, llamaFor, log, onProgress, signal)
    models.set(settings.path, opened)
    return opened
  }

  const handlers: HostHandlers<LlamaContract> = {
    async load({ model }, context): Promise<LoadedModel> {
      const emit = (share: number): void => context.emit({ type: "load-progress", share })
      return (await ensure(model, context, emit)).info
    },
    async unload({ path }) {
      await close(path)
      return null
    },
    async countTokens({ model, texts }, context) {
      const { model: weights } = await ensure(model, context)
      return texts.map((text) => weights.tokenize(text).length)
    },
    async countPromptTokens({ model, messages }, context) {
      const opened = await ensure(model, context)
      return renderPrompt(opened, messages).text.tokenize(opened.model.tokenizer, "trimLeadingSpace").length
    },
    async generate({ model, request }, context) {
      await generate(await ensure(model, context), request, context)
      return null
    },
    async choose({ model, ...input }, context) {
      return choose(await ensure(model, context), input, context)
    },
  }
  const dispose = async (): Promise<void> => {
    for (const path of [...models.keys()]) await close(path)
    for (const engine of engines.values()) await (await engine).dispose()
  }
  return { handlers, dispose }
}

function openLlama(gpu: "auto" | false, threads: number, log: Logger): Promise<Llama> {
  return getLlama({
    gpu,
    build: "never",
    skipDownload: true,
    maxThreads: threads,
    logger: (level, message) => log.debug("llama.cpp", { level, line: message.trim() }),
  })
}

function isSame(a: ModelSettings, b: ModelSettings): boolean {
  return (
    a.path === b.path &&
    a.contextTokens === b.contextTokens &&
    a.threads === b.threads &&
    a.gpu === b.gpu &&
    a.sequences === b.sequences
  )
}
