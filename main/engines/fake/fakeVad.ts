import type { SpeechRegion, Vad } from "../types.ts"

const sampleRate = 16_000
const frameSamples = 512

export interface FakeVadOptions {
  /** A frame whose loudest sample is at or above this is speech. Default .1. */
  threshold?: number
}

/** For tests: loud is speech. Every 32 ms frame scores 1 or 0. */
export function createFakeVad({ threshold = 0.1 }: FakeVadOptions = {}): Vad {
  const score = (frame: Float32Array): number => (frame.some((sample) => Math.abs(sample) >= threshold) ? 1 : 0)
  return {
    modelId: "fake-vad",
    isFallback: false,
    loadState: () => "loaded",
    async load() {},
    async unload() {},
    async regions(samples, signal) {
      signal.throwIfAborted()
      const regions: SpeechRegion[] = []
      for (let at = 0; at < samples.length; at += frameSamples) {
        if (score(samples.subarray(at, at + frameSamples)) === 0) continue
        const startMs = (at * 1000) / sampleRate
        const endMs = (Math.min(at + frameSamples, samples.length) * 1000) / sampleRate
        const last = regions.at(-1)
        if (last && startMs - last.endMs < 300) last.endMs = endMs
        else regions.push({ startMs, endMs })
      }
      return regions
    },
    async open() {
      let rest = new Float32Array()
      return {
        async push(samples, signal) {
          signal.throwIfAborted()
          const all = new Float32Array(rest.length + samples.length)
          all.set(rest)
          all.set(samples, rest.length)
          const probabilities: number[] = []
          let at = 0
          for (; at + frameSamples <= all.length; at += frameSamples)
            probabilities.push(score(all.subarray(at, at + frameSamples)))
          rest = all.slice(at)
          return probabilities
        },
        async close() {},
      }
    },
  }
}
