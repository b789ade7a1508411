/** Judged questions: gain of each relevant document id, larger is better; unlisted ids have none. */
export interface JudgedQuery {
  query: string
  gains: ReadonlyMap<string, number>
}

export interface RankingScores {
  /** nDCG@10 with linear gains, one per question that has judged documents. */
  ndcg: number[]
  /** Share of relevant documents among the first hundred. */
  recall100: number[]
}

/** Scores rankings of document ids against judgements (Järvelin and Kekäläinen, 2002). */
export function scoreRankings(
  queries: readonly JudgedQuery[],
  rankings: readonly (readonly string[])[],
): RankingScores {
  const scores: RankingScores = { ndcg: [], recall100: [] }
  for (const [index, { gains }] of queries.entries()) {
    const ideal = [...gains.values()].filter((gain) => gain > 0).sort((a, b) => b - a)
    if (ideal.length === 0) continue
    const ranking = rankings[index] ?? []
    scores.ndcg.push(discounted(ranking.slice(0, 10).map((id) => gains.get(id) ?? 0)) / discounted(ideal.slice(0, 10)))
    scores.recall100.push(ranking.slice(0, 100).filter((id) => (gains.get(id) ?? 0) > 0).length / ideal.length)
  }
  return scores
}

const discounted = (gains: readonly number[]): number =>
  gains.reduce((sum, gain, index) => sum + gain / Math.log2(index + 2), 0)

/** Reciprocal rank of the first relevant document among the first ten; 0 when there is none. */
export function reciprocalRank({ gains }: Pick<JudgedQuery, "gains">, ranking: readonly string[]): number {
  const at = ranking.slice(0, 10).findIndex((id) => (gains.get(id) ?? 0) > 0)
  return at < 0 ? 0 : 1 / (at + 1)
}

/** Share of the relevant documents among the first `depth`. */
export function recallAt({ gains }: Pick<JudgedQuery, "gains">, ranking: readonly string[], depth: number): number {
  const relevant = [...gains.values()].filter((gain) => gain > 0).length
  if (relevant === 0) return 0
  return ranking.slice(0, depth).filter((id) => (gains.get(id) ?? 0) > 0).length / relevant
}

export const mean = (values: readonly number[]): number =>
  values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length

/** Mean difference `b − a` of paired scores with a 95 % percentile bootstrap interval. Repeatable: the seed is fixed. */
export function pairedDifference(
  a: readonly number[],
  b: readonly number[],
  rounds = 2000,
): { mean: number; low: number; high: number } {
  const differences = a.map((value, index) => (b[index] ?? 0) - value)
  const random = mulberry32(20_261_123)
  const means = Array.from({ length: rounds }, () => {
    let sum = 0
    for (let draw = 0; draw < differences.length; draw++) {
      sum += differences[Math.floor(random() * differences.length)] as number
    }
    return sum / differences.length
  }).sort((left, right) => left - right)
  const at = (share: number): number => means[Math.min(rounds - 1, Math.floor(share * rounds))] ?? 0
  return { mean: mean(differences), low: at(0.025), high: at(0.975) }
}

function mulberry32(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}
