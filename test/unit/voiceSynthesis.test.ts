import { describe, expect, it } from "vitest"
import { createFourier } from "#core/fourier.ts"
import { bins, hop, sampleRate, synthesizeWave, type VoiceSpectra } from "#engines/speech/hibari/synthesizeWave.ts"
import { normalizeLoudness } from "#engines/speech/loudness.ts"

const rms = (samples: Float32Array): number =>
  Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length)

/** A vowel-like sound: harmonics of `pitch` with a constant envelope, everything else off. */
function steady(
  frames: number,
  pitch: number,
  levels: { harmonic?: number; noise?: number; free?: number },
): VoiceSpectra {
  const constant = (level: number | undefined) => new Float32Array(bins * frames).fill(level ?? -30)
  return {
    frames,
    harmonicLog: constant(levels.harmonic),
    harmonicPhase: constant(0),
    noiseLog: constant(levels.noise),
    freeLog: constant(levels.free),
    freePhase: constant(0),
    pitch: new Float32Array(frames).fill(pitch),
  }
}

describe("the Fourier transform", () => {
  it.each([1, 2, 8, 60, 1200])("of length %i agrees with the definition", (length) => {
    const real = Float64Array.from({ length }, (_, index) => Math.sin(index * 1.7) + (index % 3))
    const imaginary = Float64Array.from({ length }, (_, index) => Math.cos(index * 0.3))
    const [inputReal, inputImaginary] = [real.slice(), imaginary.slice()]
    const fourier = createFourier(length)
    fourier.forward(real, imaginary)
    for (const bin of new Set([0, 1 % length, Math.floor(length / 2), length - 1])) {
      let x = 0
      let y = 0
      for (let index = 0; index < length; index++) {
        const angle = (-2 * Math.PI * bin * index) / length
        x += (inputReal[index] ?? 0) * Math.cos(angle) - (inputImaginary[index] ?? 0) * Math.sin(angle)
        y += (inputReal[index] ?? 0) * Math.sin(angle) + (inputImaginary[index] ?? 0) * Math.cos(angle)
      }
      expect(real[bin]).toBeCloseTo(x, 6)
      expect(imaginary[bin]).toBeCloseTo(y, 6)
    }
    fourier.inverse(real, imaginary)
    for (let index = 0; index < length; index++)
      expect((real[index] ?? 0) / length).toBeCloseTo(inputReal[index] ?? 0, 9)
  })

  it("refuses a length it has no factors for", () => {
    expect(() => createFourier(14)).toThrow(RangeError)
  })
})

describe("waveform synthesis", () => {
  it("makes 12.5 ms of sound per frame, whether their number is odd or even", () => {
    for (const frames of [1, 2, 7, 40])
      expect(synthesizeWave(steady(frames, 200, { harmonic: 0 }), 1)).toHaveLength(frames * hop)
  })

  it("repeats with the pitch", () => {
    const samples = synthesizeWave(steady(80, 200, { harmonic: -3 }), 1)
    const period = sampleRate / 200
    const middle = samples.subarray(9600, 14_400)
    const shifted = samples.subarray(9600 + period, 14_400 + period)
    const half = samples.subarray(9600 + period / 2, 14_400 + period / 2)
    const likeness = (other: Float32Array): number =>
      middle.reduce((sum, sample, index) => sum + sample * (other[index] ?? 0), 0) /
      (rms(middle) * rms(other) * middle.length)
    expect(likeness(shifted)).toBeGreaterThan(0.99)
    expect(likeness(half)).toBeLessThan(0.5)
  })

  it("is silent where nothing is voiced and there is no noise", () => {
    expect(rms(synthesizeWave(steady(20, 0, { harmonic: 3 }), 1))).toBeLessThan(1e-6)
  })

  it("grows with the logarithm it is given", () => {
    const quiet = rms(synthesizeWave(steady(40, 120, { harmonic: -4 }), 1))
    const loud = rms(synthesizeWave(steady(40, 120, { harmonic: -3 }), 1))
    expect(loud / quiet).toBeCloseTo(Math.E, 3)
  })

  it("makes the same noise for the same seed and another for another", () => {
    const noise = (seed: number) => synthesizeWave(steady(20, 0, { noise: 0 }), seed)
    expect(noise(5)).toEqual(noise(5))
    expect(noise(6)).not.toEqual(noise(5))
    expect(rms(noise(5))).toBeGreaterThan(0.01)
  })

  it("holds no broken number, however extreme the network's values", () => {
    const samples = synthesizeWave(steady(12, 500, { harmonic: 90, noise: 90, free: 90 }), 1)
    expect(samples.every(Number.isFinite)).toBe(true)
  })
})

describe("loudness", () => {
  const tone = (amplitude: number, pauses = false): Float32Array =>
    Float32Array.from({ length: 48_000 }, (_, index) =>
      pauses && index % 24_000 > 12_000 ? 0 : amplitude * Math.sin(index / 5),
    )

  it("brings quiet and loud voices to the same level, and does not count pauses", () => {
    for (const samples of [tone(0.03), tone(0.9)]) {
      normalizeLoudness(samples)
      expect(rms(samples)).toBeCloseTo(0.1, 2)
    }
    const spoken = tone(0.05, true)
    normalizeLoudness(spoken)
    expect(rms(spoken.subarray(0, 12_000))).toBeCloseTo(0.1, 2)
  })

  it("never clips, and leaves silence alone", () => {
    const click = new Float32Array(24_000)
    click[100] = 0.5
    normalizeLoudness(click)
    expect(Math.max(...click)).toBeLessThanOrEqual(0.95)
    const silence = new Float32Array(100)
    normalizeLoudness(silence)
    expect(silence).toEqual(new Float32Array(100))
  })
})
