import { createHash } from "node:crypto"

/** Words in lower case without signs: what counts when texts are compared. */
export const normalised = (text: string): string =>
  text
    .toLowerCase()
    .normalize("NFKC")
    .replaceAll(/[^\p{L}\p{N}]+/gu, " ")
    .trim()

const shingleWords = 3
const hashCount = 32
const bandRows = 2

/** Overlapping runs of three words; of shorter texts the words. */
export function shingles(text: string): Set<string> {
  const words = normalised(text).split(" ")
  if (words.length <= shingleWords) return new Set(words)
  return new Set(words.slice(shingleWords - 1).map((_, n) => words.slice(n, n + shingleWords).join(" ")))
}

/** Jaccard: shared shingles of all. */
export function similarity(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  let shared = 0
  for (const shingle of a) if (b.has(shingle)) shared++
  const all = a.size + b.size - shared
  return all === 0 ? 1 : shared / all
}

/**
 * Finds texts that agree with one that was added before: candidates by MinHash in bands (Broder 1997; two rows a band, so that a pair at 0.6
 * is met with 99.9 %), then measured.
 */
export function createNearIndex<T>(): {
  add(text: string, value: T): void
  /** The value of the most similar text at `least` or above. */
  nearest(text: string, least: number): { value: T; similarity: number } | null
} {
  const entries: { set: Set<string>; value: T }[] = []
  const buckets = new Map<string, number[]>()
  const bandsOf = (set: ReadonlySet<string>): string[] => {
    const least = new Uint32Array(hashCount).fill(0xffffffff)
    for (const shingle of set) {
      const hash = createHash("sha256").update(shingle).digest()
      const [a, b] = [hash.readUInt32LE(0), hash.readUInt32LE(4) | 1]
      for (let n = 0; n < hashCount; n++) least[n] = Math.min(least[n] ?? 0, (a + Math.imul(n, b)) >>> 0)
    }
    return Array.from({ length: hashCount / bandRows }, (_, band) =>
      [band, ...least.slice(band * bandRows, (band + 1) * bandRows)].join(" "),
    )
  }
  return {
    add(text, value) {
      const set = shingles(text)
      const at = entries.push({ set, value }) - 1
      for (const band of bandsOf(set)) buckets.set(band, [...(buckets.get(band) ?? []), at])
    },
    nearest(text, least) {
      const set = shingles(text)
      const candidates = new Set(bandsOf(set).flatMap((band) => buckets.get(band) ?? []))
      let best: { value: T; similarity: number } | null = null
      for (const at of candidates) {
        const entry = entries[at]
        const score = entry ? similarity(set, entry.set) : 0
        if (entry && score >= least && score > (best?.similarity ?? 0)) best = { value: entry.value, similarity: score }
      }
      return best
    },
  }
}
