import { Tensor } from "onnxruntime-node"
import { AppError } from "#core/errors.ts"
import type { PairModel } from "./contract.ts"
import { openSession } from "./session.ts"
import { loadTokenizer, type TextTokenizer } from "./textTokenizer.ts"

export interface LoadedPairModel {
  tokenizer: TextTokenizer
  /** One score for each pair. */
  scoreBatch(batch: readonly Pair[]): Promise<Float32Array>
  release(): Promise<void>
}

/** Token ids of question and text in a row: `[CLS] question [SEP] text [SEP]`. */
export interface Pair {
  ids: number[]
  /** Where the text begins. */
  second: number
}

/** A BERT-like classifier of pairs with one output. Throws `model.missing`, `model.corrupt` or `model.incompatible`. */
export async function loadPairModel(model: PairModel): Promise<LoadedPairModel> {
  const tokenizer = await loadTokenizer(model.tokenizerPath)
  const session = await openSession(model.modelPath, {
    threads: model.threads,
    inputs: ["input_ids", "attention_mask"],
  })
  const needsTypes = session.inputNames.includes("token_type_ids")
  const outputName = session.outputNames[0] ?? ""
  return {
    tokenizer,
    async scoreBatch(batch) {
      const longest = batch.reduce((most, { ids }) => Math.max(most, ids.length), 0)
      const shape = [batch.length, longest]
      const ids = new BigInt64Array(batch.length * longest)
      const mask = new BigInt64Array(ids.length)
      const types = new BigInt64Array(ids.length)
      for (const [row, pair] of batch.entries()) {
        const from = row * longest
        for (const [column, token] of pair.ids.entries()) ids[from + column] = BigInt(token)
        mask.fill(1n, from, from + pair.ids.length)
        types.fill(1n, from + pair.second, from + pair.ids.length)
      }
      const feeds: Record<string, Tensor> = {
        input_ids: new Tensor("int64", ids, shape),
        attention_mask: new Tensor("int64", mask, shape),
      }
      if (needsTypes) feeds.token_type_ids = new Tensor("int64", types, shape)
      const logits = (await session.run(feeds))[outputName]
      if (!(logits?.data instanceof Float32Array) || logits.data.length !== batch.length) {
        throw new AppError("model.incompatible", "The model does not give one score for a question and a text.", {
          remedy: "Choose a ranking model from `zenglow models list`.",
        })
      }
      return logits.data
    },
    release: () => session.release(),
  }
}

/** The question is kept, up to half of the room; the text is cut where it does not fit. */
export function encodePair(tokenizer: TextTokenizer, query: string, text: string, maxTokens: number): Pair {
  const first = tokenizer.encode(query, Math.floor(maxTokens / 2))
  // Without the opening mark: a pair has one.
  const second = tokenizer.encode(text, maxTokens - first.length + 1).slice(1)
  return { ids: [...first, ...second], second: first.length }
}
