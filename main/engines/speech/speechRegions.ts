import type { SpeechRegion } from "../types.ts"

/** Milliseconds per probability. */
export const frameMs = 32

export interface RegionOptions {
  /** A frame at or above this starts speech. Default .5, Silero's own. */
  onset?: number
  /** Speech goes on down to this. Default .35: Silero's own step of .15 below the onset, so that a word's soft end stays in. */
  release?: number
  /** Quiet this long ends a region. Default 300 ms: longer than the stop of a plosive, shorter than a pause between sentences. */
  hangoverMs?: number
  /** Regions with less speech are clicks and coughs. Default 250 ms. */
  minimumSpeechMs?: number
  /** Kept before the onset: soft first consonants score low. Default 250 ms. */
  beforeMs?: number
  /** Kept after the release. Default 250 ms. */
  afterMs?: number
}

/** Speech in a row of frame probabilities: padded, merged where the padding touches, inside 0..durationMs. */
export function speechRegions(
  probabilities: readonly number[],
  durationMs: number,
  options: RegionOptions = {},
): SpeechRegion[] {
  const {
    onset = 0.5,
    release = 0.35,
    hangoverMs = 300,
    minimumSpeechMs = 250,
    beforeMs = 250,
    afterMs = 250,
  } = options
  const regions: SpeechRegion[] = []
  let open: { from: number; to: number } | undefined

  const close = (): void => {
    if (open && (open.to - open.from) * frameMs >= minimumSpeechMs)
      append(regions, {
        startMs: Math.max(0, open.from * frameMs - beforeMs),
        endMs: Math.min(durationMs, open.to * frameMs + afterMs),
      })
    open = undefined
  }

  probabilities.forEach((probability, frame) => {
    if (open) {
      if (probability >= release) open.to = frame + 1
      else if ((frame + 1 - open.to) * frameMs >= hangoverMs) close()
    } else if (probability >= onset) open = { from: frame, to: frame + 1 }
  })
  close()
  return regions
}

function append(regions: SpeechRegion[], next: SpeechRegion): void {
  const last = regions.at(-1)
  if (last && next.startMs <= last.endMs) last.endMs = next.endMs
  else regions.push(next)
}
