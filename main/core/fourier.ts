/** A complex Fourier transform of one fixed length. Real and imaginary parts lie in separate arrays, changed in place. */
export interface Fourier {
  readonly length: number
  /** e^(−i…), unscaled. */
  forward(real: Float64Array, imaginary: Float64Array): void
  /** e^(+i…), unscaled: forward then inverse multiplies by `length`. */
  inverse(real: Float64Array, imaginary: Float64Array): void
}

/**
 * Mixed-radix transform by Stockham's self-sorting method (Van Loan, "Computational Frameworks for the FFT", 1992): one pass per factor,
 * twiddles from tables, no bit reversal.
 *
 * @param length A product of 2, 3, 4 and 5; throws RangeError otherwise.
 */
export function createFourier(length: number): Fourier {
  const passes = planPasses(length)
  const spareReal = new Float64Array(length)
  const spareImaginary = new Float64Array(length)

  const forward = (real: Float64Array, imaginary: Float64Array): void => {
    for (const [index, pass] of passes.entries()) {
      if (index % 2 === 0) runPass(pass, real, imaginary, spareReal, spareImaginary)
      else runPass(pass, spareReal, spareImaginary, real, imaginary)
    }
    if (passes.length % 2 === 1) {
      real.set(spareReal)
      imaginary.set(spareImaginary)
    }
  }
  return {
    length,
    forward,
    // Swapping the parts of input and output conjugates the transform.
    inverse: (real, imaginary) => forward(imaginary, real),
  }
}

interface Pass {
  radix: number
  /** Product of the radices before this pass. */
  stride: number
  /** length / (stride · radix) */
  groups: number
  /** cos and −sin of 2π·group·output / (groups · radix), output fastest. */
  twiddleCosines: Float64Array
  twiddleSines: Float64Array
  /** cos and −sin of 2π·output·part / radix, part fastest. */
  cosines: Float64Array
  sines: Float64Array
}

function planPasses(length: number): Pass[] {
  const radices: number[] = []
  let rest = length
  for (const radix of [5, 4, 3, 2])
    while (rest % radix === 0) {
      radices.push(radix)
      rest /= radix
    }
  if (rest !== 1) throw new RangeError(`No transform of length ${length}.`)
  let stride = 1
  return radices.map((radix) => {
    const groups = length / (stride * radix)
    const twiddles = rotations(groups, radix, groups * radix)
    const kernel = rotations(radix, radix, radix)
    const pass = {
      radix,
      stride,
      groups,
      twiddleCosines: twiddles.cosines,
      twiddleSines: twiddles.sines,
      cosines: kernel.cosines,
      sines: kernel.sines,
    }
    stride *= radix
    return pass
  })
}

function rotations(rows: number, columns: number, period: number): { cosines: Float64Array; sines: Float64Array } {
  const angle = (index: number): number => (2 * Math.PI * Math.floor(index / columns) * (index % columns)) / period
  return {
    cosines: Float64Array.from({ length: rows * columns }, (_, index) => Math.cos(angle(index))),
    sines: Float64Array.from({ length: rows * columns }, (_, index) => -Math.sin(angle(index))),
  }
}

function runPass(
  pass: Pass,
  fromReal: Float64Array,
  fromImaginary: Float64Array,
  toReal: Float64Array,
  toImaginary: Float64Array,
): void {
  const { radix, stride, groups, twiddleCosines, twiddleSines, cosines, sines } = pass
  const step = stride * groups
  for (let group = 0; group < groups; group++)
    for (let output = 0; output < radix; output++) {
      const twiddleCosine = twiddleCosines[group * radix + output] as number
      const twiddleSine = twiddleSines[group * radix + output] as number
      const target = stride * (group * radix + output)
      for (let offset = 0; offset < stride; offset++) {
        let real = 0
        let imaginary = 0
        for (let part = 0, at = offset + stride * group; part < radix; part++, at += step) {
          const cosine = cosines[output * radix + part] as number
          const sine = sines[output * radix + part] as number
          const x = fromReal[at] as number
          const y = fromImaginary[at] as number
          real += x * cosine - y * sine
          imaginary += x * sine + y * cosine
        }
        toReal[target + offset] = real * twiddleCosine - imaginary * twiddleSine
        toImaginary[target + offset] = real * twiddleSine + imaginary * twiddleCosine
      }
    }
}
