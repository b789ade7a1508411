import { describe, expect, it } from "vitest"
import { recallAt, reciprocalRank, scoreRankings } from "#rag/evaluate.ts"
import { gainOf } from "#rag/evaluation/report.ts"

const judged = {
  query: "gate",
  gains: new Map([
    ["a", 3],
    ["b", 1],
    ["c", 0],
  ]),
}

describe("scores of a ranking", () => {
  it("are those worked out by hand", () => {
    const ideal = 3 + 1 / Math.log2(3)
    const ndcg = (ranking: string[]) => scoreRankings([judged], [ranking]).ndcg[0]
    expect(ndcg(["a", "b"])).toBe(1)
    expect(ndcg(["b", "a"])).toBeCloseTo((1 + 3 / Math.log2(3)) / ideal, 12)
    expect(ndcg(["c", "x", "a"])).toBeCloseTo(3 / Math.log2(4) / ideal, 12)
    expect(ndcg([])).toBe(0)
    expect(reciprocalRank(judged, ["c", "b"])).toBe(1 / 2)
    expect(reciprocalRank(judged, [...Array(10).fill("x"), "a"])).toBe(0)
    expect(recallAt(judged, ["x", "b", "a"], 2)).toBe(1 / 2)
  })
})

describe("the gain of one step over another", () => {
  it("counts the questions won, tied and lost, and has its mean inside its interval", () => {
    const before = [0.2, 0.5, 0.9, 0.4, 0.4]
    const after = [0.6, 0.5, 0.8, 0.4, 0.9]
    const gain = gainOf(before, after)
    expect(gain).toMatchObject({ wins: 2, ties: 2, losses: 1 })
    expect(gain.mean).toBeCloseTo(0.16, 12)
    expect(gain.low).toBeLessThan(gain.mean)
    expect(gain.high).toBeGreaterThan(gain.mean)
    expect(gainOf(before, after)).toEqual(gain)
  })

  it("is proven where every question gains, and not where as many lose as win", () => {
    const before = Array<number>(50).fill(0.5)
    const all = gainOf(
      before,
      before.map((value, n) => value + 0.1 + (n % 2) / 100),
    )
    expect(all.low).toBeGreaterThan(0)
    const half = gainOf(
      before,
      before.map((value, n) => value + (n % 2 === 0 ? 0.3 : -0.3)),
    )
    expect(half.low).toBeLessThan(0)
    expect(half.high).toBeGreaterThan(0)
  })

  it("has an interval of the width that theory gives", () => {
    // Differences of ±1 in equal numbers: the mean of 400 has a standard error of .05.
    const before = Array<number>(400).fill(0)
    const { low, high } = gainOf(
      before,
      before.map((_, n) => (n % 2 === 0 ? 1 : -1)),
    )
    expect(high - low).toBeGreaterThan(2 * 1.96 * 0.05 * 0.9)
    expect(high - low).toBeLessThan(2 * 1.96 * 0.05 * 1.1)
  })
})
