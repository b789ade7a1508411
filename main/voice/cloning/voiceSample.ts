import type { SampleVerdict } from "#contract/cloning.ts"
import { AppError } from "#core/errors.ts"
import type { SpeakerEncoder, SpeechChunk, Vad } from "#engines/types.ts"
import { hearVoice } from "../hearVoice.ts"

/** A recording at the rate it is kept with, and as the models hear it. */
export interface VoiceSample {
  chunk: SpeechChunk
  /** The same at 16 kHz mono. */
  listening: Float32Array
}

export interface HeardSample {
  /** What is kept: from the first word on, 30 s at most. */
  sample: SpeechChunk
  embedding: Float32Array
  verdict: SampleVerdict
}

const shortestSeconds = 3
const longestSeconds = 120
/** More than this no engine looks at. */
const keptSeconds = 30
const leastSpeechMs = 3000
const goodSpeechMs = 6000
const goodSnrDb = 20
const leadMs = 100

/** Whether a recording will do as a sample of one voice. Throws `audio.too-long`, `speaker.too-short`, `speaker.poor-quality`. */
export async function hearSample(
  { chunk, listening }: VoiceSample,
  models: { encoder: SpeakerEncoder; vad: Vad },
  signal: AbortSignal,
): Promise<HeardSample> {
  const seconds = listening.length / 16_000
  if (seconds < shortestSeconds)
    throw new AppError("speaker.too-short", `The sample has ${seconds.toFixed(1)} s; 3 s are the least.`, {
      remedy: "Read a few sentences; ten seconds are better.",
    })
  if (seconds > longestSeconds)
    throw new AppError("audio.too-long", "The sample is longer than two minutes.", {
      remedy: "Half a minute of one person speaking is enough.",
    })
  const { embedding, speechMs, quality, regions } = await hearVoice(listening, { ...models, leastSpeechMs }, signal)
  const startMs = Math.max(0, (regions[0]?.startMs ?? 0) - leadMs)
  const endMs = Math.min((regions.at(-1)?.endMs ?? 0) + leadMs, startMs + keptSeconds * 1000)
  const perMs = chunk.sampleRate / 1000
  return {
    sample: {
      samples: chunk.samples.slice(Math.round(startMs * perMs), Math.round(endMs * perMs)),
      sampleRate: chunk.sampleRate,
    },
    embedding,
    verdict: {
      quality,
      net_speech_s: Number((speechMs / 1000).toFixed(1)),
      verdict: speechMs >= goodSpeechMs && quality.snr_db >= goodSnrDb ? "good" : "usable",
    },
  }
}
