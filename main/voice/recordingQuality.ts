import type { RecordingQuality } from "#contract/speakers.ts"
import type { SpeechRegion } from "#engines/types.ts"

const samplesPerMs = 16
const fullScale = 0.99
const frameSamples = 20 * samplesPerMs
/** Rooms are never quieter than this; digital silence between words would make any recording look perfect. */
const quietestDb = -75

/** How well a recording was made: speech against the room between it, clipping, length. 16 kHz mono. */
export function recordingQuality(samples: Float32Array, regions: readonly SpeechRegion[]): RecordingQuality {
  let clipped = 0
  for (const sample of samples) if (Math.abs(sample) >= fullScale) clipped++
  return {
    snr_db: round(speechToNoise(samples, regions), 1),
    clipping: round(samples.length === 0 ? 0 : clipped / samples.length, 5),
    duration_s: round(samples.length / samplesPerMs / 1000, 2),
  }
}

/** Median level of the frames with speech over the quietest tenth of all frames, in decibels. */
function speechToNoise(samples: Float32Array, regions: readonly SpeechRegion[]): number {
  const all: number[] = []
  const spoken: number[] = []
  for (let at = 0; at + frameSamples <= samples.length; at += frameSamples) {
    const level = levelOf(samples.subarray(at, at + frameSamples))
    all.push(level)
    const ms = at / samplesPerMs
    if (regions.some(({ startMs, endMs }) => ms >= startMs && ms < endMs)) spoken.push(level)
  }
  if (spoken.length === 0) return 0
  return quantile(spoken, 0.5) - Math.max(quietestDb, quantile(all, 0.1))
}

function levelOf(frame: Float32Array): number {
  let power = 0
  for (const sample of frame) power += sample * sample
  return 10 * Math.log10(power / frame.length + 1e-10)
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0
}

const round = (value: number, digits: number): number => Number(value.toFixed(digits))
