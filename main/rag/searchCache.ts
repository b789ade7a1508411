import { createHash } from "node:crypto"
import type { Cache } from "#cache/types.ts"
import type { Embedder } from "#engines/types.ts"

/** Spares a repeated question its embedding and its search. What is kept is never older than the last change of the index. */
export interface SearchCache {
  /** The question's vector, by embedder and text; differences in white space and in how letters are composed do not count. */
  vector(
    embedder: Pick<Embedder, "fingerprint">,
    text: string,
    make: () => Promise<Float32Array | null>,
  ): Promise<{ value: Float32Array | null; isHit: boolean }>
  /**
   * What a search found. `parts` is everything it depends on besides the index: person, vector, words, filter, weights. Nothing is kept of
   * a search that failed or found nothing. Values must survive JSON.
   */
  search<T extends { candidates: readonly unknown[] }>(
    parts: SearchParts,
    make: () => Promise<T>,
  ): Promise<{ value: T; isHit: boolean }>
}

export interface SearchParts {
  personId: string
  vector: Float32Array | null
  fingerprint: string | null
  words: readonly string[]
  filter: unknown
  limit: number
  weights: unknown
}

/** What a response says of it. `off`: there was nothing to look up. */
export type CacheLabel = "hit" | "miss" | "off"

export interface SearchCacheDeps {
  cache: Cache
  /** Of the index: another value after every change. */
  generation(): Promise<string>
}

export function createSearchCache({ cache, generation }: SearchCacheDeps): SearchCache {
  return {
    async vector({ fingerprint }, text, make) {
      const key = `embedding:${hash(fingerprint, normalisedText(text))}`
      const kept = await cache.get(key)
      if (kept !== null) return { value: fromBase64(kept), isHit: true }
      const value = await make()
      if (value) await cache.set(key, toBase64(value))
      return { value, isHit: false }
    },
    async search<T extends { candidates: readonly unknown[] }>(parts: SearchParts, make: () => Promise<T>) {
      const { vector, ...rest } = parts
      // Read before the search: what changes meanwhile gives later questions another key.
      const key = `search:${hash(await generation(), JSON.stringify(rest), vector ? toBase64(vector) : "")}`
      const kept = await cache.get(key)
      // What lies there was written by this function under this very key.
      if (kept !== null) return { value: JSON.parse(kept) as T, isHit: true }
      const value = await make()
      if (value.candidates.length > 0) await cache.set(key, JSON.stringify(value))
      return { value, isHit: false }
    },
  }
}

/** Letters as they are composed most shortly, one space between words. Capitals stay: some models tell them apart. */
const normalisedText = (text: string): string => text.normalize("NFC").replaceAll(/\s+/gu, " ").trim()

const hash = (...parts: string[]): string => createHash("sha256").update(JSON.stringify(parts)).digest("base64url")

const toBase64 = (vector: Float32Array): string =>
  Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength).toString("base64")

function fromBase64(text: string): Float32Array {
  const bytes = Buffer.from(text, "base64")
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength))
}
