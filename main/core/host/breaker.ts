import type { Clock } from "../clock.ts"

export interface BreakerOptions {
  /** Crashes inside the window that open the breaker. Default 3. */
  crashes?: number
  /** Default five minutes. */
  windowMs?: number
  /** How long it stays open before one more start is tried. Default one minute. */
  coolDownMs?: number
}

/** Stops a host that keeps crashing from being started again and again. Half-open after the cool-down: one more crash opens it at once. */
export interface Breaker {
  crashed(): void
  /** A request was answered: a half-open breaker closes. */
  succeeded(): void
  isOpen(): boolean
  /** True once it has opened and nothing has succeeded since. */
  isTripped(): boolean
  /** Milliseconds until a start may be tried. */
  remainingMs(): number
  /** Before the next start: 0 after the first crash, then 250 ms doubling to 10 s. */
  backoffMs(): number
}

export function createBreaker(clock: Clock, options: BreakerOptions = {}): Breaker {
  const { crashes: limit = 3, windowMs = 300_000, coolDownMs = 60_000 } = options
  let times: number[] = []
  let openedAt: number | undefined
  const recent = (): number => {
    times = times.filter((time) => clock.monotonic() - time < windowMs)
    return times.length
  }
  return {
    crashed() {
      times.push(clock.monotonic())
      if (openedAt !== undefined || recent() >= limit) openedAt = clock.monotonic()
    },
    succeeded() {
      if (openedAt === undefined) return
      openedAt = undefined
      times = []
    },
    isOpen: () => openedAt !== undefined && clock.monotonic() - openedAt < coolDownMs,
    isTripped: () => openedAt !== undefined,
    remainingMs: () => (openedAt === undefined ? 0 : Math.max(0, Math.ceil(openedAt + coolDownMs - clock.monotonic()))),
    backoffMs() {
      const count = recent()
      return count < 2 ? 0 : Math.min(10_000, 250 * 2 ** (count - 2))
    },
  }
}
