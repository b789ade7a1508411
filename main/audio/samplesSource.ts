import type { AudioSource } from "./types.ts"

/** A recording as a microphone: frames of 20 ms, as fast as they are read. */
export function createSamplesSource(samples: Float32Array, sampleRate: number): AudioSource {
  const frameSamples = Math.round(sampleRate / 50)
  return {
    async *frames(signal) {
      for (let at = 0, seq = 0; at < samples.length; at += frameSamples, seq++) {
        signal.throwIfAborted()
        yield { samples: samples.slice(at, at + frameSamples), sampleRate, seq, at: (at * 1000) / sampleRate }
      }
    },
  }
}
