import type { Clock } from "#core/clock.ts"

/** Remembers which sources did not answer, so that a chain of sources does not wait for them again and again. */
export interface Reachability {
  isDown(family: string): boolean
  markDown(family: string): void
  markUp(family: string): void
}

/** How long a silent source is left alone: long enough for a whole bundle, short enough to notice a network that came back. */
const forgetAfterMs = 10 * 60_000

export function createReachability(clock: Clock): Reachability {
  const downSince = new Map<string, number>()
  return {
    isDown(family) {
      const since = downSince.get(family)
      return since !== undefined && clock.monotonic() - since < forgetAfterMs
    },
    markDown: (family) => void downSince.set(family, clock.monotonic()),
    markUp: (family) => void downSince.delete(family),
  }
}
