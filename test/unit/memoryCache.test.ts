import { expect, it } from "vitest"
import { createMemoryCache } from "#cache/memoryCache.ts"
import { systemClock } from "#core/clock.ts"
import { createSearchCache, type SearchParts } from "#rag/searchCache.ts"

const clockAt = () => {
  const clock = { time: 0, now: () => 0, monotonic: () => clock.time }
  return clock
}

it("gives back what was set until its time is over", async () => {
  const clock = clockAt()
  const cache = createMemoryCache({ clock })
  await cache.set("a", "1", { ttlMs: 100 })
  await cache.set("b", "2")
  clock.time = 99
  expect(await cache.get("a")).toBe("1")
  clock.time = 100
  expect(await cache.get("a")).toBeNull()
  expect(await cache.get("b")).toBe("2")
  expect(cache.stats()).toEqual({ hits: 2, misses: 1, entries: 1, sizeBytes: 4 })
})

it("drops what was used longest ago, and never keeps more than it may", async () => {
  const cache = createMemoryCache({ clock: systemClock, maxBytes: 2 * 40 })
  for (const key of ["a", "b", "c", "d"]) await cache.set(key, "x".repeat(9))
  await cache.get("a")
  await cache.set("e", "x".repeat(9))
  expect(await cache.get("b")).toBeNull()
  expect(await cache.get("a")).not.toBeNull()
  await cache.set("huge", "x".repeat(30))
  expect(await cache.get("huge")).toBeNull()
  expect(await cache.get("e")).not.toBeNull()
  expect(cache.stats().sizeBytes).toBeLessThanOrEqual(80)
  await cache.set("a", "")
  await cache.clear("a")
  await cache.delete("e")
  expect(cache.stats().entries).toBe(2)
})

it("never keeps a failure or an empty result", async () => {
  const cache = createSearchCache({ cache: createMemoryCache({ clock: systemClock }), generation: async () => "1" })
  const parts: SearchParts = {
    personId: "p",
    vector: null,
    fingerprint: null,
    words: ["a"],
    filter: {},
    limit: 1,
    weights: {},
  }
  await expect(cache.search(parts, async () => Promise.reject(new Error("no")))).rejects.toThrow("no")
  expect(await cache.search(parts, async () => ({ candidates: [] }))).toEqual({
    value: { candidates: [] },
    isHit: false,
  })
  expect(await cache.search(parts, async () => ({ candidates: [1] }))).toMatchObject({ isHit: false })
  expect(await cache.search(parts, async () => ({ candidates: [2] }))).toEqual({
    value: { candidates: [1] },
    isHit: true,
  })
  const space = { fingerprint: "f" }
  await expect(cache.vector(space, "q", async () => Promise.reject(new Error("no")))).rejects.toThrow("no")
  expect((await cache.vector(space, "q", async () => null)).isHit).toBe(false)
  expect((await cache.vector(space, "q", async () => null)).isHit).toBe(false)
  const vector = Float32Array.of(0.1, -2)
  expect((await cache.vector(space, " q  \n r", async () => vector)).isHit).toBe(false)
  expect(await cache.vector(space, "q r", async () => null)).toEqual({ value: vector, isHit: true })
  expect((await cache.vector({ fingerprint: "g" }, "q r", async () => vector)).isHit).toBe(false)
})

it("keeps apart persons, vectors, words, filters, limits, weights and states of the index", async () => {
  let generation = "1"
  const cache = createSearchCache({
    cache: createMemoryCache({ clock: systemClock }),
    generation: async () => generation,
  })
  const parts: SearchParts = {
    personId: "p",
    vector: Float32Array.of(1, 2),
    fingerprint: "f",
    words: ["a"],
    filter: { tags: ["x"] },
    limit: 5,
    weights: { lexical: 0.5 },
  }
  const isHit = async (changes: Partial<SearchParts>) =>
    (await cache.search({ ...parts, ...changes }, async () => ({ candidates: [0] }))).isHit
  expect(await isHit({})).toBe(false)
  expect(await isHit({})).toBe(true)
  const others: Partial<SearchParts>[] = [
    { personId: "q" },
    { vector: Float32Array.of(1, 3) },
    { vector: null },
    { fingerprint: "g" },
    { words: ["b"] },
    { filter: { tags: ["y"] } },
    { limit: 6 },
    { weights: { lexical: 0.6 } },
  ]
  for (const other of others) expect(await isHit(other)).toBe(false)
  generation = "2"
  expect(await isHit({})).toBe(false)
})
