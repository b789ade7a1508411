/** One filter of a mel bank: its weights over neighbouring lines of the spectrum. */
export interface MelTriangle {
  /** The first line it covers. */
  first: number
  weights: Float64Array
}

/** The filter whose height over each line is given; lines of no height are left out. */
export function melTriangle(lines: number, heightOf: (line: number) => number): MelTriangle {
  const weights: number[] = []
  let first = 0
  for (let line = 0; line < lines; line++) {
    const height = heightOf(line)
    if (height <= 0) continue
    if (weights.length === 0) first = line
    weights.push(height)
  }
  return { first, weights: Float64Array.from(weights) }
}

/** Power of a spectrum under a filter. */
export function energyUnder({ first, weights }: MelTriangle, real: Float64Array, imaginary: Float64Array): number {
  let energy = 0
  for (let n = 0; n < weights.length; n++) {
    const x = real[first + n] as number
    const y = imaginary[first + n] as number
    energy += (weights[n] as number) * (x * x + y * y)
  }
  return energy
}
