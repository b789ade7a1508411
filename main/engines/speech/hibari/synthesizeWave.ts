import { createFourier } from "#core/fourier.ts"
import { createUniform } from "./noise.ts"

export const sampleRate = 24_000
const windowLength = 1200
/** Samples per frame: 12.5 ms. */
export const hop = 300
export const bins = windowLength / 2 + 1
/** Below this pitch a frame is unvoiced, in Hz. */
const lowestPitch = 40
const highestHarmonic = 11_000
/** The network's log magnitudes are cut here. */
const logLimit = 7

/** What the network predicts: five spectra of `bins` × `frames` values, frames fastest, and the pitch per frame in Hz. */
export interface VoiceSpectra {
  frames: number
  /** Log magnitude of the harmonic part, and its phase as the inverse tanh of half turns. */
  harmonicLog: Float32Array
  harmonicPhase: Float32Array
  /** Log magnitude of the noise. */
  noiseLog: Float32Array
  /** Log magnitude and phase, in radians, of a free part. */
  freeLog: Float32Array
  freePhase: Float32Array
  pitch: Float32Array
}

/**
 * Spectra → 24 kHz samples: a pulse train of the pitch filtered by the harmonic part, plus shaped noise, plus the free part, then one
 * inverse short-time transform (Hann 1200, hop 300). Source: the ONNX interface in the `hibari` package's description (Apache-2.0).
 *
 * @param seed The same seed gives the same samples.
 */
export function synthesizeWave(spectra: VoiceSpectra, seed: number): Float32Array {
  const { frames } = spectra
  const uniform = createUniform(seed)
  const pulses = pulseTrain(spectra.pitch)
  const sum = new Float64Array((frames + 3) * hop)
  const real = new Float64Array(windowLength)
  const imaginary = new Float64Array(windowLength)
  // Two real frames share one complex transform: the first in the real part, the second in the imaginary part.
  for (let frame = 0; frame < frames; frame += 2) {
    const hasSecond = frame + 1 < frames
    readFrame(pulses, frame, real)
    if (hasSecond) readFrame(pulses, frame + 1, imaginary)
    else imaginary.fill(0)
    fourier.forward(real, imaginary)
    shapeFrames(spectra, frame, hasSecond, real, imaginary, uniform)
    fourier.inverse(real, imaginary)
    addFrame(sum, frame, real)
    if (hasSecond) addFrame(sum, frame + 1, imaginary)
  }
  return trimmed(sum, frames)
}

const fourier = createFourier(windowLength)
const window = Float64Array.from(
  { length: windowLength },
  (_, index) => 0.5 - 0.5 * Math.cos((2 * Math.PI * index) / windowLength),
)

/** Every harmonic below 11 kHz at unit amplitude, in closed form: Σ cos(h·t) = sin((H + ½)·t) / (2·sin(t / 2)) − ½. */
function pulseTrain(pitch: Float32Array): Float64Array {
  const frames = pitch.length
  const samples = new Float64Array(frames * hop)
  let cycles = 0
  for (let frame = 0; frame < frames; frame++) {
    const here = pitch[frame] as number
    const before = pitch[Math.max(0, frame - 1)] as number
    const after = pitch[Math.min(frames - 1, frame + 1)] as number
    for (let index = 0; index < hop; index++) {
      // Frames give the pitch at their middle; between middles it is a straight line.
      const position = (index + 0.5) / hop - 0.5
      const interpolated = position < 0 ? here + (before - here) * -position : here + (after - here) * position
      const frequency = Math.max(lowestPitch, interpolated)
      cycles = (cycles + frequency / sampleRate) % 1
      if (interpolated <= lowestPitch) continue
      const angle = 2 * Math.PI * cycles
      const harmonics = Math.floor(highestHarmonic / frequency) + 0.5
      const divisor = 2 * Math.sin(angle / 2)
      samples[frame * hop + index] =
        (Math.abs(divisor) <= 2e-3 ? harmonics : Math.sin(harmonics * angle) / divisor) - 0.5
    }
  }
  return samples
}

/** One windowed frame around its middle, mirrored at the ends; scaled so that a unit cosine has magnitude 1. */
function readFrame(samples: Float64Array, frame: number, into: Float64Array): void {
  const last = samples.length - 1
  const start = frame * hop - windowLength / 2
  for (let index = 0; index < windowLength; index++) {
    let at = start + index
    if (at < 0) at = -at
    if (at > last) at = 2 * last - at
    into[index] = ((samples[at] ?? 0) * (window[index] as number)) / (windowLength / 4)
  }
}

function shapeFrames(
  spectra: VoiceSpectra,
  frame: number,
  hasSecond: boolean,
  real: Float64Array,
  imaginary: Float64Array,
  uniform: () => number,
): void {
  const shaped = { real: 0, imaginary: 0 }
  const half = windowLength / 2
  for (let bin = 0; bin <= half; bin++) {
    const mirror = bin === 0 ? 0 : windowLength - bin
    const x = real[bin] as number
    const y = imaginary[bin] as number
    const mirrorX = real[mirror] as number
    const mirrorY = imaginary[mirror] as number
    const isEdge = bin === 0 || bin === half
    shapeBin(spectra, bin * spectra.frames + frame, (x + mirrorX) / 2, (y - mirrorY) / 2, uniform, shaped)
    const firstX = shaped.real
    const firstY = isEdge ? 0 : shaped.imaginary
    let secondX = 0
    let secondY = 0
    if (hasSecond) {
      shapeBin(spectra, bin * spectra.frames + frame + 1, (y + mirrorY) / 2, (mirrorX - x) / 2, uniform, shaped)
      secondX = shaped.real
      secondY = isEdge ? 0 : shaped.imaginary
    }
    real[bin] = firstX - secondY
    imaginary[bin] = firstY + secondX
    real[mirror] = firstX + secondY
    imaginary[mirror] = secondX - firstY
  }
}

function shapeBin(
  spectra: VoiceSpectra,
  at: number,
  pulseReal: number,
  pulseImaginary: number,
  uniform: () => number,
  into: { real: number; imaginary: number },
): void {
  const magnitude = Math.exp(Math.min(spectra.harmonicLog[at] as number, logLimit))
  const angle = Math.PI * Math.tanh(spectra.harmonicPhase[at] as number)
  const turnReal = magnitude * Math.cos(angle)
  const turnImaginary = magnitude * Math.sin(angle)
  const free = Math.exp(Math.min(spectra.freeLog[at] as number, logLimit))
  const freeAngle = spectra.freePhase[at] as number
  // Box–Muller: radius and angle of a complex normal number.
  const noise = Math.exp(Math.min(spectra.noiseLog[at] as number, logLimit)) * Math.sqrt(-2 * Math.log(uniform()))
  const noiseAngle = 2 * Math.PI * uniform()
  into.real =
    pulseReal * turnReal - pulseImaginary * turnImaginary + free * Math.cos(freeAngle) + noise * Math.cos(noiseAngle)
  into.imaginary =
    pulseReal * turnImaginary + pulseImaginary * turnReal + free * Math.sin(freeAngle) + noise * Math.sin(noiseAngle)
}

function addFrame(sum: Float64Array, frame: number, samples: Float64Array): void {
  const start = frame * hop
  for (let index = 0; index < windowLength; index++)
    sum[start + index] =
      (sum[start + index] as number) + ((samples[index] as number) * (window[index] as number)) / windowLength
}

/** Divides by the windows' summed squares and drops the half window before the first frame's middle. */
function trimmed(sum: Float64Array, frames: number): Float32Array {
  const samples = new Float32Array(frames * hop)
  for (let index = 0; index < samples.length; index++) {
    const at = index + windowLength / 2
    const lastFrame = Math.min(frames - 1, Math.floor(at / hop))
    const firstFrame = Math.max(0, Math.floor(at / hop) - 3)
    let weight = 0
    for (let frame = firstFrame; frame <= lastFrame; frame++) weight += (window[at - frame * hop] as number) ** 2
    samples[index] = (sum[at] as number) / Math.max(weight, 1e-11)
  }
  return samples
}
