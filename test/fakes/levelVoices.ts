import type { SpeakerEncoder } from "#engines/types.ts"

/** Hears who speaks by the level of a recording: .2 is one voice, .4 another, .3 lies between both. */
export const levelEncoder = (fingerprint = "space-a"): SpeakerEncoder => ({
  modelId: "fake-speaker",
  isFallback: false,
  dimensions: 3,
  fingerprint,
  loadState: () => "loaded",
  load: async () => undefined,
  unload: async () => undefined,
  async embed(samples) {
    const level = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0)
    const angle = (level - 0.2) * 5 * (Math.PI / 2)
    return Float32Array.of(Math.cos(angle), Math.sin(angle), 0)
  },
})

/** Speech as the fake detector hears it, at 16 kHz: loud for some seconds, with quiet before and after. */
export function levelRecording(level: number, seconds: number, quietSeconds: number): Float32Array {
  const quiet = Math.round(quietSeconds * 16_000)
  const samples = new Float32Array(seconds * 16_000 + 2 * quiet)
  for (let n = 0; n < samples.length; n++) {
    const isSpeech = n > quiet && n < samples.length - quiet
    samples[n] = (n % 2 === 0 ? 1 : -1) * (isSpeech ? level : 0.001)
  }
  return samples
}
