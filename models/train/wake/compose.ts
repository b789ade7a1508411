import { createUniform } from "#engines/speech/hibari/noise.ts"
import type { PlannedClip } from "./plan.ts"
import { inRoom, noiseKinds, noiseOf, resampled } from "./sound.ts"

/** A piece of sound as a microphone might hear it. */
export interface Example {
  samples: Float32Array
  /** Where the phrase ends, in samples; null: it is not said. */
  phraseEnd: number | null
  phraseStart: number
}

const rate = 16_000
const seconds = (value: number): number => Math.round(value * rate)

/**
 * Examples of one clip: silence or speech before it, speech or silence after it, another pitch, a room, a noise, a distance.
 * The same seed gives the same examples.
 */
export function createComposer(options: {
  seed: number
  clips: readonly PlannedClip[]
  read(name: string): Float32Array
}) {
  const random = createUniform(options.seed)
  const between = (low: number, high: number): number => low + random() * (high - low)
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T
  const fillers = options.clips.filter(({ kind }) => kind === "speech")
  const cache = new Map<string, Float32Array>()
  const read = (name: string): Float32Array => {
    const known = cache.get(name) ?? trimmed(options.read(name))
    cache.set(name, known)
    return known
  }
  const filler = (length: number): Float32Array => {
    const clip = read(pick(fillers).name)
    const from = Math.floor(random() * Math.max(1, clip.length - length))
    return clip.subarray(from, from + length)
  }

  return (clip: PlannedClip): Example => {
    const pitch = between(0.86, 1.16)
    const spoken = resampled(read(clip.name), pitch)
    const before = seconds(between(0.3, 1.2))
    const after = seconds(between(0.9, 1.3))
    const samples = new Float32Array(before + spoken.length + after)
    samples.set(spoken, before)
    if (clip.kind !== "speech") {
      // Somebody talks before, or goes on without a pause.
      if (random() < 0.3) {
        const lead = filler(before - seconds(between(0, 0.25)))
        samples.set(lead, 0)
      }
      if (random() < 0.5) {
        const gap = seconds(between(0.02, 0.35))
        const start = before + spoken.length + gap
        samples.set(filler(Math.max(0, samples.length - start)), start)
      }
    }
    const heard = random() < 0.6 ? inRoom(samples, random) : samples
    level(heard, between(-42, -14))
    if (random() < 0.75) {
      const noise = noiseOf(pick(noiseKinds), heard.length, random)
      addAt(heard, noise, between(3, 30))
    }
    if (random() < 0.1)
      for (const [index, sample] of heard.entries()) heard[index] = Math.max(-0.3, Math.min(0.3, sample * 4))
    const isPhrase = clip.kind === "phrase"
    return {
      samples: heard,
      phraseStart: before,
      phraseEnd: isPhrase ? before + spoken.length : null,
    }
  }
}

/** Without the silence around it. */
export function trimmed(samples: Float32Array): Float32Array {
  const block = 160
  let loudest = 0
  const loudness: number[] = []
  for (let at = 0; at + block <= samples.length; at += block) {
    let sum = 0
    for (let index = at; index < at + block; index++) sum += (samples[index] ?? 0) ** 2
    loudness.push(sum)
    loudest = Math.max(loudest, sum)
  }
  const isHeard = (sum: number): boolean => sum > loudest * 0.001
  const first = Math.max(0, loudness.findIndex(isHeard))
  const last = Math.max(first, loudness.findLastIndex(isHeard))
  return samples.slice(first * block, (last + 1) * block)
}

/** Scales to this root mean square, in decibels of full scale. */
function level(samples: Float32Array, decibels: number): void {
  const factor = 10 ** (decibels / 20) / Math.max(1e-9, rms(samples))
  for (const [index, sample] of samples.entries()) samples[index] = sample * factor
}

function addAt(samples: Float32Array, noise: Float32Array, snr: number): void {
  const factor = rms(samples) / Math.max(1e-9, rms(noise)) / 10 ** (snr / 20)
  for (const [index, sample] of noise.entries()) samples[index] = (samples[index] ?? 0) + sample * factor
}

const rms = (samples: Float32Array): number =>
  Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / Math.max(1, samples.length))
