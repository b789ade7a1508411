import { describe, expect, it } from "vitest"
import { createPauseHabit, endOfTurnWait, plainWaitMs } from "#voice/endpointing.ts"

const wait = (completion: number | null, words: string | null, habitMs = 350): number =>
  endOfTurnWait({ completion, words, habitMs })

describe("the end of a turn", () => {
  it("comes sooner after a finished sentence than after an unfinished one", () => {
    expect(wait(0.95, "How often should the filter be changed?")).toBeLessThan(plainWaitMs)
    expect(wait(0.95, "How often should the filter be changed?")).toBeLessThan(wait(0.95, "And then the"))
    expect(wait(0.1, "I would like to know, um")).toBeGreaterThan(1500)
  })

  it("believes an open word more than the full stop that speech-to-text put behind it", () => {
    expect(wait(0.6, "I went to the shop and then.")).toBeGreaterThan(wait(0.6, "I went to the shop."))
  })

  it("waits as long as usual while nothing is known", () => {
    expect(wait(null, null)).toBe(plainWaitMs)
  })

  it("never waits less than a breath, nor for ever", () => {
    expect(wait(1, "Yes.")).toBeGreaterThanOrEqual(300)
    expect(wait(0, "and then ...", 10_000)).toBe(2400)
  })

  it("waits longer for a person who pauses long, and forgets that when they no longer do", () => {
    const habit = createPauseHabit()
    const before = wait(0.6, "So.", habit.ms)
    for (const pause of [1400, 1500, 1300]) habit.note(pause)
    const slow = wait(0.6, "So.", habit.ms)
    expect(slow).toBeGreaterThan(before + 300)
    for (let n = 0; n < 60; n++) habit.note(200)
    expect(wait(0.6, "So.", habit.ms)).toBe(before)
  })
})
