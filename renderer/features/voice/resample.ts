/** Half width of the low-pass kernel, in samples of the slower rate. */
const halfWidth = 12

/**
 * Streaming resampler: windowed-sinc interpolation with the cut-off at the lower of the two rates' Nyquist frequency.
 * Takes blocks of any length and returns what is ready; its delay is `halfWidth` output samples.
 */
export function createResampler(fromRate: number, toRate: number): (block: Float32Array) => Float32Array {
  if (fromRate === toRate) return (block) => block.slice()
  const step = fromRate / toRate
  const cutoff = Math.min(1, toRate / fromRate)
  const reach = Math.ceil(halfWidth / cutoff)
  let kept = new Float32Array(reach)
  /** Place of the next output sample, in samples of `kept`. */
  let position = reach
  return (block) => {
    const input = new Float32Array(kept.length + block.length)
    input.set(kept)
    input.set(block, kept.length)
    const count = Math.max(0, Math.floor((input.length - reach - position - 1) / step) + 1)
    const output = new Float32Array(count)
    for (let index = 0; index < count; index++)
      output[index] = interpolate(input, position + index * step, cutoff, reach)
    position += count * step
    const consumed = Math.max(0, Math.floor(position) - reach)
    kept = input.slice(consumed)
    position -= consumed
    return output
  }
}

function interpolate(input: Float32Array, at: number, cutoff: number, reach: number): number {
  const center = Math.floor(at)
  let sum = 0
  let weights = 0
  for (let index = center - reach + 1; index <= center + reach; index++) {
    const distance = index - at
    const window = 0.5 + 0.5 * Math.cos((Math.PI * distance) / (reach + 1))
    const weight = sinc(distance * cutoff) * window
    sum += weight * (input[index] ?? 0)
    weights += weight
  }
  return sum / weights
}

const sinc = (x: number): number => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x))

/** −1..1 to 16-bit, clipped. */
export function toInt16(samples: Float32Array): Int16Array<ArrayBuffer> {
  const result = new Int16Array(samples.length)
  for (let index = 0; index < samples.length; index++) {
    const value = Math.max(-1, Math.min(1, samples[index] ?? 0))
    result[index] = Math.round(value < 0 ? value * 32768 : value * 32767)
  }
  return result
}
