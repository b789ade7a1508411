/** Keeps the loudspeaker's echo down while the canceller has not heard enough of it to take it out. */
export interface LearningGuard {
  /** The canceller's block, lowered where it may be mostly echo. `heard` is the microphone's, `played` the loudspeaker's of the same moment. */
  process(clean: Float32Array, heard: Float32Array, played: Float32Array): Float32Array
  /** The echo may come at another moment from now on: it is to be seen again that the canceller takes it out. */
  distrust(): void
}

export interface LearningGuardOptions {
  blockMs: number
  /** How much has to be played until the canceller is trusted. Default 2,000 ms: it takes 15 dB out after half of that. */
  learningMs?: number
  /** How long an echo may come after what was played. Default 400 ms, as far as the canceller reaches. */
  tailMs?: number
}

/** Quieter than this is nothing to learn from: mean square, -57 dB. */
const audible = 2e-6
/** Over a syllable, an echo has at most this share of the loudest energy that was played; who is louder speaks. */
const loudestEcho = 0.5
const syllableMs = 80
/** Soft sounds between loud ones are theirs too. */
const personMs = 300
/** A canceller is trusted once it leaves this share of the echo, 10 dB, over the time below. */
const takenOut = 0.1
const provingMs = 400
/** An echo below this share of what was played, -35 dB, needs no canceller. */
const noEcho = 3e-4
/** After so much silence the clocks of the devices may have moved the echo. */
const forgetMs = 500

/** Once enough was played and its echo is taken out, everything passes as it is. */
export function createLearningGuard({ blockMs, learningMs = 2000, tailMs = 400 }: LearningGuardOptions): LearningGuard {
  const recent = new Float32Array(Math.ceil(tailMs / blockMs))
  const pace = blockMs / syllableMs
  let heardEnergy = 0
  let blocks = 0
  let leftMs = learningMs
  let personLeftMs = 0
  let factor = 1
  let isTrusted = false
  let playedMean = 0
  let heardMean = 0
  let cleanMean = 0
  let provedMs = 0
  let heardNow = 0
  let silentMs = 0
  /** Is the echo of what is played taken out? */
  const prove = (clean: Float32Array, energy: number, loudest: number): void => {
    silentMs = loudest <= audible ? silentMs + blockMs : 0
    if (silentMs > forgetMs) isTrusted = false
    if (silentMs > 0) {
      playedMean = heardMean = cleanMean = provedMs = 0
      return
    }
    const share = blockMs / provingMs
    playedMean += share * (energy - playedMean)
    heardMean += share * (heardNow - heardMean)
    cleanMean += share * (meanSquare(clean) - cleanMean)
    provedMs += blockMs
    const isQuiet = heardMean <= noEcho * playedMean
    const isProved = isQuiet || cleanMean <= takenOut * heardMean
    if (leftMs <= 0 && provedMs >= provingMs && isProved) isTrusted = true
  }
  return {
    distrust() {
      isTrusted = false
      provedMs = 0
    },
    process(clean, heard, played) {
      const energy = meanSquare(played)
      recent[blocks++ % recent.length] = energy
      if (energy > audible) leftMs -= blockMs
      const loudest = recent.reduce((most, value) => Math.max(most, value))
      heardNow = meanSquare(heard)
      heardEnergy += pace * (heardNow - heardEnergy)
      prove(clean, energy, loudest)
      const isPlayed = loudest > audible
      personLeftMs = isPlayed && heardEnergy > loudest * loudestEcho ? personMs : personLeftMs - blockMs
      const mayBeEcho = !isTrusted && isPlayed && personLeftMs <= 0
      const before = factor
      factor = mayBeEcho ? 0 : 1
      if (before === 1 && factor === 1) return clean
      // Faded, so that no step is heard.
      return clean.map((sample, at) => sample * (before + ((factor - before) * at) / clean.length))
    },
  }
}

function meanSquare(samples: Float32Array): number {
  let sum = 0
  for (const sample of samples) sum += sample * sample
  return sum / samples.length
}
