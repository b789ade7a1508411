import { createMelSpectrogram } from "./spectrogram.ts"

export interface Mel {
  values: Float32Array
  bins: number
  frames: number
}

const conditioningMel = createMelSpectrogram({
  sampleRate: 22_050,
  fourierLength: 2048,
  windowLength: 1024,
  hop: 256,
  bins: 80,
  highestHz: 8000,
  window: "hann",
  isSlaney: true,
})
const speakerMel = createMelSpectrogram({
  sampleRate: 16_000,
  fourierLength: 512,
  windowLength: 400,
  hop: 160,
  bins: 64,
  highestHz: 8000,
  window: "hamming",
})
const leastEnergy = 1e-5
const preEmphasis = 0.97

/** Log mel of a sample at 22,050 Hz, each bin divided by its part of `scale`. */
export function conditioningFrames(samples: Float32Array, scale: Float32Array): Mel {
  const { values, bins, frames } = conditioningMel(samples)
  const scaled = values.map(
    (energy, index) => Math.log(Math.max(energy, leastEnergy)) / (scale[Math.floor(index / frames)] as number),
  )
  return { values: scaled, bins, frames }
}

/** Mel energies of a sample at 16 kHz after pre-emphasis. */
export function speakerFrames(samples: Float32Array): Mel {
  const emphasised = samples.map((sample, n) => sample - preEmphasis * (samples[n === 0 ? 1 : n - 1] ?? 0))
  return speakerMel(emphasised)
}
