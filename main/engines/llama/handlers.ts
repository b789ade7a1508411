import type { HostHandlers, RequestContext } from "#core/host/types.ts"
import { choose } from "./choose.ts"
import type { LlamaContract, LoadedModel, ModelSettings } from "./contract.ts"
import { generate } from "./generate.ts"
import { type OpenModel, openModel } from "./model.ts"
import { renderPrompt } from "./prompt.ts"

/** The llm host: one model at a time, loaded when a request names it. The core sends one request after another. */
export function createLlamaHandlers(): { handlers: HostHandlers<LlamaContract>; dispose: () => Promise<void> } {
  let open: OpenModel | undefined

  const close = async (): Promise<void> => {
    const closing = open
    open = undefined
    await closing?.close()
  }

  const ensure = async (
    settings: ModelSettings,
    { log, signal }: Pick<RequestContext<never>, "log" | "signal">,
    onProgress: (share: number) => void = () => {},
  ): Promise<OpenModel> => {
    if (open && isSame(open.settings, settings)) return open
    await close()
    open = await openModel(settings, log, onProgress, signal)
    return open
  }

  const handlers: HostHandlers<LlamaContract> = {
    async load({ model }, context): Promise<LoadedModel> {
      const emit = (share: number): void => context.emit({ type: "load-progress", share })
      return (await ensure(model, context, emit)).info
    },
    async unload() {
      await close()
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
  return { handlers, dispose: close }
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
