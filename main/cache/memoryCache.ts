import type { Clock } from "#core/clock.ts"
import type { Cache } from "./types.ts"

export interface MemoryCacheOptions {
  clock: Clock
  /** Room for keys and values. Default 64 MiB. */
  maxBytes?: number
}

interface Entry {
  value: string
  sizeBytes: number
  /** Monotonic time; infinite: until there is no room. */
  endsAt: number
}

/** A cache in this process: what was used longest ago goes first. */
export function createMemoryCache({ clock, maxBytes = 64 * 1024 * 1024 }: MemoryCacheOptions): Cache {
  // A Map keeps the order of insertion: an entry that is used is inserted again.
  const entries = new Map<string, Entry>()
  let sizeBytes = 0
  let hits = 0
  let misses = 0

  function remove(key: string): void {
    sizeBytes -= entries.get(key)?.sizeBytes ?? 0
    entries.delete(key)
  }

  return {
    async get(key) {
      const entry = entries.get(key)
      if (entry && entry.endsAt > clock.monotonic()) {
        entries.delete(key)
        entries.set(key, entry)
        hits++
        return entry.value
      }
      remove(key)
      misses++
      return null
    },
    async set(key, value, { ttlMs = Number.POSITIVE_INFINITY } = {}) {
      remove(key)
      const entry = { value, sizeBytes: bytesOf(key) + bytesOf(value), endsAt: clock.monotonic() + ttlMs }
      // One entry must not push out all others.
      if (entry.sizeBytes > maxBytes / 4) return
      entries.set(key, entry)
      sizeBytes += entry.sizeBytes
      for (const oldest of entries.keys()) {
        if (sizeBytes <= maxBytes) break
        remove(oldest)
      }
    },
    async delete(key) {
      remove(key)
    },
    async clear(prefix) {
      for (const key of [...entries.keys()]) if (key.startsWith(prefix)) remove(key)
    },
    stats: () => ({ hits, misses, entries: entries.size, sizeBytes }),
  }
}

/** Strings take up to two bytes a character in memory. */
const bytesOf = (text: string): number => 2 * text.length
