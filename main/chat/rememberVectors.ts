import type { Embedder } from "#engines/types.ts"

/** The same embedder for the length of a turn: a sentence that several checks compare is embedded once. */
export function rememberVectors(embedder: Embedder): Embedder {
  const known = { query: new Map<string, Float32Array>(), passage: new Map<string, Float32Array>() }
  return {
    ...embedder,
    async embed(texts, kind, signal) {
      const vectors = known[kind]
      const added = [...new Set(texts)].filter((text) => !vectors.has(text))
      if (added.length > 0) {
        const made = await embedder.embed(added, kind, signal)
        for (const [index, text] of added.entries()) vectors.set(text, made[index] as Float32Array)
      }
      return texts.map((text) => vectors.get(text) as Float32Array)
    },
  }
}
