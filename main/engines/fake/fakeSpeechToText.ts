import type { SpeechToText, Transcript } from "../types.ts"

export interface FakeSpeechToTextOptions {
  /** What is said, word by word: half a second of audio for each. Default: "how often should the filter be changed". */
  text?: string
  /** Called before each transcription: hold it, count it, or throw. */
  onTranscribe?: (samples: Float32Array, signal: AbortSignal) => void | Promise<void>
}

const sampleRate = 16_000
const wordSeconds = 0.5

/** For tests: quiet audio is empty text, loud audio is as many words of the given text as fit its length. */
export function createFakeSpeechToText(options: FakeSpeechToTextOptions = {}): SpeechToText {
  const { text = "how often should the filter be changed", onTranscribe } = options
  return {
    modelId: "fake-stt",
    isFallback: false,
    loadState: () => "loaded",
    async load() {},
    async unload() {},
    async transcribe(samples, _options, signal): Promise<Transcript> {
      signal.throwIfAborted()
      await onTranscribe?.(samples, signal)
      signal.throwIfAborted()
      if (!samples.some((sample) => Math.abs(sample) > 0.01))
        return { text: "", segments: [], meanLogProbability: 0, language: "en" }
      const count = Math.ceil(samples.length / (sampleRate * wordSeconds))
      const heard = text.split(" ").slice(0, count).join(" ")
      const endMs = (samples.length * 1000) / sampleRate
      return { text: heard, segments: [{ startMs: 0, endMs, text: heard }], meanLogProbability: -0.05, language: "en" }
    },
  }
}
