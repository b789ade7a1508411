/** Share of each part in the fused score. They add up to 1. */
export interface SearchShares {
  lexical: number
  vector: number
  /** Closeness to the best passages by vectors (`neighbours.ts`). Absent: none. */
  neighbours?: number
}

/** One candidate before fusion. A missing score is the worst one. */
export interface Candidate {
  /** BM25, larger is better. Null: not among the lexical results. */
  bm25: number | null
  /** Cosine, −1..1. Null: no vector. */
  similarity: number | null
}

/** Measured on Cranfield: words and vectors from .5 to .65, and neighbours from .2 to .4, differ by less than their intervals. */
export const defaultSearchShares: SearchShares = { lexical: 0.375, vector: 0.375, neighbours: 0.25 }

/** A candidate's fused score and the two parts it is made of, each normalised within the candidates. */
export interface Fused {
  score: number
  bm25Share: number
  similarityShare: number
}

/** What a candidate that a search did not return scored at most. */
export interface Floors {
  /** The last BM25 of a list that was cut off, else 0. */
  bm25: number
  /** The last cosine of a list that was cut off. Null: the list was complete, and the worst candidate is the floor. */
  similarity: number | null
}

/**
 * Convex combination of min-max normalised scores, 0..1 (Bruch et al., "An Analysis of Fusion Functions for Hybrid Retrieval", 2022).
 * Without vectors the words decide alone.
 */
export function fuse(
  candidates: readonly Candidate[],
  shares: SearchShares = defaultSearchShares,
  floors: Floors = { bm25: 0, similarity: null },
): Fused[] {
  const bm25s = candidates.map((candidate) => candidate.bm25).filter((value) => value !== null)
  const similarities = candidates.map((candidate) => candidate.similarity).filter((value) => value !== null)
  const hasVectors = similarities.length > 0
  const bm25Top = Math.max(0, ...bm25s)
  const similarityTop = Math.max(-1, ...similarities)
  const both = shares.lexical + shares.vector
  const similarityFloor = floors.similarity ?? Math.min(1, ...similarities)
  return candidates.map(({ bm25, similarity }) => {
    const bm25Share = bm25 === null ? 0 : normalised(bm25, floors.bm25, bm25Top)
    if (!hasVectors) return { score: Math.max(0, bm25Share), bm25Share, similarityShare: 0 }
    const similarityShare = similarity === null ? 0 : normalised(similarity, similarityFloor, similarityTop)
    return {
      score: Math.max(0, (shares.lexical * bm25Share + shares.vector * similarityShare) / both),
      bm25Share,
      similarityShare,
    }
  })
}

/** Below 0 for a value under the floor: how far under still tells candidates apart. */
const normalised = (value: number, low: number, high: number): number =>
  high > low ? (value - low) / (high - low) : value >= high ? 1 : 0

/** Reciprocal rank fusion (Cormack et al., 2009) of lists of ids: the yardstick that `fuse` is measured against. */
export function reciprocalRankFusion(lists: readonly (readonly string[])[], k = 60): { id: string; score: number }[] {
  const scores = new Map<string, number>()
  for (const list of lists) {
    for (const [rank, id] of list.entries()) scores.set(id, (scores.get(id) ?? 0) + 1 / (k + rank + 1))
  }
  return [...scores].map(([id, score]) => ({ id, score })).sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1))
}
