/** The largest of the values of the last while. */
export interface SlidingMost {
  /** @param at Monotonic milliseconds. */
  push(value: number, at: number): void
  /** Null before any value, or before there were values for `forMs`. */
  most(forMs?: number): number | null
  clear(): void
}

/** Values count for `windowMs` at least, and for twice that at most. */
export function createSlidingMost(windowMs: number): SlidingMost {
  let before: number | null = null
  let now: number | null = null
  let since: number | null = null
  let first: number | null = null
  let last = 0
  return {
    push(value, at) {
      if (since === null || at - since >= windowMs) {
        before = since === null || at - since < 2 * windowMs ? now : null
        now = null
        since = at
      }
      first ??= at
      last = at
      now = now === null ? value : Math.max(now, value)
    },
    most(forMs = 0) {
      if (now === null || first === null || last - first < forMs) return null
      return before === null ? now : Math.max(now, before)
    },
    clear() {
      before = now = since = first = null
    },
  }
}
