import type { Clock } from "./clock.ts"

/** Units per second of a growing count, smoothed so that a remaining time does not jump. */
export interface RateMeter {
  /** Takes the count as it is now. Null for the first second: what starts slowly would promise hours. */
  add(count: number): number | null
}

/** Samples closer together than this are folded into the next one. */
const sampleMs = 250
const warmUpMs = 1000
/** After this long an old rate has lost 63 % of its weight. */
const timeConstantMs = 4000

export function createRateMeter(clock: Clock): RateMeter {
  let last: { at: number; count: number } | undefined
  let startedAt = 0
  let rate: number | null = null
  return {
    add(count) {
      const at = clock.monotonic()
      if (!last || count < last.count) {
        if (!last) startedAt = at
        last = { at, count }
        return rate
      }
      const elapsedMs = at - last.at
      if (elapsedMs < sampleMs || at - startedAt < warmUpMs) return rate
      const now = ((count - last.count) / elapsedMs) * 1000
      const weight = 1 - Math.exp(-elapsedMs / timeConstantMs)
      rate = rate === null ? now : rate + weight * (now - rate)
      last = { at, count }
      return rate
    },
  }
}
