import type { SpeechRegion } from "../types.ts"

/** Sample positions, end exclusive. */
export interface Utterance {
  start: number
  end: number
}

export interface UtteranceOptions {
  /** Default 15 s. */
  longestSeconds?: number
  /** Where the search for a quiet place to cut begins. Default 8 s. */
  shortestCutSeconds?: number
}

const sampleRate = 16_000
/** A longer pause starts a new utterance: a decoder given much silence invents words. */
const pauseSeconds = 2
const quietSeconds = 0.1

/**
 * Groups speech regions into utterances of at most 15 s. Pauses up to 2 s stay inside one; speech that runs on is cut at the quietest
 * 100 ms between 8 and 15 s. Lazy: the search through half an hour takes .2 s, and the caller has work in between.
 */
export function* utterances(
  samples: Float32Array,
  regions: readonly SpeechRegion[],
  options: UtteranceOptions = {},
): Generator<Utterance> {
  const { longestSeconds = 15, shortestCutSeconds = 8 } = options
  let open: Utterance | undefined
  for (const region of regions) {
    const start = Math.round((region.startMs * sampleRate) / 1000)
    const end = Math.min(samples.length, Math.round((region.endMs * sampleRate) / 1000))
    if (open && start - open.end <= pauseSeconds * sampleRate && end - open.start <= longestSeconds * sampleRate) {
      open.end = end
      continue
    }
    if (open) yield open
    open = yield* cutLong(samples, { start, end }, { longestSeconds, shortestCutSeconds })
  }
  if (open) yield open
}

/** Yields the full pieces and returns the last, which may still grow. */
function* cutLong(
  samples: Float32Array,
  { start, end }: Utterance,
  { longestSeconds, shortestCutSeconds }: Required<UtteranceOptions>,
): Generator<Utterance, Utterance> {
  let from = start
  while (end - from > longestSeconds * sampleRate) {
    const cut = quietest(samples, from + shortestCutSeconds * sampleRate, from + longestSeconds * sampleRate)
    yield { start: from, end: cut }
    from = cut
  }
  return { start: from, end }
}

/** The middle of the 100 ms with the least energy between two positions. */
export function quietest(samples: Float32Array, from: number, to: number): number {
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
