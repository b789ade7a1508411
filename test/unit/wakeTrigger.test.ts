import { describe, expect, it } from "vitest"
import { findPhrase } from "#voice/phraseWords.ts"
import { createWakeTrigger, thresholdAt } from "#voice/wakeTrigger.ts"

const phrase = { id: "own", phrase: "Hey ZenGlow", spellings: ["hey zen glow"], threshold: 0.5, headPath: "own.json" }
const other = { ...phrase, id: "other", threshold: 0.8 }

function trigger(sensitivity = 0.5) {
  return createWakeTrigger({ phrases: [phrase, other], sensitivity: () => sensitivity, coolDownMs: 2000 })
}

describe("the trigger", () => {
  it("needs two steps in a row, so that a click is nothing", () => {
    const wake = trigger()
    expect(wake.push([0.9, 0], 0)).toBeNull()
    expect(wake.push([0.1, 0], 80)).toBeNull()
    expect(wake.push([0.9, 0], 160)).toBeNull()
    expect(wake.push([0.9, 0], 240)).toBe(phrase)
  })

  it("says it once, and rests for its cool-down, however long the score stays up", () => {
    const wake = trigger()
    const found: number[] = []
    for (let at = 0; at <= 2400; at += 80) if (wake.push([0.9, 0], at)) found.push(at)
    expect(found).toEqual([80, 2080])
  })

  it("tells several phrases apart, each by its own threshold, the likelier first", () => {
    const wake = trigger()
    wake.push([0, 0.7], 0)
    expect(wake.push([0, 0.7], 80)).toBeNull()
    wake.push([0.6, 0.9], 160)
    expect(wake.push([0.6, 0.9], 240)).toBe(other)
  })

  it("hears sooner when it is more sensitive, and never at 0 or only at 1", () => {
    const eager = trigger(1)
    eager.push([0.2, 0], 0)
    expect(eager.push([0.2, 0], 80)).toBe(phrase)
    const careful = trigger(0)
    careful.push([0.85, 0], 0)
    expect(careful.push([0.85, 0], 80)).toBeNull()
    expect(thresholdAt(0.5, 0.5)).toBeCloseTo(0.5)
    for (const sensitivity of [0, 0.25, 0.75, 1]) {
      expect(thresholdAt(0.9, sensitivity)).toBeGreaterThan(0)
      expect(thresholdAt(0.9, sensitivity)).toBeLessThan(1)
    }
  })
})

describe("the words", () => {
  const spellings = ["hey zen glow"]
  it("are found as speech-to-text may write them, with what comes after", () => {
    expect(findPhrase("Hey, Zen Glow.", spellings)).toEqual({ rest: "" })
    expect(findPhrase("Hey ZenGlow, what's the weather?", spellings)).toEqual({ rest: "what's the weather?" })
    expect(findPhrase("so, hey then glow", spellings)).toEqual({ rest: "" })
  })

  it("are found by their consonants where speech-to-text takes the name for other words", () => {
    for (const text of ["Paysen glow.", "He's an girl.", "Hey, Zengal!", "Hasting low."])
      expect(findPhrase(text, spellings)).toEqual({ rest: "" })
    expect(findPhrase("Hayes and glow, what time is it?", spellings)).toEqual({ rest: "what time is it?" })
  })

  it("are not found in what only begins alike", () => {
    for (const text of [
      "",
      "Hey.",
      "Hey Siri.",
      "Hey Jarvis, stop.",
      "Zen and the art of gardening",
      "They then go home",
      "Snowboy.",
      "Computer.",
      "Hey Django.",
      "His glasses are on the shelf.",
    ])
      expect(findPhrase(text, spellings)).toBeNull()
  })
})
