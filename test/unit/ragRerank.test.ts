import { describe, expect, it } from "vitest"
import { systemClock } from "#core/clock.ts"
import { silentLogger } from "#core/logger.ts"
import type { LoadState, Reranker } from "#engines/types.ts"
import { createRerank, rerankedScores } from "#rag/rerank.ts"

const { signal } = new AbortController()
const texts = Array.from({ length: 30 }, (_, n) => `text ${n}`)

/** `rank` decides what is answered; `asked` holds how many texts each call had. */
function fakeReranker(rank: Reranker["rank"], state: LoadState = "loaded") {
  const asked: number[] = []
  let current = state
  const reranker: Reranker = {
    modelId: "fake",
    isFallback: false,
    loadState: () => current,
    load: async () => {
      current = "loaded"
    },
    unload: async () => {},
    rank(query, given, inner) {
      asked.push(given.length)
      return rank(query, given, inner)
    },
  }
  return { reranker, asked }
}
const untilAborted: Reranker["rank"] = (_query, _texts, inner) =>
  new Promise((_resolve, reject) => {
    if (inner.aborted) reject(inner.reason)
    else inner.addEventListener("abort", () => reject(inner.reason))
  })
const open = (reranker: Reranker | null, budgetMs = 10_000) =>
  createRerank({ reranker: async () => reranker, clock: systemClock, budgetMs, log: silentLogger })

describe("reading passages together with the question", () => {
  it("does nothing without a model", async () => {
    expect(await open(null)("q", texts, signal)).toBeNull()
  })

  it("reads twenty at most, and gives their scores", async () => {
    const { reranker, asked } = fakeReranker(async (_query, given) => given.map((_, n) => n / 100))
    const told = await open(reranker)("q", texts, signal)
    expect(told).toMatchObject({ status: "used", model: "fake", pairs: 20 })
    expect([told?.scores.length, asked]).toEqual([20, [20]])
  })

  it("keeps the order when the time is over, reads fewer the next time, and more again when it is early", async () => {
    let isSlow = true
    const { reranker, asked } = fakeReranker((query, given, inner) =>
      isSlow ? untilAborted(query, given, inner) : Promise.resolve(given.map(() => 0.5)),
    )
    const rerank = open(reranker, 30)
    for (let n = 0; n < 4; n++) expect(await rerank("q", texts, signal)).toMatchObject({ status: "late", scores: [] })
    isSlow = false
    for (let n = 0; n < 3; n++) await rerank("q", texts, signal)
    expect(asked.slice(0, 4)).toEqual([20, 10, 5, 4])
    expect(asked[4]).toBe(4)
  })

  it("loads the model beside the question that needs it first", async () => {
    const { reranker, asked } = fakeReranker(async (_query, given) => given.map(() => 0.5), "unloaded")
    const rerank = open(reranker)
    expect(await rerank("q", texts, signal)).toMatchObject({ status: "loading", scores: [] })
    expect(await rerank("q", texts, signal)).toMatchObject({ status: "used" })
    expect(asked).toEqual([20])
  })

  it("keeps the order when the model fails or gives no numbers", async () => {
    const failing = fakeReranker(() => Promise.reject(new Error("crashed"))).reranker
    expect(await open(failing)("q", texts, signal)).toMatchObject({ status: "failed", scores: [] })
    const wrong = fakeReranker(async (_query, given) => given.map(() => Number.NaN)).reranker
    expect(await open(wrong)("q", texts, signal)).toMatchObject({ status: "failed", scores: [] })
  })

  it("ends with the question that was stopped", async () => {
    const stopped = new AbortController()
    const told = open(fakeReranker(untilAborted).reranker)("q", texts, stopped.signal)
    stopped.abort(new Error("gone"))
    await expect(told).rejects.toThrow("gone")
  })
})

describe("scores after reading", () => {
  it("lets what was read change places among itself, above everything else", () => {
    const before = [0.9, 0.8, 0.7, 0.6]
    const after = rerankedScores(before, [0.1, 0.2, 0.95])
    expect(after).toHaveLength(3)
    expect(after.indexOf(Math.max(...after))).toBe(2)
    for (const score of after) {
      expect(score).toBeGreaterThanOrEqual(0.7)
      expect(score).toBeLessThanOrEqual(0.9)
    }
  })

  it("keeps the order where the model tells nothing apart", () => {
    expect(rerankedScores([0.9, 0.5, 0.4], [0.3, 0.3, 0.3])).toEqual(
      [0.9, 0.5, 0.4].map((score) => expect.closeTo(score, 12)),
    )
    expect(rerankedScores([0.5, 0.5], [0.1, 0.9])).toEqual([0.5, 0.5])
  })
})
