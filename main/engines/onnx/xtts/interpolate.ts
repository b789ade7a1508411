/** Rows of equal width, one behind the other. */
export interface Rows {
  values: Float32Array
  width: number
}

export const countRows = ({ values, width }: Rows): number => values.length / width

/**
 * PyTorch's linear `interpolate` along the rows with a given scale and `align_corners=False`. Rows past the end repeat the last one.
 * @param scale Rows that come out for each that goes in.
 */
export function interpolate(rows: Rows, scale: number): Rows {
  if (scale === 1) return rows
  const { values, width } = rows
  const before = countRows(rows)
  const after = Math.floor(before * scale)
  const out = new Float32Array(after * width)
  for (let row = 0; row < after; row++) {
    const place = Math.max(0, (row + 0.5) / scale - 0.5)
    const left = Math.min(Math.floor(place), before - 1)
    const right = Math.min(left + 1, before - 1)
    const share = place - left
    for (let column = 0; column < width; column++)
      out[row * width + column] =
        (1 - share) * (values[left * width + column] as number) + share * (values[right * width + column] as number)
  }
  return { values: out, width }
}

/** Of the rows that `interpolate` makes, how many stay as they are when more rows follow. */
export function settledRows(before: number, scale: number): number {
  if (scale === 1) return before
  const after = Math.floor(before * scale)
  // A row that draws on one beyond the last known one will still change.
  return Math.max(0, Math.min(after, Math.floor((before - 1 + 0.5) * scale - 0.5)))
}
