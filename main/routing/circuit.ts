import type { BackendHealth } from "#contract/backends.ts"
import type { Clock } from "#core/clock.ts"
import { errorInfo } from "#core/errors.ts"

/** Failures in a row after which a server is left alone, and for how long; doubled each time up to the longest. */
const mostFailures = 3
const restMs = 15_000
const longestRestMs = 300_000

export interface Circuit {
  health(): BackendHealth
  /** False while the server rests. After the rest one request at a time may try. */
  mayTry(): boolean
  succeeded(firstTokenMs: number | null): void
  failed(error: unknown): void
}

/** What is known of one server's health, from what it did with requests. */
export function createCircuit(clock: Pick<Clock, "now">): Circuit {
  let failures = 0
  let lastOkAt: number | null = null
  let lastError: BackendHealth["lastError"] = null
  let retryAt: number | null = null
  let firstToken: number | null = null
  return {
    health: () => ({
      state:
        retryAt !== null && clock.now() < retryAt
          ? "resting"
          : failures > 0
            ? "failing"
            : lastOkAt === null
              ? "unknown"
              : "ok",
      failures,
      lastOkAt,
      lastError,
      retryAt,
      firstTokenMs: firstToken === null ? null : Math.round(firstToken),
    }),
    mayTry() {
      if (retryAt === null) return true
      if (clock.now() < retryAt) return false
      // Whoever asks next waits until this attempt has told how it went.
      retryAt = clock.now() + restMs
      return true
    },
    succeeded(firstTokenMs) {
      failures = 0
      retryAt = null
      lastOkAt = clock.now()
      if (firstTokenMs !== null) firstToken = firstToken === null ? firstTokenMs : 0.7 * firstToken + 0.3 * firstTokenMs
    },
    failed(error) {
      const { code, message } = errorInfo(error)
      failures++
      lastError = { code, message, at: clock.now() }
      if (failures >= mostFailures)
        retryAt = clock.now() + Math.min(longestRestMs, restMs * 2 ** (failures - mostFailures))
    },
  }
}
