import type { EngineClient } from "#core/host/types.ts"
import { createHostedModel } from "../hostedModel.ts"
import type { Reranker } from "../types.ts"
import type { OnnxContract, PairModel } from "./contract.ts"

export interface OnnxRerankerOptions {
  client: EngineClient<OnnxContract>
  model: Omit<PairModel, "threads"> & { id: string }
  /** Threads inside one operator. */
  threads: number
}

/** A cross-encoder in the onnx child. */
export function createOnnxReranker({ client, model: { id, ...own }, threads }: OnnxRerankerOptions): Reranker {
  const model: PairModel = { ...own, threads }
  const hosted = createHostedModel(client, {
    load: (signal) => client.request("rank.load", { model }, { signal }),
    unload: (signal) => client.request("rank.unload", null, { signal }),
  })
  return {
    modelId: id,
    isFallback: false,
    loadState: hosted.loadState,
    load: hosted.load,
    unload: hosted.unload,
    async rank(query, texts, signal) {
      if (texts.length === 0) return []
      const { scores } = await hosted.use(signal, () => client.request("rank.run", { model, query, texts }, { signal }))
      return Array.from(scores, (score) => 1 / (1 + Math.exp(-score)))
    },
  }
}
