/** Samples of a recording that grows. */
export interface Recording {
  append(samples: Float32Array): void
  readonly length: number
  /** A copy of the samples from `start` to `end`. */
  slice(start: number, end: number): Float32Array
}

export function createRecording(): Recording {
  let buffer = new Float32Array(16_000)
  let length = 0
  return {
    append(samples) {
      if (length + samples.length > buffer.length) {
        const larger = new Float32Array(Math.max(buffer.length * 2, length + samples.length))
        larger.set(buffer.subarray(0, length))
        buffer = larger
      }
      buffer.set(samples, length)
      length += samples.length
    },
    get length() {
      return length
    },
    slice: (start, end) => buffer.slice(start, Math.min(end, length)),
  }
}
