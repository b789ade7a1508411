import { describe, expect, it } from "vitest"
import { level } from "#audio/level.ts"
import { createResampler, resample } from "#audio/resample.ts"
import { s16FromSamples, samplesFromS16 } from "#audio/samples.ts"
import { concatSamples } from "#core/concatSamples.ts"
import { tone } from "../fakes/tones.ts"

const worst = (a: Float32Array, b: Float32Array, from: number, to: number): number => {
  let most = 0
  for (let index = from; index < to; index++) most = Math.max(most, Math.abs((a[index] ?? 9) - (b[index] ?? 9)))
  return most
}

describe("resample", () => {
  it.each([
    [44_100, 16_000],
    [48_000, 16_000],
    [8000, 16_000],
    [22_050, 24_000],
    [24_000, 48_000],
  ])("keeps a tone's pitch, phase and length from %d to %d Hz", async (from, to) => {
    const output = await resample(tone(1, from), from, to)
    expect(output).toHaveLength(to)
    expect(worst(output, tone(1, to), 1000, to - 1000)).toBeLessThan(1e-4)
  })

  it("gives the same samples piece by piece as at once", async () => {
    const input = tone(1, 44_100)
    const resampler = await createResampler(44_100, 16_000)
    const parts: Float32Array[] = []
    for (let at = 0; at < input.length; at += 441) parts.push(resampler.push(input.subarray(at, at + 441)))
    parts.push(resampler.end())
    const whole = await resample(input, 44_100, 16_000)
    const pieces = concatSamples(parts)
    expect(pieces).toHaveLength(whole.length)
    expect(worst(pieces, whole, 0, whole.length)).toBeLessThan(1e-4)
  })

  it("takes out what the lower rate cannot hold, instead of folding it back", async () => {
    const output = await resample(tone(1, 48_000, 11_000), 48_000, 16_000)
    expect(level(output.subarray(1000, 15_000)).peak).toBeLessThan(1e-3)
  })
})

describe("samples as bytes", () => {
  it("survive the way there and back, clipped at full scale", () => {
    const samples = Float32Array.of(0, 0.5, -0.5, 1, -1, 3, -3, Number.NaN)
    const back = samplesFromS16(s16FromSamples(samples))
    expect(worst(back, Float32Array.of(0, 0.5, -0.5, 1, -1, 1, -1, 0), 0, 8)).toBeLessThan(1e-4)
  })

  it("are read from any position of a larger buffer", () => {
    const bytes = new Uint8Array(9)
    bytes.set(s16FromSamples(Float32Array.of(0.25, -0.25)), 3)
    expect([...samplesFromS16(bytes.subarray(3, 7))].map((value) => Math.round(value * 100))).toEqual([25, -25])
  })
})

describe("level", () => {
  it("measures a sine and silence", () => {
    expect(level(tone(1, 16_000)).rms).toBeCloseTo(0.3536, 3)
    expect(level(tone(1, 16_000)).peak).toBeCloseTo(0.5, 3)
    expect(level(new Float32Array())).toEqual({ rms: 0, peak: 0 })
  })
})
