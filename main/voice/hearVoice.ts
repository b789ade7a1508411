import type { RecordingQuality } from "#contract/speakers.ts"
import { concatSamples } from "#core/concatSamples.ts"
import { AppError } from "#core/errors.ts"
import type { SpeakerEncoder, SpeechRegion, Vad } from "#engines/types.ts"
import { recordingQuality } from "./recordingQuality.ts"

export interface HeardVoice {
  /** A unit vector. */
  embedding: Float32Array
  /** Speech alone, without pauses. */
  speechMs: number
  quality: RecordingQuality
  regions: SpeechRegion[]
}

const samplesPerMs = 16
const leastSnrDb = 10
const mostClipping = 0.005
/** Parts of a recording that are compared with each other: shorter ones scatter too much, more of them cost time. */
const leastPartMs = 2000
const mostParts = 6
/** Recordings of one voice lie above this (test/bench/speakers.ts: from .52 at 3 s), those of two below. */
const sameVoice = 0.45

/**
 * What a recording of one person is like. 16 kHz mono. Throws `speaker.too-short` under `leastSpeechMs` (1,500 by default), and
 * `speaker.poor-quality` for noise, clipping and two voices.
 */
export async function hearVoice(
  samples: Float32Array,
  { encoder, vad, leastSpeechMs = 1500 }: { encoder: SpeakerEncoder; vad: Vad; leastSpeechMs?: number },
  signal: AbortSignal,
): Promise<HeardVoice> {
  const { speech, speechMs, quality, regions } = await speechOf(samples, vad, signal)
  if (speechMs < leastSpeechMs) {
    throw new AppError(
      "speaker.too-short",
      `A recording has ${seconds(speechMs)} s of speech; ${seconds(leastSpeechMs)} s are needed.`,
      {
        remedy: leastSpeechMs > 1500 ? "Read a few sentences." : "Speak a whole sentence.",
        details: quality,
      },
    )
  }
  if (quality.snr_db < leastSnrDb || quality.clipping > mostClipping) {
    const reason = quality.clipping > mostClipping ? "is too loud and cut off" : "is too noisy"
    throw new AppError("speaker.poor-quality", `A recording ${reason}.`, {
      remedy: "Record in a quiet room, an arm's length from the microphone.",
      details: quality,
    })
  }
  return { embedding: await embedOneVoice(speech, encoder, signal), speechMs, quality, regions }
}

/** The recording's vector. Its parts must be one voice, where they are long enough to tell. */
async function embedOneVoice(
  speech: Float32Array,
  encoder: SpeakerEncoder,
  signal: AbortSignal,
): Promise<Float32Array> {
  const count = Math.min(mostParts, Math.floor(speech.length / (leastPartMs * samplesPerMs)))
  if (count >= 2) {
    const length = Math.floor(speech.length / count)
    const vectors: number[][] = []
    for (let part = 0; part < count; part++)
      vectors.push([...(await encoder.embed(speech.slice(part * length, (part + 1) * length), signal))])
    refuseTwoVoices(vectors)
  }
  return await encoder.embed(speech, signal)
}

/** Throws `speaker.poor-quality` when one of these unit vectors is far from all others, or when they fall into two groups. */
export function refuseTwoVoices(vectors: readonly (readonly number[])[]): void {
  const isOne = vectors.every((vector, index) => {
    const others = vectors.filter((_, other) => other !== index)
    return others.length === 0 || cosineToCentre(vector, others) >= sameVoice
  })
  if (isOne && groupsApart(vectors) >= sameVoice) return
  throw new AppError("speaker.poor-quality", "The recordings do not sound like one voice.", {
    remedy: "Record one person alone; remove recordings of others.",
  })
}

/**
 * Cosine of the centres of two groups, formed around the two vectors that are least alike. Two people who speak in turns draw the common
 * centre to both of them, so that no part is far from it; their groups are.
 */
function groupsApart(vectors: readonly (readonly number[])[]): number {
  let least = 1
  let seeds: [readonly number[], readonly number[]] | null = null
  for (const [index, one] of vectors.entries())
    for (const other of vectors.slice(index + 1)) {
      const likeness = cosineToCentre(one, [other])
      if (likeness < least) [least, seeds] = [likeness, [one, other]]
    }
  if (!seeds) return 1
  const [left, right] = seeds
  const first = vectors.filter((vector) => cosineToCentre(vector, [left]) >= cosineToCentre(vector, [right]))
  const second = vectors.filter((vector) => !first.includes(vector))
  return cosineToCentre(centreOf(first), second)
}

function centreOf(vectors: readonly (readonly number[])[]): number[] {
  const centre = Array.from(vectors[0] ?? [], (_, n) => vectors.reduce((sum, vector) => sum + (vector[n] ?? 0), 0))
  const length = Math.hypot(...centre) || 1
  return centre.map((value) => value / length)
}

/** The speech of a recording alone, and how well it was made. */
export async function speechOf(
  samples: Float32Array,
  vad: Vad,
  signal: AbortSignal,
): Promise<{ speech: Float32Array; speechMs: number; quality: RecordingQuality; regions: SpeechRegion[] }> {
  const regions = await vad.regions(samples, signal)
  const parts = regions.map(({ startMs, endMs }) => samples.subarray(startMs * samplesPerMs, endMs * samplesPerMs))
  const speech = concatSamples(parts)
  return { speech, speechMs: speech.length / samplesPerMs, quality: recordingQuality(samples, regions), regions }
}

/** Cosine of a unit vector to the mean of others. */
export function cosineToCentre(vector: ArrayLike<number>, vectors: readonly (readonly number[])[]): number {
  const centre = new Float64Array(vector.length)
  for (const other of vectors)
    for (let n = 0; n < centre.length; n++) centre[n] = (centre[n] as number) + (other[n] ?? 0)
  let dot = 0
  for (let n = 0; n < centre.length; n++) dot += (centre[n] as number) * (vector[n] ?? 0)
  return dot / (Math.hypot(...centre) || 1)
}

const seconds = (ms: number): number => Number((ms / 1000).toFixed(1))
