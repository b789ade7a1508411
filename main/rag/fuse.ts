/** Share of each ranking in the fused score. They add up to 1. */
export interface FusionWeights {
  lexical: number
  vector: number
}

/** One candidate before fusion. A missing score is the worst one. */
export interface Candidate {
  /** BM25, larger is better. Null: not among the lexical results. */
  bm25: number | null
  /** Cosine, −1..1. Null: no vector. */
  similarity: number | null
}

export const defaultFusionWeights: FusionWeights = { lexical: 0.35, vector: 0.65 }

/**
 * Convex combination of normalised scores, 0..1 (Bruch et al., "An Analysis of Fusion Functions for Hybrid Retrieval", 2022). BM25 is
 * scaled from its theoretical minimum 0 to the best candidate, cosine from the worst to the best candidate.
 */
export function fuse(candidates: readonly Candidate[], weights: FusionWeights = defaultFusionWeights): number[] {
  const bm25s = candidates.map((candidate) => candidate.bm25).filter((value) => value !== null)
  const similarities = candidates.map((candidate) => candidate.similarity).filter((value) => value !== null)
  const bestBm25 = Math.max(0, ...bm25s)
  const low = Math.min(1, ...similarities)
  const high = Math.max(-1, ...similarities)
  const hasVectors = similarities.length > 0
  return candidates.map(({ bm25, similarity }) => {
    const lexical = bm25 === null || bestBm25 <= 0 ? 0 : bm25 / bestBm25
    if (!hasVectors) return lexical
    const vector = similarity === null ? 0 : high > low ? (similarity - low) / (high - low) : 1
    return weights.lexical * lexical + weights.vector * vector
  })
}

/** Reciprocal rank fusion (Cormack et al., 2009) of lists of ids: the yardstick that `fuse` is measured against. */
export function reciprocalRankFusion(lists: readonly (readonly string[])[], k = 60): { id: string; score: number }[] {
  const scores = new Map<string, number>()
  for (const list of lists) {
    for (const [rank, id] of list.entries()) scores.set(id, (scores.get(id) ?? 0) + 1 / (k + rank + 1))
  }
  return [...scores].map(([id, score]) => ({ id, score })).sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1))
}
