import type { XttsContract } from "./xtts/contract.ts"

/** What the onnx child offers. Every request names its model: the child loads what it has not loaded yet. */
export type OnnxContract = XttsContract & {
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
  "rank.load": { input: { model: PairModel }; output: null }
  "rank.unload": { input: null; output: null }
  /** How well each text answers the query, in the order of the texts: the model's own score, larger is better, without bounds. */
  "rank.run": { input: { model: PairModel; query: string; texts: string[] }; output: { scores: Float32Array } }
}

/** A cross-encoder: reads a question and a text together. */
export interface PairModel {
  modelPath: string
  tokenizerPath: string
  /** Of question and text together; of longer ones the text is cut. */
  maxTokens: number
  threads: number
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
