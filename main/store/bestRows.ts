export interface ScoredRow {
  seq: number
  score: number
}

/** Keeps the list sorted, best first, equal ones in order of `seq`, and no longer than `limit`. */
export function insertBest(best: ScoredRow[], row: ScoredRow, limit: number): void {
  let low = 0
  let high = best.length
  while (low < high) {
    const middle = (low + high) >> 1
    const other = best[middle] as ScoredRow
    if (other.score > row.score || (other.score === row.score && other.seq < row.seq)) low = middle + 1
    else high = middle
  }
  if (low >= limit) return
  best.splice(low, 0, row)
  if (best.length > limit) best.pop()
}
