import { describe, expect, it } from "vitest"
import { createTranscriptGatherer } from "#engines/speech/transcriptGatherer.ts"
import { wordTimes } from "#engines/speech/wordTimes.ts"

describe("times of words", () => {
  it("lie in order within the segment, longer for longer words", () => {
    const words = wordTimes("A considerably longer word.", { startMs: 1000, endMs: 3000 }, [])
    expect(words.map(({ word }) => word)).toEqual(["A", "considerably", "longer", "word."])
    expect(words[0]?.startMs).toBe(1000)
    expect(words.at(-1)?.endMs).toBe(3000)
    for (const [index, word] of words.entries()) {
      expect(word.endMs).toBeGreaterThan(word.startMs)
      expect(word.startMs).toBeGreaterThanOrEqual(words[index - 1]?.endMs ?? 0)
    }
    const lengths = words.map(({ startMs, endMs }) => endMs - startMs)
    expect(lengths[1]).toBeGreaterThan(lengths[0] as number)
  })
  it("leave the pauses out in which nobody speaks", () => {
    const regions = [
      { startMs: 0, endMs: 500 },
      { startMs: 2500, endMs: 3000 },
    ]
    const words = wordTimes("four same", { startMs: 0, endMs: 3000 }, regions)
    expect(words).toEqual([
      { word: "four", startMs: 0, endMs: 500 },
      { word: "same", startMs: 2500, endMs: 3000 },
    ])
  })
  it("of nothing are none", () => expect(wordTimes(" ", { startMs: 0, endMs: 10 }, [])).toEqual([]))
})

describe("a transcript that grows", () => {
  it("tells each segment as soon as it is known, and weighs certainty by tokens", () => {
    const told: string[] = []
    const gathered = createTranscriptGatherer([], (segment) => told.push(segment.text))
    gathered.add({ segments: [{ startMs: 0, endMs: 900, text: "One." }], tokenCount: 1, meanLogProbability: -1 })
    expect(told).toEqual(["One."])
    gathered.add({ segments: [{ startMs: 900, endMs: 2000, text: "Two." }], tokenCount: 3, meanLogProbability: -0.2 })
    expect(gathered.transcript("en")).toMatchObject({ text: "One. Two.", language: "en" })
    expect(gathered.transcript("en").meanLogProbability).toBeCloseTo(-0.4)
  })
})
