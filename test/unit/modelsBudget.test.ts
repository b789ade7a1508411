import { expect, it } from "vitest"
import { createMemoryBudget, type MemoryClaim } from "#models/budget.ts"

const { signal } = new AbortController()

function claim(id: string, bytes: number, evicted: string[] = [], isIdle = () => true): MemoryClaim {
  return { id, bytes, isIdle, evict: async () => void evicted.push(id) }
}

it("evicts the longest unused idle models, and no more than needed", async () => {
  const budget = createMemoryBudget({ totalBytes: 10 })
  const evicted: string[] = []
  await budget.reserve(claim("llm", 4, evicted), signal)
  await budget.reserve(claim("stt", 3, evicted), signal)
  await budget.reserve(claim("tts", 3, evicted), signal)
  budget.touch("llm")
  expect(budget.predict(2)).toEqual({ fits: true, evicts: ["stt"], freeBytes: 0 })
  await budget.reserve(claim("embedder", 2, evicted), signal)
  expect(evicted).toEqual(["stt"])
  expect(budget.usedBytes()).toBe(9)
})

it("never evicts a model at work, and refuses what cannot fit without touching anything", async () => {
  const budget = createMemoryBudget({ totalBytes: 10 })
  const evicted: string[] = []
  await budget.reserve(
    claim("busy", 6, evicted, () => false),
    signal,
  )
  await budget.reserve(claim("idle", 2, evicted), signal)
  await expect(budget.reserve(claim("large", 5, evicted), signal)).rejects.toMatchObject({ code: "model.no-memory" })
  expect(evicted).toEqual([])
  expect(budget.usedBytes()).toBe(8)
})

it("does not promise the same room to two loads at once", async () => {
  const budget = createMemoryBudget({ totalBytes: 10 })
  const busy = () => false
  const outcomes = await Promise.allSettled([
    budget.reserve(claim("first", 6, [], busy), signal),
    budget.reserve(claim("second", 6, [], busy), signal),
  ])
  expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected"])
  budget.release("first")
  await budget.reserve(claim("second", 6), signal)
  expect(budget.usedBytes()).toBe(6)
})

it("replaces a claim of the same model instead of adding to it", async () => {
  const budget = createMemoryBudget({ totalBytes: 10 })
  await budget.reserve(claim("llm", 6), signal)
  await budget.reserve(claim("llm", 8), signal)
  expect(budget.usedBytes()).toBe(8)
})
