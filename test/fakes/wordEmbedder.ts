import type { Embedder } from "#engines/types.ts"
import { isStopWord, wordsOf } from "#rag/words.ts"

/** Deterministic vectors: each word's stem adds to one of `dimensions` places. Near texts share words. */
export function createWordEmbedder(
  options: {
    fingerprint?: string
    dimensions?: number
    isFallback?: boolean
    onEmbed?: (texts: string[]) => void
  } = {},
): Embedder {
  const { fingerprint = "words-1", dimensions = 256, isFallback = true } = options
  return {
    modelId: fingerprint,
    isFallback,
    dimensions,
    fingerprint,
    maxTokens: 256,
    loadState: () => "loaded",
    load: async () => {},
    unload: async () => {},
    async embed(texts, _kind, signal) {
      signal.throwIfAborted()
      options.onEmbed?.(texts)
      return texts.map((text) => {
        const vector = new Float32Array(dimensions)
        for (const { word, stem } of wordsOf(text)) {
          if (isStopWord(word)) continue
          let hash = 2166136261
          for (const char of stem) hash = Math.imul(hash ^ (char.codePointAt(0) as number), 16777619)
          const place = (hash >>> 0) % dimensions
          vector[place] = (vector[place] as number) + 1
        }
        const length = Math.hypot(...vector) || 1
        return vector.map((value) => value / length)
      })
    },
    countTokens: async (texts) => texts.map((text) => Math.ceil(text.length / 4)),
  }
}
