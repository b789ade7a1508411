import { describe, expect, it } from "vitest"
import { createRecording } from "#voice/recording.ts"
import { createSpeechGate } from "#voice/speechGate.ts"
import { stablePrefix } from "#voice/stablePrefix.ts"

describe("the settled part of a partial caption", () => {
  const settled = (previous: string, text: string): string => text.slice(0, stablePrefix(previous, text))
  it.each([
    ["", "how often should", ""],
    ["how often", "how often should the", "how often"],
    ["how often should the", "how often should the water", "how often should"],
    ["How often, should", "how often should the water filter", "how often should"],
    ["how soften should", "how often should the water", "how"],
    ["how often", "how often", ""],
    ["anything", "", ""],
  ])("after %j, of %j is %j", (previous, text, expected) => {
    expect(settled(previous, text)).toBe(expected)
  })
})

describe("the speech gate", () => {
  const frames = (count: number, probability: number): number[] => Array(count).fill(probability)

  it("keeps a margin before the first and after the last speech", () => {
    const gate = createSpeechGate()
    gate.push([...frames(50, 0.1), ...frames(20, 0.9), ...frames(50, 0.1)])
    expect(gate.region(120 * 32)).toEqual({ startMs: 50 * 32 - 300, endMs: 70 * 32 + 300 })
  })

  it("stays inside the recording", () => {
    const gate = createSpeechGate()
    gate.push(frames(20, 0.9))
    expect(gate.region(640)).toEqual({ startMs: 0, endMs: 640 })
  })

  it("does not take a click for speech", () => {
    const gate = createSpeechGate()
    gate.push([...frames(20, 0.1), 0.9, 0.9, ...frames(20, 0.1), 0.9, ...frames(20, 0.1)])
    expect(gate.isSpeech).toBe(false)
    expect(gate.region(5000)).toBeNull()
  })

  it("holds through soft sounds, and covers pauses between sentences", () => {
    const gate = createSpeechGate()
    gate.push([...frames(5, 0.9), ...frames(5, 0.4)])
    expect(gate.isSpeech).toBe(true)
    gate.push(frames(60, 0.05))
    expect(gate.isSpeech).toBe(false)
    gate.push(frames(5, 0.9))
    expect(gate.region(75 * 32)).toEqual({ startMs: 0, endMs: 75 * 32 })
  })
})

describe("a recording", () => {
  it("keeps every sample while it grows, and gives copies", () => {
    const recording = createRecording()
    for (let block = 0; block < 100; block++) recording.append(new Float32Array(700).fill(block))
    expect(recording.length).toBe(70_000)
    const copy = recording.slice(699, 701)
    expect([...copy]).toEqual([0, 1])
    copy.fill(9)
    expect([...recording.slice(699, 701)]).toEqual([0, 1])
    expect(recording.slice(69_999, 80_000)).toHaveLength(1)
  })
})
