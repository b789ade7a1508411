export interface SamplingOptions {
  temperature: number
  /** Tokens that may be drawn, at most. */
  topK: number
  /** The likeliest tokens that together reach this share may be drawn. */
  topP: number
  /** Divides what speaks for a token that came before, and multiplies what speaks against it. */
  repetitionPenalty: number
}

/**
 * Chances of each token, in the order in which Hugging Face's `generate` applies them for XTTS: repetition penalty, temperature, top k,
 * top p. The length penalty of the original concerns beams only, of which it has one.
 */
export function tokenChances(
  logits: Float32Array,
  seen: ReadonlySet<number>,
  { temperature, topK, topP, repetitionPenalty }: SamplingOptions,
): Float32Array {
  const scores = penalised(logits, seen, repetitionPenalty).map((score) => score / temperature)
  const order = Array.from(scores.keys()).sort((a, b) => (scores[b] as number) - (scores[a] as number))
  const lowest = scores[order[Math.min(topK, order.length) - 1] as number] as number
  const kept = order.filter((token) => (scores[token] as number) >= lowest)
  const highest = scores[kept[0] as number] as number
  const weights = kept.map((token) => Math.exp((scores[token] as number) - highest))
  const sum = weights.reduce((total, weight) => total + weight, 0)
  const chances = new Float32Array(logits.length)
  let reached = 0
  let share = 0
  for (const [index, token] of kept.entries()) {
    if (index > 0 && reached / sum >= topP) break
    reached += weights[index] as number
    share += weights[index] as number
    chances[token] = weights[index] as number
  }
  return chances.map((weight) => weight / share)
}

/** @param random 0 up to 1. */
export function drawToken(chances: Float32Array, random: () => number): number {
  let left = random()
  let last = 0
  for (const [token, chance] of chances.entries()) {
    if (chance === 0) continue
    last = token
    left -= chance
    if (left < 0) return token
  }
  return last
}

/** The likeliest token after the penalty. */
export function likeliestToken(logits: Float32Array, seen: ReadonlySet<number>, repetitionPenalty: number): number {
  const scores = penalised(logits, seen, repetitionPenalty)
  let best = 0
  for (let token = 1; token < scores.length; token++)
    if ((scores[token] as number) > (scores[best] as number)) best = token
  return best
}

function penalised(logits: Float32Array, seen: ReadonlySet<number>, penalty: number): Float32Array {
  const scores = Float32Array.from(logits)
  for (const token of seen) {
    const score = scores[token] as number
    scores[token] = score < 0 ? score * penalty : score / penalty
  }
  return scores
}
