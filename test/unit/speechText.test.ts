import { describe, expect, it } from "vitest"
import { createOneAtATime } from "#engines/onnx/oneAtATime.ts"
import { planBatches } from "#engines/onnx/planBatches.ts"
import { textOf } from "#engines/speech/moonshineTokens.ts"
import { cutUnfinishedRepetition, repetitionLength } from "#engines/speech/repetition.ts"
import { speechRegions } from "#engines/speech/speechRegions.ts"
import { utterances } from "#engines/speech/utterances.ts"
import { noise } from "../fakes/tones.ts"

describe("speech regions", () => {
  const frames = (...runs: [probability: number, count: number][]) =>
    runs.flatMap(([probability, count]) => Array.from({ length: count }, () => probability))
  const regions = (probabilities: number[]) => speechRegions(probabilities, probabilities.length * 32)

  it("pads speech on both sides, inside the recording", () => {
    expect(regions(frames([0, 50], [0.9, 30], [0, 50]))).toEqual([{ startMs: 1350, endMs: 2810 }])
    expect(regions(frames([0.9, 30]))).toEqual([{ startMs: 0, endMs: 960 }])
  })

  it("drops what is shorter than 250 ms", () => {
    expect(regions(frames([0, 30], [0.9, 7], [0, 30]))).toEqual([])
    expect(regions(frames([0, 30], [0.9, 8], [0, 30]))).toHaveLength(1)
  })

  it("bridges the gaps between words and keeps sentences apart", () => {
    expect(regions(frames([0, 30], [0.9, 20], [0, 8], [0.9, 20], [0, 30]))).toHaveLength(1)
    expect(regions(frames([0, 30], [0.9, 20], [0, 40], [0.9, 20], [0, 30]))).toHaveLength(2)
  })

  it("needs a clear start but follows soft endings", () => {
    expect(regions(frames([0, 30], [0.45, 60]))).toEqual([])
    expect(regions(frames([0.9, 10], [0.4, 40], [0, 60]))).toEqual([{ startMs: 0, endMs: 1850 }])
  })
})

describe("utterances", () => {
  it("joins regions over short pauses up to 15 s and splits at long ones", () => {
    const samples = new Float32Array(60 * 16_000)
    const seconds = (...pairs: [number, number][]) =>
      pairs.map(([start, end]) => ({ startMs: start * 1000, endMs: end * 1000 }))
    const cut = [...utterances(samples, seconds([0, 4], [5, 9], [10, 16], [20, 22]))].map(({ start, end }) => [
      start / 16_000,
      end / 16_000,
    ])
    expect(cut).toEqual([
      [0, 9],
      [10, 16],
      [20, 22],
    ])
  })

  it("cuts long speech at its quietest place and loses no sample", () => {
    const samples = noise(40, 16_000, 0.3)
    samples.fill(0, 11 * 16_000, 11 * 16_000 + 3200)
    const cut = [...utterances(samples, [{ startMs: 0, endMs: 40_000 }])]
    expect(cut[0]?.end).toBeGreaterThan(11 * 16_000)
    expect(cut[0]?.end).toBeLessThan(11 * 16_000 + 3200)
    for (const [index, piece] of cut.entries()) {
      expect(piece.end - piece.start).toBeLessThanOrEqual(15 * 16_000)
      expect(piece.start).toBe(index === 0 ? 0 : cut[index - 1]?.end)
    }
    expect(cut.at(-1)?.end).toBe(samples.length)
  })
})

describe("repetition guards", () => {
  it("find loops and leave ordinary repetition alone", () => {
    expect(repetitionLength([5, 9, 9, 9, 9])).toBe(3)
    expect(repetitionLength([5, 9, 9, 9])).toBe(0)
    expect(repetitionLength([1, 2, 3, 1, 2, 3, 1, 2, 3])).toBe(6)
    expect(repetitionLength([1, 2, 3, 1, 2, 3])).toBe(0)
    expect(cutUnfinishedRepetition([7, 8, 1, 2, 3, 4, 1, 2, 3])).toBe(6)
    expect(cutUnfinishedRepetition([7, 8, 1, 2, 3, 4])).toBe(6)
    const year = [11, 18, 16, 12]
    expect(cutUnfinishedRepetition([1, 2, 3, ...year, ...year, 90, ...year, 90, ...year, 11, 55])).toBe(7)
    const verse = [1, 2, 3, 4]
    expect(cutUnfinishedRepetition([...verse, 20, 21, 22, ...verse, 23, 24, 25, ...verse, 26, 27, 28])).toBe(21)
  })

  it("join byte tokens into characters and drop marks", () => {
    const vocabulary = [..."___"]
      .map(() => new Uint8Array())
      .concat([Uint8Array.of(0xc3), Uint8Array.of(0xa9), Buffer.from("▁caf")])
    expect(textOf(vocabulary, [1, 5, 3, 4, 32_001, 2])).toBe("café")
  })
})

describe("embedding batches", () => {
  it("hold every text once, similar lengths together, within the budget", () => {
    const lengths = Array.from({ length: 100 }, (_, index) => 3 + ((index * 53) % 250))
    const batches = planBatches(lengths, 1024)
    expect(batches.flat().sort((a, b) => a - b)).toEqual(lengths.map((_, index) => index))
    for (const batch of batches) {
      const longest = Math.max(...batch.map((index) => lengths[index] as number))
      expect(batch.length * longest).toBeLessThanOrEqual(1024)
    }
    expect(planBatches([5000], 1024)).toEqual([[0]])
    expect(planBatches([], 1024)).toEqual([])
  })

  it("let urgent work go before waiting work and survive a failure", async () => {
    const oneAtATime = createOneAtATime()
    const order: string[] = []
    const work = (name: string) => async () => {
      order.push(name)
    }
    const all = [
      oneAtATime.run(false, work("first")),
      oneAtATime.run(false, work("second")),
      oneAtATime.run(true, work("urgent")),
      oneAtATime.run(false, async () => {
        throw new Error("broken")
      }),
      oneAtATime.run(false, work("last")),
    ]
    const results = await Promise.allSettled(all)
    expect(order).toEqual(["first", "urgent", "second", "last"])
    expect(results.map((result) => result.status)).toEqual([
      "fulfilled",
      "fulfilled",
      "fulfilled",
      "rejected",
      "fulfilled",
    ])
  })
})
