import { createFourier } from "#core/fourier.ts"

export interface MelOptions {
  sampleRate: number
  fourierLength: number
  windowLength: number
  hop: number
  bins: number
  highestHz: number
  window: "hann" | "hamming"
  /** Triangles of equal area. Default: of equal height. */
  isSlaney?: boolean
}

/** Mel energies of a mono clip, bins × frames. Frames are centred; the clip is mirrored at its ends. */
export type MelSpectrogram = (samples: Float32Array) => { values: Float32Array; bins: number; frames: number }

/** As torchaudio's `MelSpectrogram` (power 2, HTK mel scale, periodic window) computes it. */
export function createMelSpectrogram(options: MelOptions): MelSpectrogram {
  const { fourierLength, windowLength, hop, bins } = options
  const fourier = createFourier(fourierLength)
  const lines = fourierLength / 2 + 1
  const window = windowOf(options)
  const start = (fourierLength - windowLength) / 2
  const triangles = trianglesOf(options, lines)
  const real = new Float64Array(fourierLength)
  const imaginary = new Float64Array(fourierLength)
  const power = new Float64Array(lines)

  return (samples) => {
    const frames = 1 + Math.floor(samples.length / hop)
    const values = new Float32Array(bins * frames)
    for (let frame = 0; frame < frames; frame++) {
      real.fill(0)
      imaginary.fill(0)
      const first = frame * hop - fourierLength / 2 + start
      for (let n = 0; n < windowLength; n++) real[start + n] = mirrored(samples, first + n) * (window[n] as number)
      fourier.forward(real, imaginary)
      for (let line = 0; line < lines; line++)
        power[line] = (real[line] as number) ** 2 + (imaginary[line] as number) ** 2
      for (const [bin, { from, weights }] of triangles.entries()) {
        let energy = 0
        for (let n = 0; n < weights.length; n++) energy += (weights[n] as number) * (power[from + n] as number)
        values[bin * frames + frame] = energy
      }
    }
    return { values, bins, frames }
  }
}

/** The edge itself is not repeated. */
function mirrored(samples: Float32Array, at: number): number {
  const index = at < 0 ? -at : at >= samples.length ? 2 * (samples.length - 1) - at : at
  return samples[index] ?? 0
}

function windowOf({ windowLength, window }: MelOptions): Float64Array {
  const mean = window === "hann" ? 0.5 : 0.54
  return Float64Array.from(
    { length: windowLength },
    (_, n) => mean - (1 - mean) * Math.cos((2 * Math.PI * n) / windowLength),
  )
}

function trianglesOf({ sampleRate, bins, highestHz, isSlaney = false }: MelOptions, lines: number) {
  const melOf = (hz: number): number => 2595 * Math.log10(1 + hz / 700)
  const highest = melOf(highestHz)
  const edges = Array.from({ length: bins + 2 }, (_, n) => 700 * (10 ** ((highest * n) / (bins + 1) / 2595) - 1))
  const hzPerLine = Math.floor(sampleRate / 2) / (lines - 1)
  return Array.from({ length: bins }, (_, bin) => {
    const [left = 0, centre = 0, right = 0] = edges.slice(bin, bin + 3)
    const area = isSlaney ? 2 / (right - left) : 1
    const from = Math.ceil(left / hzPerLine)
    const weights: number[] = []
    for (let line = from; line < lines && line * hzPerLine < right; line++) {
      const hz = line * hzPerLine
      weights.push(area * Math.max(0, Math.min((hz - left) / (centre - left), (right - hz) / (right - centre))))
    }
    return { from, weights: Float64Array.from(weights) }
  })
}
