import type { AudioFrame, AudioSink, AudioSource } from "#audio/types.ts"
import { AppError } from "#core/errors.ts"
import type { SpeechToText, Vad } from "#engines/types.ts"

const engine = {
  isFallback: false,
  loadState: () => "loaded" as const,
  async load() {},
  async unload() {},
}

/** Calls loud frames speech. */
export function createLoudnessVad(): Vad {
  const probability = (samples: Float32Array): number =>
    samples.some((sample) => Math.abs(sample) > 0.05) ? 0.95 : 0.02
  const frames = (samples: Float32Array): number[] =>
    Array.from({ length: Math.floor(samples.length / 512) }, (_, index) =>
      probability(samples.subarray(index * 512, (index + 1) * 512)),
    )
  return {
    ...engine,
    modelId: "loudness",
    async open() {
      let rest = new Float32Array()
      return {
        async push(samples) {
          const all = new Float32Array(rest.length + samples.length)
          all.set(rest)
          all.set(samples, rest.length)
          rest = all.slice(all.length - (all.length % 512))
          return frames(all)
        },
        async close() {},
      }
    },
    regions: async () => [],
  }
}

export interface ScriptedSpeechToText extends SpeechToText {
  /** Milliseconds of audio of each request, in order. */
  readonly askedMs: number[]
  /** Most transcriptions running at the same time. */
  readonly mostAtOnce: () => number
}

/** "Hears" one word of the script per 250 ms of audio. */
export function createScriptedSpeechToText(
  script: string,
  options: { fails?: boolean; beforeAnswer?: () => Promise<void> } = {},
): ScriptedSpeechToText {
  const askedMs: number[] = []
  let running = 0
  let most = 0
  return {
    ...engine,
    modelId: "scripted",
    askedMs,
    mostAtOnce: () => most,
    async transcribe(samples, _options, signal) {
      askedMs.push(samples.length / 16)
      running++
      most = Math.max(most, running)
      try {
        await options.beforeAnswer?.()
        signal.throwIfAborted()
        if (options.fails) throw new AppError("engine.crashed", "The speech engine ended.", { remedy: "Try again." })
        const words = script.split(" ").slice(0, Math.floor(samples.length / 4000))
        const text = words.join(" ")
        return { text, segments: [], meanLogProbability: -0.1, language: "en" }
      } finally {
        running--
      }
    },
  }
}

/** A microphone: silence, a tone for `speechMs`, silence, in frames of 20 ms. */
export function createToneSource(options: {
  leadMs?: number
  speechMs: number
  tailMs?: number
  sampleRate?: number
}): AudioSource {
  const { leadMs = 400, speechMs, tailMs = 400, sampleRate = 16_000 } = options
  return {
    async *frames(signal) {
      const perFrame = sampleRate / 50
      for (let seq = 0; seq * 20 < leadMs + speechMs + tailMs; seq++) {
        signal.throwIfAborted()
        const isTone = seq * 20 >= leadMs && seq * 20 < leadMs + speechMs
        const samples = Float32Array.from({ length: perFrame }, (_, index) => (isTone ? 0.3 * Math.sin(index / 3) : 0))
        yield { samples, sampleRate, seq, at: seq * 20 } satisfies AudioFrame
      }
    },
  }
}

export interface MemorySink extends AudioSink {
  readonly writtenMs: () => number
  readonly flushes: () => number
  /** Lets this much of what was written be heard. */
  play(ms: number): void
}

/** A speaker that plays what it is told to; with `isInstant` everything at once. */
export function createMemorySink(options: { isInstant?: boolean } = {}): MemorySink {
  const { isInstant = true } = options
  let written = 0
  let played = 0
  let flushes = 0
  let onPlayed: (() => void) | undefined
  return {
    sampleRate: 24_000,
    writtenMs: () => written,
    flushes: () => flushes,
    play(ms) {
      played = Math.min(written, played + ms)
      onPlayed?.()
    },
    async write(samples, sampleRate, signal) {
      signal.throwIfAborted()
      written += (samples.length * 1000) / sampleRate
      if (isInstant) played = written
    },
    async drain(signal) {
      while (played < written) {
        await new Promise<void>((resolve, reject) => {
          onPlayed = resolve
          signal.addEventListener("abort", () => reject(signal.reason), { once: true })
        })
      }
    },
    flush() {
      flushes++
      written = played
      onPlayed?.()
    },
    playedMs: () => played,
    async close() {},
  }
}
