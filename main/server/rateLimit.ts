import { AppError } from "#core/errors.ts"

export interface RateLimit {
  /** Counts one request. Throws `request.rate-limited` when the bucket of this key is empty. */
  take(keyId: string): void
}

/** A token bucket per key, refilled evenly. @param perTenSeconds Requests in ten seconds, and the largest burst. */
export function createRateLimit(perTenSeconds: number, monotonic: () => number): RateLimit {
  const buckets = new Map<string, { tokens: number; at: number }>()
  const perMs = perTenSeconds / 10_000
  return {
    take(keyId) {
      const now = monotonic()
      const bucket = buckets.get(keyId) ?? { tokens: perTenSeconds, at: now }
      bucket.tokens = Math.min(perTenSeconds, bucket.tokens + (now - bucket.at) * perMs)
      bucket.at = now
      buckets.set(keyId, bucket)
      if (bucket.tokens < 1)
        throw new AppError("request.rate-limited", "Too many requests with this key.", {
          remedy: "Wait a second and try again.",
        })
      bucket.tokens--
    },
  }
}
