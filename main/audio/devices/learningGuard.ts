/** Keeps the loudspeaker's echo down while the canceller has not heard enough of it to take it out. */
export interface LearningGuard {
  /** The canceller's block, lowered where it may be mostly echo. `heard` is the microphone's, `played` the loudspeaker's of the same moment. */
  process(clean: Float32Array, heard: Float32Array, played: Float32Array): Float32Array
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

/** Once enough was played, everything passes as it is. */
export function createLearningGuard({ blockMs, learningMs = 2000, tailMs = 400 }: LearningGuardOptions): LearningGuard {
  const recent = new Float32Array(Math.ceil(tailMs / blockMs))
  const pace = blockMs / syllableMs
  let heardEnergy = 0
  let blocks = 0
  let leftMs = learningMs
  let personLeftMs = 0
  let factor = 1
  return {
    process(clean, heard, played) {
      const energy = meanSquare(played)
      if (leftMs <= 0 && factor === 1) return clean
      recent[blocks++ % recent.length] = energy
      if (energy > audible) leftMs -= blockMs
      const loudest = recent.reduce((most, value) => Math.max(most, value))
      heardEnergy += pace * (meanSquare(heard) - heardEnergy)
      const isPlayed = loudest > audible
      personLeftMs = isPlayed && heardEnergy > loudest * loudestEcho ? personMs : personLeftMs - blockMs
      const mayBeEcho = leftMs > 0 && isPlayed && personLeftMs <= 0
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
