/**
 * Groups texts of similar length, so that little is computed on padding: positions into `lengths`, shortest texts first.
 * A batch holds at most `tokenBudget` tokens, padding included, and at least one text.
 */
export function planBatches(lengths: readonly number[], tokenBudget: number): number[][] {
  const order = lengths.map((_, index) => index).sort((a, b) => (lengths[a] as number) - (lengths[b] as number))
  const batches: number[][] = []
  let batch: number[] = []
  for (const index of order) {
    // Sorted upwards: the newcomer is the longest and sets the padded length of all.
    if (batch.length > 0 && (batch.length + 1) * (lengths[index] as number) > tokenBudget) {
      batches.push(batch)
      batch = []
    }
    batch.push(index)
  }
  if (batch.length > 0) batches.push(batch)
  return batches
}
