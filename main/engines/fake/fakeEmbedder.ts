import type { Embedder, LoadState } from "../types.ts"

export interface FakeEmbedderOptions {
  dimensions?: number
  fingerprint?: string
  /** Called before each batch of texts: hold it, count it, or throw. */
  onEmbed?: (texts: string[], kind: "query" | "passage", signal: AbortSignal) => void | Promise<void>
}

/** For tests: a bag of words at unit length. Texts that share words have similar vectors; equal texts have equal ones. */
export function createFakeEmbedder(options: FakeEmbedderOptions = {}): Embedder {
  const { dimensions = 32, fingerprint = "fake-v1", onEmbed } = options
  let state: LoadState = "unloaded"
  return {
    modelId: "fake-embedder",
    isFallback: false,
    dimensions,
    fingerprint,
    maxTokens: 256,
    loadState: () => state,
    async load(signal) {
      signal.throwIfAborted()
      state = "loaded"
    },
    async unload() {
      state = "unloaded"
    },
    async embed(texts, kind, signal) {
      signal.throwIfAborted()
      state = "loaded"
      await onEmbed?.(texts, kind, signal)
      signal.throwIfAborted()
      return texts.map((text) => bagOfWords(text, dimensions))
    },
    async countTokens(texts) {
      return texts.map((text) => wordsOf(text).length + 2)
    },
  }
}

const wordsOf = (text: string): string[] => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []

function bagOfWords(text: string, dimensions: number): Float32Array {
  const vector = new Float32Array(dimensions)
  for (const word of wordsOf(text)) {
    let hash = 7
    for (const letter of word) hash = (Math.imul(hash, 31) + (letter.codePointAt(0) ?? 0)) >>> 0
    const place = hash % dimensions
    vector[place] = (vector[place] as number) + 1
  }
  const length = Math.hypot(...vector)
  if (length === 0) vector[0] = 1
  return length === 0 ? vector : vector.map((value) => value / length)
}
