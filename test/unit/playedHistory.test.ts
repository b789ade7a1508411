import { describe, expect, it } from "vitest"
import { createLearningGuard } from "#audio/devices/learningGuard.ts"
import { createPlayedHistory } from "#audio/devices/playedHistory.ts"
import { noise } from "../fakes/tones.ts"

/** Ten milliseconds. */
const block = 160

/** A loudspeaker and a microphone that run by the clock, and a process between them that may stand still. */
function machine() {
  let now = 0
  let heard = 0
  let written = 0
  const history = createPlayedHistory(() => now)
  const places = new Map<number, number>()
  return {
    history,
    /** So much time in which everything is served. `lost`: what the microphone brought meanwhile never came. */
    serve(ms: number): void {
      for (let at = 0; at < ms; at += 10) {
        now += 10
        history.heard(block)
        heard += block
        history.write(new Float32Array(block).fill(++written))
        places.set(written, heard)
      }
    },
    /** So much time in which nothing is served: the loudspeaker runs dry, what was heard comes in one go afterwards or is lost. */
    stall(ms: number, isLost = false): void {
      now += ms
      if (isLost) return
      history.heard(ms * 16)
      heard += ms * 16
    },
    /** How far before the microphone's present moment the last piece was placed, in milliseconds. */
    lead(): number {
      const found = new Float32Array(block)
      for (let from = heard + 16_000; from > heard - 32_000; from--) {
        history.read(from, found)
        if (found[0] === written && found[1] === written) return (from - ((places.get(written) ?? 0) - block)) / 16
      }
      throw new Error("The last piece is nowhere.")
    },
  }
}

describe("what was played", () => {
  it("stands at the same moment of what is heard before and after a process stood still", () => {
    for (const isLost of [false, true]) {
      const { serve, stall, lead } = machine()
      serve(2000)
      const before = lead()
      stall(250, isLost)
      serve(4000)
      expect(Math.abs(lead() - before), `sound lost: ${isLost}`).toBeLessThanOrEqual(15)
    }
  })

  it("says when its place moved, and else that it did not", () => {
    let now = 0
    const history = createPlayedHistory(() => now)
    const moves: boolean[] = []
    const serve = (ms: number): void => {
      for (let at = 0; at < ms; at += 10) {
        now += 10
        history.heard(block)
        moves.push(history.write(new Float32Array(block)))
      }
    }
    serve(500)
    moves.length = 0
    serve(3000)
    expect(moves).not.toContain(true)
    now += 300
    history.heard(300 * 16)
    serve(3000)
    expect(moves).toContain(true)
  })
})

describe("the guard", () => {
  const played = noise(1, 256, 0.2)
  const echo = played.map((sample) => sample * 0.3)
  const silence = new Float32Array(256)
  const peak = (samples: Float32Array): number => Math.max(...samples.map(Math.abs))
  const learned = () => {
    const guard = createLearningGuard({ blockMs: 16 })
    for (let at = 0; at < 200; at++) guard.process(silence, echo, played)
    return guard
  }

  it("passes what the canceller leaves once it was seen to take the echo out", () => {
    const rest = echo.map((sample) => sample * 0.1)
    expect(peak(learned().process(rest, echo, played))).toBeGreaterThan(0)
  })

  it("keeps the echo down again where it may come at another moment, until it is taken out", () => {
    const guard = learned()
    guard.distrust()
    for (let at = 0; at < 100; at++) guard.process(echo, echo, played)
    expect(peak(guard.process(echo, echo, played))).toBe(0)
    for (let at = 0; at < 100; at++) guard.process(silence, echo, played)
    expect(peak(guard.process(echo, echo, played))).toBeGreaterThan(0)
  })

  it("keeps an echo down that comes before it is known where it belongs", () => {
    const guard = createLearningGuard({ blockMs: 16 })
    guard.played(played, 16_000)
    guard.process(echo, echo, silence)
    expect(peak(guard.process(echo, echo, silence))).toBe(0)
  })

  it("is not sure of the first words after a silence, but hears a person who is louder than an echo", () => {
    const guard = learned()
    for (let at = 0; at < 60; at++) guard.process(silence, silence, silence)
    guard.process(echo, echo, played)
    expect(peak(guard.process(echo, echo, played))).toBe(0)
    const person = played.map((sample) => sample * 1.5)
    for (let at = 0; at < 20; at++) guard.process(person, person, played)
    expect(peak(guard.process(person, person, played))).toBeGreaterThan(0)
  })
})
