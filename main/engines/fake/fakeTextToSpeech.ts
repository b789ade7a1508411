import { AppError } from "#core/errors.ts"
import type { LoadState, TextToSpeech } from "../types.ts"

export interface FakeTextToSpeechOptions {
  /** Length of the tone per character of text. Default 10 ms. */
  msPerCharacter?: number
  /** Default 24,000. */
  sampleRate?: number
  /** Texts that contain this fail with `engine.failed`. */
  failsOn?: string
}

export interface FakeTextToSpeech extends TextToSpeech {
  /** What was asked for so far, in order. */
  readonly spoken: string[]
}

/** A voice that hums: a tone as long as the text, the same for the same text. */
export function createFakeTextToSpeech(options: FakeTextToSpeechOptions = {}): FakeTextToSpeech {
  const { msPerCharacter = 10, sampleRate = 24_000, failsOn } = options
  const spoken: string[] = []
  let state: LoadState = "unloaded"
  return {
    modelId: "fake-voice",
    isFallback: false,
    spoken,
    loadState: () => state,
    async load() {
      state = "loaded"
    },
    async unload() {
      state = "unloaded"
    },
    voices: () => [{ id: "hum", name: "Hum", language: "en-US" }],
    async synthesize(text, { voice, rate = 1 }, signal) {
      signal.throwIfAborted()
      if (voice !== undefined && voice !== "hum")
        throw new AppError("tts.unknown-voice", `There is no voice called ${voice}.`, { remedy: "Choose hum." })
      spoken.push(text)
      if (failsOn !== undefined && text.includes(failsOn))
        throw new AppError("engine.failed", "The voice failed.", { remedy: "Try again." })
      state = "loaded"
      const samples = new Float32Array(Math.round((text.length * msPerCharacter * sampleRate) / 1000 / rate))
      for (let index = 0; index < samples.length; index++)
        samples[index] = 0.2 * Math.sin((2 * Math.PI * 220 * index) / sampleRate)
      return { samples, sampleRate }
    },
  }
}
