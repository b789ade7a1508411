import { insertBest, type ScoredRow } from "./bestRows.ts"

/** Cosine of two vectors of one length, −1..1. NaN when one of them has no direction. */
export function cosine(a: Float32Array, b: Float32Array): number {
  let dot = 0
  let squaresA = 0
  let squaresB = 0
  for (let i = 0; i < a.length; i++) {
    const x = a[i] as number
    const y = b[i] as number
    dot += x * y
    squaresA += x * x
    squaresB += y * y
  }
  return dot / Math.sqrt(squaresA * squaresB)
}

/** The rows nearest to the vector, best first, by comparing it with every one: what faster searches are held against. */
export function nearest(
  vector: Float32Array,
  rows: Iterable<readonly [seq: number, vector: Float32Array]>,
  limit: number,
): ScoredRow[] {
  const best: ScoredRow[] = []
  for (const [seq, other] of rows) {
    const score = cosine(vector, other)
    if (!Number.isNaN(score)) insertBest(best, { seq, score }, limit)
  }
  return best
}
