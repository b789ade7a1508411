import { createFourier } from "#core/fourier.ts"

/** Takes what the loudspeaker plays out of what the microphone hears. */
export interface EchoCanceller {
  readonly blockSamples: number
  /** One block of each, of the same moment or the played one earlier. Returns the microphone without the echo. */
  process(heard: Float32Array, played: Float32Array): Float32Array
}

export interface EchoCancellerOptions {
  sampleRate?: number
  /** Longest way from `played` to `heard`, with all delays and the room. Default 400 ms. */
  tailMs?: number
}

/** A power of two, so that the transforms are quick; 16 ms at 16 kHz. */
const block = 256
const length = 2 * block
const bins = block + 1
/** Samples are scaled to 16 bits, which the constants below are made for. */
const scale = 32_768
/** Least that an echo's remainder is lowered to. */
const quietest = 0.03

interface Spectrum {
  real: Float64Array
  imaginary: Float64Array
}

/**
 * An adaptive filter in the frequency domain, cut into blocks so that its delay is one block (Soo and Pang, "Multidelay block frequency domain
 * adaptive filter", 1990). How fast it learns follows from how much of the remainder is still echo (Valin, "On adjusting the learning rate in
 * frequency domain echo cancellation with double-talk", 2007), so a person who talks over the loudspeaker does not unteach it; a second,
 * settled filter is what is heard, and takes over the learning one only where that is better. What remains of the echo is lowered.
 */
export function createEchoCanceller(options: EchoCancellerOptions = {}): EchoCanceller {
  const { sampleRate = 16_000, tailMs = 400 } = options
  const partitions = Math.ceil((tailMs * sampleRate) / 1000 / block)
  const fourier = createFourier(length)
  const spectrum = (): Spectrum => ({ real: new Float64Array(length), imaginary: new Float64Array(length) })
  const spectra = (): Spectrum[] => Array.from({ length: partitions }, spectrum)
  /** Newest first. */
  const played = spectra()
  const learning = spectra()
  const settled = spectra()
  const power = new Float64Array(bins)
  const step = new Float64Array(bins).fill(1)
  const remainderMean = new Float64Array(bins)
  const echoMean = new Float64Array(bins)
  const proportion = new Float64Array(partitions)
  const lastPlayed = new Float64Array(block)
  const scratch = spectrum()
  const echoOfLearning = new Float64Array(block)
  const echoOfSettled = new Float64Array(block)
  const remainder = spectrum()
  const echo = spectrum()
  let covariance = 1
  let variance = 1
  let learned = 0
  let hasLearned = false
  let turn = 0
  let shortGain = 0
  let longGain = 0
  let shortVariance = 0
  let longVariance = 0
  let lowering = 1
  let isFirst = true

  /** y = Σ filter · played, its last block. */
  const estimate = (filter: readonly Spectrum[], into: Float64Array): void => {
    const { real, imaginary } = scratch
    real.fill(0)
    imaginary.fill(0)
    for (let part = 0; part < partitions; part++) {
      const weight = filter[part] as Spectrum
      const x = played[part] as Spectrum
      for (let bin = 0; bin < bins; bin++) {
        const weightReal = weight.real[bin] as number
        const weightImaginary = weight.imaginary[bin] as number
        const xReal = x.real[bin] as number
        const xImaginary = x.imaginary[bin] as number
        real[bin] = (real[bin] as number) + weightReal * xReal - weightImaginary * xImaginary
        imaginary[bin] = (imaginary[bin] as number) + weightReal * xImaginary + weightImaginary * xReal
      }
    }
    mirror(scratch)
    fourier.inverse(real, imaginary)
    for (let at = 0; at < block; at++) into[at] = (real[block + at] as number) / length
  }

  const push = (samples: Float32Array): number => {
    const newest = played.pop() as Spectrum
    played.unshift(newest)
    newest.imaginary.fill(0)
    let energy = 0
    for (let at = 0; at < block; at++) {
      const value = (samples[at] ?? 0) * scale
      newest.real[at] = lastPlayed[at] as number
      newest.real[block + at] = value
      lastPlayed[at] = value
      energy += value * value
    }
    fourier.forward(newest.real, newest.imaginary)
    const smooth = 0.35 / partitions
    for (let bin = 0; bin < bins; bin++) {
      const now = squared(newest, bin)
      power[bin] = isFirst ? now : (1 - smooth) * (power[bin] as number) + smooth * now
    }
    isFirst = false
    return energy
  }

  /** The strongest parts of the filter learn fastest. */
  const shareOut = (): void => {
    let strongest = 1
    let sum = 1
    for (let part = 0; part < partitions; part++) {
      const weight = learning[part] as Spectrum
      let energy = 1
      for (let bin = 0; bin < bins; bin++) energy += squared(weight, bin)
      proportion[part] = Math.sqrt(energy)
      strongest = Math.max(strongest, proportion[part] as number)
    }
    for (let part = 0; part < partitions; part++) {
      proportion[part] = (proportion[part] as number) + 0.1 * strongest
      sum += proportion[part] as number
    }
    for (let part = 0; part < partitions; part++) proportion[part] = (0.99 * (proportion[part] as number)) / sum
  }

  const learn = (): void => {
    for (let part = partitions - 1; part >= 0; part--) {
      const weight = learning[part] as Spectrum
      const x = played[part] as Spectrum
      const share = proportion[part] as number
      for (let bin = 0; bin < bins; bin++) {
        const pace = share * (step[bin] as number)
        const xReal = x.real[bin] as number
        const xImaginary = x.imaginary[bin] as number
        const eReal = remainder.real[bin] as number
        const eImaginary = remainder.imaginary[bin] as number
        weight.real[bin] = (weight.real[bin] as number) + pace * (xReal * eReal + xImaginary * eImaginary)
        weight.imaginary[bin] = (weight.imaginary[bin] as number) + pace * (xReal * eImaginary - xImaginary * eReal)
      }
      // Wrapped-around taps are cleared for two parts at a time: the result is nearly as good, at a fraction of the transforms.
      if (part === 0 || turn % (partitions - 1) === part - 1) unwrap(weight)
    }
    turn++
  }

  const unwrap = (weight: Spectrum): void => {
    scratch.real.set(weight.real)
    scratch.imaginary.set(weight.imaginary)
    mirror(scratch)
    fourier.inverse(scratch.real, scratch.imaginary)
    for (let at = 0; at < length; at++) {
      scratch.real[at] = at < block ? (scratch.real[at] as number) / length : 0
      scratch.imaginary[at] = 0
    }
    fourier.forward(scratch.real, scratch.imaginary)
    weight.real.set(scratch.real)
    weight.imaginary.set(scratch.imaginary)
  }

  /** Share of the remainder's energy that is still echo, by how both rise and fall together. */
  const leakage = (echoEnergy: number, remainderEnergy: number): number => {
    const mean = block / sampleRate
    let pey = 0
    let pyy = 0
    for (let bin = 0; bin < bins; bin++) {
      const ofRemainder = squared(remainder, bin)
      const ofEcho = squared(echo, bin)
      const remainderChange = ofRemainder - (remainderMean[bin] as number)
      const echoChange = ofEcho - (echoMean[bin] as number)
      pey += remainderChange * echoChange
      pyy += echoChange * echoChange
      remainderMean[bin] = (1 - mean) * (remainderMean[bin] as number) + mean * ofRemainder
      echoMean[bin] = (1 - mean) * (echoMean[bin] as number) + mean * ofEcho
    }
    pyy = Math.sqrt(pyy)
    pey = pyy > 0 ? pey / pyy : 0
    const fastest = (2 * block) / sampleRate
    const slowest = (0.5 * block) / sampleRate
    const smooth = Math.min(fastest * echoEnergy, slowest * remainderEnergy) / (remainderEnergy + 1)
    covariance = (1 - smooth) * covariance + smooth * pey
    variance = Math.max(1, (1 - smooth) * variance + smooth * pyy)
    covariance = Math.min(variance, Math.max(0.005 * variance, covariance))
    return covariance / variance
  }

  return {
    blockSamples: block,
    process(heard, playedNow) {
      const playedEnergy = push(playedNow)
      estimate(settled, echoOfSettled)
      shareOut()
      estimate(learning, echoOfLearning)

      const microphone = Float64Array.from({ length: block }, (_, at) => (heard[at] ?? 0) * scale)
      let ofSettled = 0
      let ofLearning = 0
      let between = 0
      let heardEnergy = 0
      for (let at = 0; at < block; at++) {
        const sample = microphone[at] as number
        const settledRest = sample - (echoOfSettled[at] as number)
        const learningRest = sample - (echoOfLearning[at] as number)
        ofSettled += settledRest * settledRest
        ofLearning += learningRest * learningRest
        between += ((echoOfSettled[at] as number) - (echoOfLearning[at] as number)) ** 2
        heardEnergy += sample * sample
      }
      between += 10

      // Is the learning filter clearly better, or clearly worse, than the settled one?
      const gain = ofSettled - ofLearning
      shortGain = 0.6 * shortGain + 0.4 * gain
      longGain = 0.85 * longGain + 0.15 * gain
      shortVariance = 0.36 * shortVariance + 0.16 * ofSettled * between
      longVariance = 0.7225 * longVariance + 0.0225 * ofSettled * between
      const isAhead = (value: number, limit: number): boolean => value * Math.abs(value) > limit
      if (
        isAhead(gain, ofSettled * between) ||
        isAhead(shortGain, 0.5 * shortVariance) ||
        isAhead(longGain, 0.25 * longVariance)
      ) {
        copy(learning, settled)
        shortGain = longGain = shortVariance = longVariance = 0
        for (let at = 0; at < block; at++) {
          // Faded over, so that the change is not heard.
          const fade = at / block
          echoOfSettled[at] = (1 - fade) * (echoOfSettled[at] as number) + fade * (echoOfLearning[at] as number)
        }
      } else if (
        isAhead(-gain, 4 * ofSettled * between) ||
        isAhead(-shortGain, 4 * shortVariance) ||
        isAhead(-longGain, 4 * longVariance)
      ) {
        copy(settled, learning)
        echoOfLearning.set(echoOfSettled)
        ofLearning = ofSettled
        shortGain = longGain = shortVariance = longVariance = 0
      }

      remainder.imaginary.fill(0)
      echo.imaginary.fill(0)
      let echoEnergy = 0
      let crossEnergy = 0
      for (let at = 0; at < block; at++) {
        const y = echoOfLearning[at] as number
        const rest = (microphone[at] as number) - y
        remainder.real[at] = 0
        remainder.real[block + at] = rest
        echo.real[at] = 0
        echo.real[block + at] = y
        echoEnergy += y * y
        crossEnergy += rest * y
      }
      fourier.forward(remainder.real, remainder.imaginary)
      fourier.forward(echo.real, echo.imaginary)
      const leak = leakage(echoEnergy, ofLearning)

      if (hasLearned) {
        let share = (0.0001 * playedEnergy + 3 * leak * echoEnergy) / (ofLearning + 1)
        share = Math.max(share, crossEnergy ** 2 / ((1 + ofLearning) * (1 + echoEnergy)))
        share = Math.min(0.5, share)
        for (let bin = 0; bin < bins; bin++) {
          const rest = squared(remainder, bin) + 1
          const stillEcho = Math.min(leak * squared(echo, bin), 0.5 * rest)
          step[bin] = (0.7 * stillEcho + 0.3 * share * rest) / (rest * ((power[bin] as number) + 10))
        }
      } else {
        // Until a filter exists, learn at a quarter while something is played.
        const isPlaying = playedEnergy > length * 1000
        const pace = isPlaying ? Math.min(0.25 * playedEnergy, 0.25 * ofLearning) / (ofLearning + 1) : 0
        for (let bin = 0; bin < bins; bin++) step[bin] = pace / ((power[bin] as number) + 10)
        learned += pace
        hasLearned = learned > partitions && leak * echoEnergy > 0.03 * echoEnergy
      }
      learn()

      // What the filter cannot take out (a loudspeaker that distorts, a room that moves) is lowered while it is most of what remains.
      let rest = 0
      for (let at = 0; at < block; at++) rest += ((microphone[at] as number) - (echoOfSettled[at] as number)) ** 2
      const stillEcho = Math.min(1, (2 * leak * echoEnergy) / (rest + 1))
      const target = echoEnergy > 1e-3 * heardEnergy ? Math.max(quietest, 1 - stillEcho) : 1
      const before = lowering
      lowering = target < lowering ? target : 0.5 * lowering + 0.5 * target
      return Float32Array.from({ length: block }, (_, at) => {
        const factor = before + ((lowering - before) * at) / block
        return (((microphone[at] as number) - (echoOfSettled[at] as number)) * factor) / scale
      })
    },
  }
}

const squared = (of: Spectrum, bin: number): number =>
  (of.real[bin] as number) ** 2 + (of.imaginary[bin] as number) ** 2

/** The upper half of a real signal's spectrum is the lower one, conjugated. */
function mirror({ real, imaginary }: Spectrum): void {
  imaginary[0] = 0
  imaginary[block] = 0
  for (let bin = 1; bin < block; bin++) {
    real[length - bin] = real[bin] as number
    imaginary[length - bin] = -(imaginary[bin] as number)
  }
}

function copy(from: readonly Spectrum[], to: readonly Spectrum[]): void {
  for (let part = 0; part < from.length; part++) {
    const source = from[part] as Spectrum
    const target = to[part] as Spectrum
    target.real.set(source.real)
    target.imaginary.set(source.imaginary)
  }
}
