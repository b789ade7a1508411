import type { HostHandlers } from "#core/host/types.ts"
import type { EmbeddingModel, OnnxContract, PairModel } from "./contract.ts"
import { type LoadedEmbedder, loadEmbedder } from "./embeddingModel.ts"
import { createKeepOne } from "./keepOne.ts"
import { createOneAtATime } from "./oneAtATime.ts"
import { encodePair, type LoadedPairModel, loadPairModel } from "./pairModel.ts"
import { planBatches } from "./planBatches.ts"
import { createXttsHandlers } from "./xtts/xttsHandlers.ts"

/** Tokens per batch: measured to be as fast as larger ones, and short enough (.1 s on two cores) for an urgent question to slip in. */
export const tokenBudget = 1024
/** Texts tokenised before the loop gets a turn. */
const tokeniseStep = 64

/** All methods of the onnx child. */
export function createOnnxHandlers(): HostHandlers<OnnxContract> {
  // Two: while another model's index is built beside the one in use, questions go on being embedded for the one in use.
  const kept = createKeepOne<LoadedEmbedder>((embedder) => embedder.release(), 2)
  const work = createOneAtATime()
  const rankers = createKeepOne<LoadedPairModel>((ranker) => ranker.release())
  const load = (model: EmbeddingModel) => kept.get(JSON.stringify(model), () => loadEmbedder(model))
  const loadRanker = (model: PairModel) => rankers.get(JSON.stringify(model), () => loadPairModel(model))

  return {
    ...createXttsHandlers(),
    async "embed.load"({ model }) {
      await load(model)
      return null
    },
    async "embed.unload"() {
      await work.run(false, () => kept.drop())
      return null
    },
    async "embed.run"({ model, texts, isUrgent }, { signal, emit }) {
      const { tokenizer } = await load(model)
      const tokens = await tokenise(texts, (text) => tokenizer.encode(text, model.maxTokens), signal)
      const vectors = new Float32Array(texts.length * model.dimensions)
      let done = 0
      const lengths = tokens.map((ids) => ids.length)
      for (const batch of planBatches(lengths, tokenBudget)) {
        signal.throwIfAborted()
        const result = await work.run(isUrgent, async () =>
          (await load(model)).embedBatch(batch.map((index) => tokens[index] as number[])),
        )
        batch.forEach((index, row) => {
          const vector = result.subarray(row * model.dimensions, (row + 1) * model.dimensions)
          vectors.set(vector, index * model.dimensions)
        })
        done += batch.length
        emit({ done })
      }
      return { vectors }
    },
    async "embed.count"({ model, texts }, { signal }) {
      const { tokenizer } = await load(model)
      return { counts: await tokenise(texts, (text) => tokenizer.count(text), signal) }
    },
    async "rank.load"({ model }) {
      await loadRanker(model)
      return null
    },
    async "rank.unload"() {
      await work.run(true, () => rankers.drop())
      return null
    },
    async "rank.run"({ model, query, texts }, { signal }) {
      const { tokenizer } = await loadRanker(model)
      const pairs = await tokenise(texts, (text) => encodePair(tokenizer, query, text, model.maxTokens), signal)
      const scores = new Float32Array(texts.length)
      const lengths = pairs.map(({ ids }) => ids.length)
      for (const batch of planBatches(lengths, tokenBudget)) {
        signal.throwIfAborted()
        const result = await work.run(true, async () =>
          (await loadRanker(model)).scoreBatch(batch.map((index) => pairs[index] as (typeof pairs)[number])),
        )
        for (const [row, index] of batch.entries()) scores[index] = result[row] as number
      }
      return { scores }
    },
  }
}

async function tokenise<T>(texts: readonly string[], run: (text: string) => T, signal: AbortSignal): Promise<T[]> {
  const results: T[] = []
  for (const [index, text] of texts.entries()) {
    if (index > 0 && index % tokeniseStep === 0) {
      await new Promise((resolve) => setImmediate(resolve))
      signal.throwIfAborted()
    }
    results.push(run(text))
  }
  return results
}
