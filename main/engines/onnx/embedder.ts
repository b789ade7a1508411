import type { EngineClient } from "#core/host/types.ts"
import { createHostedModel } from "../hostedModel.ts"
import type { Embedder } from "../types.ts"
import type { EmbeddingModel, OnnxContract } from "./contract.ts"

export interface OnnxEmbedderOptions {
  client: EngineClient<OnnxContract>
  model: Omit<EmbeddingModel, "threads"> & {
    id: string
    /** Put before questions, for models trained with one. */
    queryPrefix?: string
    /** Of the weights: part of the fingerprint. */
    sha256: string
  }
  /** Threads inside one operator. */
  threads: number
}

/** An embedding model in the onnx child. */
export function createOnnxEmbedder({ client, model: options, threads }: OnnxEmbedderOptions): Embedder {
  const { id, queryPrefix = "", sha256, modelPath, tokenizerPath, dimensions, maxTokens, pooling } = options
  const model: EmbeddingModel = { modelPath, tokenizerPath, dimensions, maxTokens, pooling, threads }
  const hosted = createHostedModel(client, {
    load: (signal) => client.request("embed.load", { model }, { signal }),
    unload: (signal) => client.request("embed.unload", null, { signal }),
  })

  return {
    modelId: id,
    isFallback: false,
    dimensions,
    maxTokens,
    fingerprint: `${id}:${sha256.slice(0, 16)}:${pooling}:${maxTokens}`,
    loadState: hosted.loadState,
    load: hosted.load,
    unload: hosted.unload,
    async embed(texts, kind, signal) {
      if (texts.length === 0) return []
      const asked = kind === "query" ? texts.map((text) => queryPrefix + text) : texts
      const { vectors } = await hosted.use(signal, () =>
        client.request("embed.run", { model, texts: asked, isUrgent: kind === "query" }, { signal, onEvent: () => {} }),
      )
      return texts.map((_, index) => vectors.slice(index * dimensions, (index + 1) * dimensions))
    },
    async countTokens(texts) {
      if (texts.length === 0) return []
      const { signal } = new AbortController()
      const { counts } = await hosted.use(signal, () => client.request("embed.count", { model, texts }, { signal }))
      return counts
    },
  }
}
