import { Tensor } from "onnxruntime-node"
import { AppError } from "#core/errors.ts"
import type { EmbeddingModel } from "./contract.ts"
import { openSession } from "./session.ts"
import { loadTokenizer, type TextTokenizer } from "./textTokenizer.ts"

export interface LoadedEmbedder {
  tokenizer: TextTokenizer
  /** Unit vectors of one batch, one behind the other. */
  embedBatch(batch: readonly (readonly number[])[]): Promise<Float32Array>
  release(): Promise<void>
}

/** A BERT-like encoder. Throws `model.missing`, `model.corrupt` or `model.incompatible`. */
export async function loadEmbedder(model: EmbeddingModel): Promise<LoadedEmbedder> {
  const tokenizer = await loadTokenizer(model.tokenizerPath)
  const session = await openSession(model.modelPath, {
    threads: model.threads,
    inputs: ["input_ids", "attention_mask"],
  })
  const needsTypes = session.inputNames.includes("token_type_ids")
  const outputName = session.outputNames.includes("last_hidden_state") ? "last_hidden_state" : session.outputNames[0]

  return {
    tokenizer,
    async embedBatch(batch) {
      const longest = batch.reduce((most, tokens) => Math.max(most, tokens.length), 0)
      const shape = [batch.length, longest]
      const ids = new BigInt64Array(batch.length * longest)
      const mask = new BigInt64Array(batch.length * longest)
      batch.forEach((tokens, row) => {
        tokens.forEach((token, column) => {
          ids[row * longest + column] = BigInt(token)
        })
        mask.fill(1n, row * longest, row * longest + tokens.length)
      })
      const feeds: Record<string, Tensor> = {
        input_ids: new Tensor("int64", ids, shape),
        attention_mask: new Tensor("int64", mask, shape),
      }
      if (needsTypes) feeds.token_type_ids = new Tensor("int64", new BigInt64Array(ids.length), shape)
      const hidden = (await session.run(feeds))[outputName ?? ""]
      if (hidden?.dims.length !== 3 || hidden.dims[2] !== model.dimensions)
        throw new AppError("model.incompatible", `The model does not give vectors of ${model.dimensions} numbers.`, {
          remedy: "Choose an embedder from `zenglow models list`.",
        })
      const lengths = batch.map((tokens) => (model.pooling === "cls" ? 1 : tokens.length))
      return pool(hidden.data as Float32Array, lengths, longest, model.dimensions)
    },
    release: () => session.release(),
  }
}

/** Mean of each row's first `lengths[row]` token vectors, at unit length. The mean's divisor cancels out. */
function pool(hidden: Float32Array, lengths: readonly number[], longest: number, dimensions: number): Float32Array {
  const vectors = new Float32Array(lengths.length * dimensions)
  lengths.forEach((length, row) => {
    const vector = vectors.subarray(row * dimensions, (row + 1) * dimensions)
    for (let token = 0; token < length; token++) {
      const from = (row * longest + token) * dimensions
      for (let index = 0; index < dimensions; index++)
        vector[index] = (vector[index] as number) + (hidden[from + index] as number)
    }
    let squares = 0
    for (const value of vector) squares += value * value
    const scale = squares > 0 ? 1 / Math.sqrt(squares) : 0
    for (let index = 0; index < dimensions; index++) vector[index] = (vector[index] as number) * scale
  })
  return vectors
}
