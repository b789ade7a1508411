/** Samples between two paces: written in pieces of any size, read in pieces of any size. Grows as needed. */
export interface SampleRing {
  readonly length: number
  write(samples: Float32Array): void
  /** Fills `into` from the front and returns how many samples there were; the rest of `into` is silence. */
  read(into: Float32Array): number
  /** Drops the oldest samples. */
  skip(count: number): void
  clear(): void
}

export function createSampleRing(): SampleRing {
  let buffer = new Float32Array(16_384)
  let start = 0
  let length = 0
  return {
    get length() {
      return length
    },
    write(samples) {
      if (length + samples.length > buffer.length) {
        const larger = new Float32Array(Math.max(buffer.length * 2, length + samples.length))
        for (let at = 0; at < length; at++) larger[at] = buffer[(start + at) % buffer.length] as number
        buffer = larger
        start = 0
      }
      const end = (start + length) % buffer.length
      const first = samples.subarray(0, buffer.length - end)
      buffer.set(first, end)
      buffer.set(samples.subarray(first.length), 0)
      length += samples.length
    },
    read(into) {
      const count = Math.min(into.length, length)
      const first = Math.min(count, buffer.length - start)
      into.set(buffer.subarray(start, start + first))
      into.set(buffer.subarray(0, count - first), first)
      into.fill(0, count)
      start = (start + count) % buffer.length
      length -= count
      return count
    },
    skip(count) {
      const dropped = Math.min(count, length)
      start = (start + dropped) % buffer.length
      length -= dropped
    },
    clear() {
      length = 0
    },
  }
}
