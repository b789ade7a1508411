import { beforeAll, describe, expect, it } from "vitest"
import { createEchoCanceller } from "#audio/devices/echoCanceller.ts"
import { level } from "#audio/level.ts"
import { concatSamples } from "#core/concatSamples.ts"
import { createRoom } from "../fakes/room.ts"
import { clip } from "../fakes/spokenClip.ts"

function cancel(heard: Float32Array, played: Float32Array): Float32Array {
  const canceller = createEchoCanceller()
  const size = canceller.blockSamples
  const blocks: Float32Array[] = []
  for (let at = 0; at + size <= heard.length; at += size)
    blocks.push(canceller.process(heard.subarray(at, at + size), played.subarray(at, at + size)))
  return concatSamples(blocks)
}

const decibelsBetween = (a: Float32Array, b: Float32Array): number => 20 * Math.log10(level(a).rms / level(b).rms)

let speech: Float32Array
let person: Float32Array
beforeAll(async () => {
  const spoken = await Promise.all(["warranty", "oven-clean", "water-filter"].map(clip))
  speech = concatSamples([...spoken, ...spoken])
  person = await clip("red-light")
})

describe.each([
  { name: "-12 dB", gain: 0.25 },
  { name: "-6 dB", gain: 0.5 },
])("an echo at $name", ({ gain }) => {
  it("is taken out of the microphone", () => {
    const echo = createRoom(gain).hear(speech)
    const rest = cancel(echo, speech)
    const half = Math.floor(rest.length / 2)
    const lowered = decibelsBetween(echo.subarray(half, rest.length), rest.subarray(half))
    expect(lowered).toBeGreaterThan(25)
  })

  it("leaves the person who talks over it", () => {
    const echo = createRoom(gain).hear(speech)
    const from = Math.floor(echo.length * 0.6)
    const heard = echo.slice()
    for (let at = 0; at < person.length; at++) heard[from + at] = (heard[from + at] ?? 0) + (person[at] as number) * 0.5
    const rest = cancel(heard, speech).subarray(from, from + person.length)
    const wanted = person.map((sample) => sample * 0.5)
    let product = 0
    for (let at = 0; at < wanted.length; at++) product += (wanted[at] as number) * (rest[at] ?? 0)
    const likeness = product / (level(wanted).rms * level(rest).rms * wanted.length)
    expect(likeness).toBeGreaterThan(0.9)
  })
})

it("passes the microphone on while nothing is played", () => {
  const rest = cancel(person, new Float32Array(person.length))
  expect(Math.max(...rest.map((value, at) => Math.abs(value - (person[at] as number))))).toBeLessThan(1e-3)
})
