import { createFourier } from "#core/fourier.ts"
import { energyUnder, type MelTriangle, melTriangle } from "./melTriangle.ts"

const sampleRate = 16_000
const windowSamples = 400
const hopSamples = 160
const bins = 80
const lines = windowSamples / 2 + 1
const energyFloor = 1e-10

const fourier = createFourier(windowSamples)
/** Periodic Hann window. */
const hann = Float64Array.from(
  { length: windowSamples },
  (_, n) => 0.5 - 0.5 * Math.cos((2 * Math.PI * n) / windowSamples),
)
const triangles = slaneyTriangles()

/**
 * Whisper's log mel spectrogram (Radford et al. 2022; `WhisperFeatureExtractor`): 80 Slaney bins to 8,000 Hz, 25 ms every 10 ms, centred
 * frames over reflected ends, log10 no more than 8 below the loudest, then (x + 4) / 4. 16 kHz mono → [80, samples / 160], bin by bin.
 */
export function whisperMel(samples: Float32Array): Float32Array {
  const frames = Math.floor(samples.length / hopSamples)
  const values = new Float32Array(bins * frames)
  const real = new Float64Array(windowSamples)
  const imaginary = new Float64Array(windowSamples)
  let loudest = Number.NEGATIVE_INFINITY
  for (let frame = 0; frame < frames; frame++) {
    const start = frame * hopSamples - windowSamples / 2
    for (let n = 0; n < windowSamples; n++) {
      real[n] = (samples[reflected(start + n, samples.length)] ?? 0) * (hann[n] as number)
    }
    imaginary.fill(0)
    fourier.forward(real, imaginary)
    for (const [bin, triangle] of triangles.entries()) {
      const value = Math.log10(Math.max(energyUnder(triangle, real, imaginary), energyFloor))
      values[bin * frames + frame] = value
      loudest = Math.max(loudest, value)
    }
  }
  for (let n = 0; n < values.length; n++) values[n] = (Math.max(values[n] as number, loudest - 8) + 4) / 4
  return values
}

/** Place of a sample in a signal that is mirrored at its ends. */
function reflected(at: number, length: number): number {
  if (at < 0) return -at
  return at < length ? at : 2 * (length - 1) - at
}

function slaneyTriangles(): MelTriangle[] {
  const step = Math.log(6.4) / 27
  const melOf = (hz: number): number => (hz < 1000 ? (3 * hz) / 200 : 15 + Math.log(hz / 1000) / step)
  const hzOf = (mel: number): number => (mel < 15 ? (200 * mel) / 3 : 1000 * Math.exp(step * (mel - 15)))
  const highest = melOf(sampleRate / 2)
  const edges = Array.from({ length: bins + 2 }, (_, n) => hzOf((highest * n) / (bins + 1)))
  return Array.from({ length: bins }, (_, bin) => {
    const [left, centre, right] = [edges[bin], edges[bin + 1], edges[bin + 2]] as [number, number, number]
    const area = 2 / (right - left)
    return melTriangle(lines, (line) => {
      const hz = (line * sampleRate) / windowSamples
      return area * Math.min((hz - left) / (centre - left), (right - hz) / (right - centre))
    })
  })
}
