import type { Actor } from "#core/actor.ts"
import type { ChunkRepository } from "#store/types.ts"
import type { Word } from "./words.ts"
import { isStopWord } from "./words.ts"

/**
 * Pseudo-relevance feedback (Rocchio, 1971): what is relevant resembles the best passages. A candidate's closeness is its mean
 * likeness to the five best others, weighted by the square of their scores, so that one clear winner decides and many even ones share.
 */
const bestCount = 5
const weightOf = (score: number): number => Math.max(0, score) ** 2

/** Closeness by vectors of each candidate, best first; null where there is nothing to be close to. */
export async function vectorCloseness(
  actor: Actor,
  candidates: readonly { chunk: { id: string }; score: number }[],
  fingerprint: string,
  chunks: Pick<ChunkRepository, "vectors" | "similarities">,
): Promise<(number | null)[]> {
  const best = candidates.slice(0, bestCount)
  const chunkIds = best.map(({ chunk }) => chunk.id)
  const vectors = await chunks.vectors(actor, { fingerprint, chunkIds })
  const weights = new Map<string, number>()
  let sum: Float32Array | null = null
  let total = 0
  for (const { chunk, score } of best) {
    const vector = vectors.get(chunk.id)
    if (!vector) continue
    const weight = weightOf(score)
    weights.set(chunk.id, weight)
    total += weight
    sum ??= new Float32Array(vector.length)
    for (let at = 0; at < sum.length; at++) sum[at] = (sum[at] as number) + weight * (vector[at] as number)
  }
  if (!sum || total === 0) return candidates.map(() => null)
  const length = Math.hypot(...sum)
  const likeness = await chunks.similarities(actor, {
    fingerprint,
    vector: sum,
    chunkIds: candidates.map(({ chunk }) => chunk.id),
  })
  return candidates.map(({ chunk }) => {
    const cosine = likeness.get(chunk.id)
    if (cosine === undefined) return null
    // A candidate is not compared with itself.
    const own = weights.get(chunk.id) ?? 0
    return total - own < 1e-9 ? null : (length * cosine - own) / (total - own)
  })
}

/**
 * Closeness by words of each candidate, best first: the same with the cosine of tf·idf, where rarity is that among the candidates, so
 * that what all of them share says nothing.
 */
export function wordCloseness(candidates: readonly { words: readonly Word[]; score: number }[]): (number | null)[] {
  const counts = candidates.map(({ words }) => {
    const own = new Map<string, number>()
    for (const { word, stem } of words) if (!isStopWord(word)) own.set(stem, (own.get(stem) ?? 0) + 1)
    return own
  })
  const spread = new Map<string, number>()
  for (const own of counts) for (const stem of own.keys()) spread.set(stem, (spread.get(stem) ?? 0) + 1)
  const vectors = counts.map((own) => {
    let squares = 0
    const vector = new Map<string, number>()
    for (const [stem, times] of own) {
      const value = (1 + Math.log(times)) * Math.log((candidates.length + 1) / (spread.get(stem) as number))
      vector.set(stem, value)
      squares += value * value
    }
    return { vector, length: Math.sqrt(squares) || 1 }
  })
  const best = candidates.slice(0, bestCount).map(({ score }, index) => ({ index, weight: weightOf(score) }))
  return vectors.map((mine, index) => {
    let sum = 0
    let total = 0
    for (const other of best) {
      if (other.index === index) continue
      const theirs = vectors[other.index] as (typeof vectors)[number]
      let product = 0
      for (const [stem, value] of theirs.vector) product += value * (mine.vector.get(stem) ?? 0)
      sum += (other.weight * product) / (mine.length * theirs.length)
      total += other.weight
    }
    return total < 1e-9 ? null : sum / total
  })
}

/** Between the least and the most of the candidates, 0..1; 1 for one that has nothing to be compared with. */
export function sharesOf(values: readonly (number | null)[]): number[] {
  const known = values.filter((value) => value !== null)
  const low = Math.min(...known)
  const high = Math.max(...known)
  return values.map((value) => (value === null || high <= low ? 1 : (value - low) / (high - low)))
}
