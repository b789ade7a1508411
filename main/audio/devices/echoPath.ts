import { concatSamples } from "#core/concatSamples.ts"
import { createResampler, type Resampler } from "../resample.ts"
import { hearRate } from "./contract.ts"
import { createEchoCanceller } from "./echoCanceller.ts"
import { createLearningGuard } from "./learningGuard.ts"
import { createPlayedHistory } from "./playedHistory.ts"
import { createSampleRing } from "./sampleRing.ts"

/** Brings what is played and what is heard to the same rate and moment, and takes one out of the other. */
export interface EchoPath {
  /** What leaves for the loudspeaker, silence included, as it leaves. */
  play(samples: Float32Array, sampleRate: number): Promise<void>
  /** What the microphone brought, at 16 kHz, as it comes. Returns it without the echo, up to a block later. */
  hear(samples: Float32Array): Float32Array
  /** Sound was lost on the way: the echo may come at another moment from now on. */
  slipped(): void
  close(): void
}

/** What is heard waits no longer than this for what was played then: a process may stand still between the two. */
const longestWait = 0.2 * hearRate

export interface EchoPathOptions {
  /** Monotonic milliseconds. Default the process's own. */
  now?: () => number
}

export function createEchoPath({ now = () => performance.now() }: EchoPathOptions = {}): EchoPath {
  const canceller = createEchoCanceller({ sampleRate: hearRate })
  const { blockSamples } = canceller
  const guard = createLearningGuard({ blockMs: (blockSamples * 1000) / hearRate })
  const played = createPlayedHistory(now)
  const heard = createSampleRing()
  const heardBlock = new Float32Array(blockSamples)
  const playedBlock = new Float32Array(blockSamples)
  let filter: Resampler | null = null
  let processed = 0
  return {
    async play(samples, sampleRate) {
      filter ??= await createResampler(sampleRate, hearRate)
      const resampled = filter.push(samples)
      guard.played(resampled, hearRate)
      if (played.write(resampled)) guard.distrust()
    },
    hear(samples) {
      played.heard(samples.length)
      heard.write(samples)
      const clean: Float32Array[] = []
      const isKnown = (): boolean => played.end >= processed + blockSamples || heard.length > longestWait
      while (heard.length >= blockSamples && isKnown()) {
        heard.read(heardBlock)
        played.read(processed, playedBlock)
        processed += blockSamples
        clean.push(guard.process(canceller.process(heardBlock, playedBlock), heardBlock, playedBlock))
      }
      return concatSamples(clean)
    },
    slipped: guard.distrust,
    close: () => filter?.close(),
  }
}
