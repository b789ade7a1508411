import { describe, expect, it } from "vitest"
import { createResampler, toInt16 } from "../../renderer/features/voice/resample.ts"

const tone = (frequency: number, rate: number, count: number): Float32Array =>
  Float32Array.from({ length: count }, (_, index) => 0.5 * Math.sin((2 * Math.PI * frequency * index) / rate))
const rms = (samples: Float32Array): number =>
  Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length)
const middle = (samples: Float32Array): Float32Array => samples.subarray(100, samples.length - 100)

describe("resampling of the microphone", () => {
  for (const rate of [44_100, 48_000, 22_050, 8000]) {
    it(`keeps the length and the level of speech from ${rate} Hz`, () => {
      const output = createResampler(rate, 16_000)(tone(1000, rate, rate))
      expect(Math.abs(output.length - 16_000)).toBeLessThan(64)
      expect(rms(middle(output))).toBeCloseTo(0.5 / Math.SQRT2, 2)
    })
  }

  it("removes what 16 kHz cannot carry instead of folding it into speech", () => {
    const output = createResampler(48_000, 16_000)(tone(13_000, 48_000, 48_000))
    expect(rms(middle(output))).toBeLessThan(0.5 / Math.SQRT2 / 100)
  })

  it("gives the same samples whatever the size of the blocks", () => {
    const input = tone(440, 48_000, 9600)
    const whole = createResampler(48_000, 16_000)(input)
    const resample = createResampler(48_000, 16_000)
    const parts: number[] = []
    for (let at = 0; at < input.length; at += 128) parts.push(...resample(input.subarray(at, at + 128)))
    expect(Math.abs(parts.length - whole.length)).toBeLessThanOrEqual(1)
    parts.forEach((sample, index) => {
      expect(sample).toBeCloseTo(whole[index] ?? sample, 6)
    })
  })

  it("clips instead of wrapping around", () => {
    expect([...toInt16(Float32Array.of(2, -2, 0, 1, -1))]).toEqual([32767, -32768, 0, 32767, -32768])
  })
})
