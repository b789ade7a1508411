import { createFourier } from "#core/fourier.ts"
import { energyUnder, type MelTriangle, melTriangle } from "./melTriangle.ts"

/** Frames of `bins` log mel energies, row-major. */
export interface MelFrames {
  values: Float32Array
  frames: number
  bins: number
}

const sampleRate = 16_000
const windowSamples = 400
const shiftSamples = 160
const fourierLength = 512
const bins = 80
const lowestHz = 20
const highestHz = 8000
const preEmphasis = 0.97
/** Single precision's epsilon, as Kaldi's floor under the logarithm. */
const energyFloor = 1.1920929e-7

const fourier = createFourier(fourierLength)
/** Povey's window: a Hann window to the power of .85. */
const window = Float64Array.from(
  { length: windowSamples },
  (_, n) => (0.5 - 0.5 * Math.cos((2 * Math.PI * n) / (windowSamples - 1))) ** 0.85,
)
const melOf = (hz: number): number => 1127 * Math.log(1 + hz / 700)
const triangles = melTriangles()

/**
 * Kaldi's `compute-fbank-feats` as speaker encoders use it: 80 bins from 20 to 8,000 Hz, 25 ms every 10 ms, DC removed, pre-emphasis .97,
 * power spectrum, no dither, whole frames only; then each bin's mean over the clip is subtracted. 16 kHz mono.
 */
export function melFilterbank(samples: Float32Array): MelFrames {
  const frames = samples.length < windowSamples ? 0 : 1 + Math.floor((samples.length - windowSamples) / shiftSamples)
  const values = new Float32Array(frames * bins)
  const real = new Float64Array(fourierLength)
  const imaginary = new Float64Array(fourierLength)
  for (let frame = 0; frame < frames; frame++) {
    const piece = samples.subarray(frame * shiftSamples, frame * shiftSamples + windowSamples)
    fillWindowed(piece, real)
    imaginary.fill(0)
    fourier.forward(real, imaginary)
    for (const [bin, triangle] of triangles.entries())
      values[frame * bins + bin] = Math.log(Math.max(energyUnder(triangle, real, imaginary), energyFloor))
  }
  subtractMeans(values, frames)
  return { values, frames, bins }
}

function fillWindowed(piece: Float32Array, real: Float64Array): void {
  let mean = 0
  for (const sample of piece) mean += sample
  mean /= windowSamples
  real.fill(0)
  let previous = (piece[0] as number) - mean
  for (let n = 0; n < windowSamples; n++) {
    const sample = (piece[n] as number) - mean
    real[n] = (sample - preEmphasis * previous) * (window[n] as number)
    previous = sample
  }
}

function melTriangles(): MelTriangle[] {
  const lowest = melOf(lowestHz)
  const step = (melOf(highestHz) - lowest) / (bins + 1)
  return Array.from({ length: bins }, (_, bin) => {
    const left = lowest + bin * step
    const centre = left + step
    const right = centre + step
    return melTriangle(fourierLength / 2, (line) => {
      const mel = melOf((line * sampleRate) / fourierLength)
      return mel <= centre ? (mel - left) / step : (right - mel) / step
    })
  })
}

function subtractMeans(values: Float32Array, frames: number): void {
  for (let bin = 0; bin < bins; bin++) {
    let mean = 0
    for (let frame = 0; frame < frames; frame++) mean += values[frame * bins + bin] as number
    mean /= Math.max(1, frames)
    for (let frame = 0; frame < frames; frame++)
      values[frame * bins + bin] = (values[frame * bins + bin] as number) - mean
  }
}
