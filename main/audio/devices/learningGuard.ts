/** Keeps the loudspeaker's echo down while it has not been seen that the canceller takes it out. */
export interface LearningGuard {
  /** What was handed to the loudspeaker, as it is handed over: its echo may come from now on. */
  played(samples: Float32Array, sampleRate: number): void
  /** The canceller's block, lowered where it may be mostly echo. `heard` is the microphone's, `played` the loudspeaker's of the same moment. */
  process(clean: Float32Array, heard: Float32Array, played: Float32Array): Float32Array
  /** The echo may come at another moment from now on: it is to be seen again that the canceller takes it out. */
  distrust(): void
}

export interface LearningGuardOptions {
  blockMs: number
  /** How much has to be played until the canceller is trusted for the first time. Default 2,000 ms: it takes 15 dB out after half of that. */
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
/** What waits in the loudspeaker's queues comes so much later. */
const queueMs = 300

/** Once enough was played and its echo is taken out, everything passes as it is. */
export function createLearningGuard({ blockMs, learningMs = 2000, tailMs = 400 }: LearningGuardOptions): LearningGuard {
  const recent = new Float32Array(Math.ceil(tailMs / blockMs))
  /** Of what was handed over, newest last. Where its echo falls is not always known. */
  const handed: { energy: number; ms: number }[] = []
  let handedMs = 0
  const pace = blockMs / syllableMs
  const share = blockMs / provingMs
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
  let silentMs = 0

  /** Is the echo of what is played taken out? */
  const prove = (isPlayed: boolean, energies: { clean: number; heard: number; played: number }): void => {
    silentMs = isPlayed ? 0 : silentMs + blockMs
    if (silentMs > forgetMs) isTrusted = false
    if (!isPlayed) {
      playedMean = heardMean = cleanMean = provedMs = 0
      return
    }
    playedMean += share * (energies.played - playedMean)
    heardMean += share * (energies.heard - heardMean)
    cleanMean += share * (energies.clean - cleanMean)
    provedMs += blockMs
    const isQuiet = heardMean <= noEcho * playedMean
    const isProved = isQuiet || cleanMean <= takenOut * heardMean
    if (leftMs <= 0 && provedMs >= provingMs && isProved) isTrusted = true
  }

  return {
    played(samples, sampleRate) {
      const ms = (samples.length * 1000) / sampleRate
      handed.push({ energy: samples.length === 0 ? 0 : meanSquare(samples), ms })
      handedMs += ms
      while (handed[0] && handedMs - handed[0].ms >= tailMs + queueMs) handedMs -= handed.shift()?.ms ?? 0
    },
    distrust() {
      isTrusted = false
      provedMs = 0
    },
    process(clean, heard, played) {
      const energy = meanSquare(played)
      recent[blocks++ % recent.length] = energy
      if (energy > audible) leftMs -= blockMs
      const placed = recent.reduce((most, value) => Math.max(most, value))
      const loudest = placed > audible ? placed : handed.reduce((most, { energy: value }) => Math.max(most, value), 0)
      const heardNow = meanSquare(heard)
      heardEnergy += pace * (heardNow - heardEnergy)
      prove(placed > audible, { clean: meanSquare(clean), heard: heardNow, played: energy })
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
