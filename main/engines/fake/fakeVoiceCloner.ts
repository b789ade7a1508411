import type { VoiceCloner } from "../types.ts"

export interface FakeVoiceCloner extends VoiceCloner {
  /** Names of the samples that were conditioned, in order. */
  readonly conditioned: string[]
  /** What was said, with the voice's name. */
  readonly spoken: { text: string; voice: string; language: string }[]
}

/**
 * Hums in the voice of a sample: at the sample's own loudness, for 10 ms per character.
 * @param beforeSpeech Awaited before each sentence: a test can hold speech there.
 */
export function createFakeVoiceCloner(
  options: { fingerprint?: string; beforeSpeech?: (signal: AbortSignal) => Promise<void> } = {},
): FakeVoiceCloner {
  const conditioned: string[] = []
  const spoken: FakeVoiceCloner["spoken"] = []
  return {
    kind: "model",
    name: "Fake cloner",
    modelId: "fake-cloner",
    fingerprint: options.fingerprint ?? "fake",
    languages: ["en", "de"],
    isFallback: false,
    conditioned,
    spoken,
    loadState: () => "loaded",
    load: async () => undefined,
    unload: async () => undefined,
    async condition({ samples, name }, signal) {
      signal.throwIfAborted()
      conditioned.push(name)
      const loudest = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0)
      return Buffer.from(JSON.stringify({ name, loudest }))
    },
    async *synthesize(text, { conditioning, language, rate = 1 }, signal) {
      await options.beforeSpeech?.(signal)
      signal.throwIfAborted()
      const { name, loudest } = JSON.parse(Buffer.from(conditioning).toString()) as { name: string; loudest: number }
      spoken.push({ text, voice: name, language })
      const length = Math.round((text.length * 240) / rate)
      yield { samples: Float32Array.from({ length }, (_, n) => loudest * Math.sin(n / 12)), sampleRate: 24_000 }
    },
  }
}
