import type { SpeechRegion } from "../types.ts"

/** Sample positions, end exclusive. */
export interface Utterance {
  start: number
  end: number
}

const sampleRate = 16_000
const longestSeconds = 15
const shortestCutSeconds = 8
/** A longer pause starts a new utterance: a decoder given much silence invents words. */
const pauseSeconds = 2
const quietSeconds = 0.1

/**
 * Groups speech regions into utterances of at most 15 s. Pauses up to 2 s stay inside one; speech that runs on is cut at the quietest
 * 100 ms between 8 and 15 s.
 */
export function utterances(samples: Float32Array, regions: readonly SpeechRegion[]): Utterance[] {
  const result: Utterance[] = []
  for (const region of regions) {
    const start = Math.round((region.startMs * sampleRate) / 1000)
    const end = Math.min(samples.length, Math.round((region.endMs * sampleRate) / 1000))
    const last = result.at(-1)
    const fits =
      last && start - last.end <= pauseSeconds * sampleRate && end - last.start <= longestSeconds * sampleRate
    if (fits) last.end = end
    else result.push(...cutLong(samples, { start, end }))
  }
  return result
}

function cutLong(samples: Float32Array, { start, end }: Utterance): Utterance[] {
  const pieces: Utterance[] = []
  let from = start
  while (end - from > longestSeconds * sampleRate) {
    const cut = quietest(samples, from + shortestCutSeconds * sampleRate, from + longestSeconds * sampleRate)
    pieces.push({ start: from, end: cut })
    from = cut
  }
  pieces.push({ start: from, end })
  return pieces
}

/** The middle of the 100 ms with the least energy between two positions. */
function quietest(samples: Float32Array, from: number, to: number): number {
  const width = quietSeconds * sampleRate
  let energy = 0
  for (let index = from; index < from + width; index++) energy += square(samples[index])
  let least = energy
  let best = from
  for (let at = from + 1; at + width <= to; at++) {
    energy += square(samples[at + width - 1]) - square(samples[at - 1])
    if (energy < least) {
      least = energy
      best = at
    }
  }
  return best + width / 2
}

const square = (value = 0): number => value * value
