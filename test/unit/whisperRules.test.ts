import { describe, expect, it } from "vitest"
import { createWhisperRules } from "#engines/speech/whisperRules.ts"

/** Words 0–7, 8 ends, 9–12 are marks, 13 is "no timestamps", 14 is 0.00 s and each later one 20 ms more. */
const marks = {
  end: 8,
  start: 9,
  translate: 10,
  transcribe: 10,
  previous: 11,
  noSpeech: 12,
  noTimestamps: 13,
  firstTimestamp: 14,
}
const size = 14 + 1501
const suppressed = { always: [3, 9, 10, 11, 12], first: [0, 8] }

/** The ids that may come next when every one is as likely, or with the given ones likelier. */
function allowed(hasTimestamps: boolean, tokens: number[], likelier: Record<number, number> = {}): number[] {
  const logits = new Float32Array(size).fill(-20)
  for (const [id, value] of Object.entries(likelier)) logits[Number(id)] = value
  createWhisperRules({ marks }, suppressed, hasTimestamps).apply(logits, tokens)
  return [...logits.keys()].filter((id) => logits[id] !== Number.NEGATIVE_INFINITY)
}
/** A word so likely that no mark of time is due. */
const word = { 5: 10 }

describe("what Whisper may write next", () => {
  it("never captions, marks or times without timestamps, and neither a blank nor the end first", () => {
    expect(allowed(false, [])).toEqual([1, 2, 4, 5, 6, 7])
    expect(allowed(false, [5])).toEqual([0, 1, 2, 4, 5, 6, 7, 8])
  })

  it("begins with a time within the first second", () => {
    expect(allowed(true, [])).toEqual(Array.from({ length: 51 }, (_, index) => 14 + index))
  })

  it("puts words after an opening time, and a later time or the end after a closing one", () => {
    expect(allowed(true, [14], word)).toEqual([0, 1, 2, 4, 5, 6, 7, 8])
    const after = allowed(true, [14, 5, 64], { 8: 10 })
    expect(after.filter((id) => id < 14)).toEqual([8])
    expect(Math.min(...after.filter((id) => id >= 14))).toBe(64)
  })

  it("never goes back in time, nor closes where it opened", () => {
    const inside = allowed(true, [40, 5], word).filter((id) => id >= 14)
    expect(Math.min(...inside)).toBe(41)
  })

  it("closes when all times together are likelier than the likeliest word", () => {
    const spread = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [100 + index, 8]))
    expect(allowed(true, [14, 5], { 5: 10, ...spread }).every((id) => id >= 14)).toBe(true)
    expect(allowed(true, [14, 5], { 5: 13, ...spread })).toContain(5)
  })
})
