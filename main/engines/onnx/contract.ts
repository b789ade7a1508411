/** What the onnx child offers. Every request names its model: the child loads what it has not loaded yet. */
export type OnnxContract = {
  "embed.load": { input: { model: EmbeddingModel }; output: null }
  "embed.unload": { input: null; output: null }
  "embed.run": {
    /** `isUrgent`: a question somebody waits for goes before the remaining batches of an ingest. */
    input: { model: EmbeddingModel; texts: string[]; isUrgent: boolean }
    /** Unit vectors one behind the other, in the order of the texts. */
    output: { vectors: Float32Array }
    /** Texts done so far. */
    event: { done: number }
  }
  /** Tokens of each text as the model counts them, its marks included, before any cut. */
  "embed.count": { input: { model: EmbeddingModel; texts: string[] }; output: { counts: number[] } }
}

export interface EmbeddingModel {
  modelPath: string
  tokenizerPath: string
  dimensions: number
  /** Longer texts are cut. */
  maxTokens: number
  pooling: "mean" | "cls"
  threads: number
}
