import { concatSamples } from "#core/concatSamples.ts"
import { createResampler, type Resampler } from "../resample.ts"
import { hearRate } from "./contract.ts"
import { createEchoCanceller } from "./echoCanceller.ts"
import { createLearningGuard } from "./learningGuard.ts"
import { createSampleRing } from "./sampleRing.ts"

/** Brings what is played and what is heard to the same rate and moment, and takes one out of the other. */
export interface EchoPath {
  /** What leaves for the loudspeaker, silence included. */
  play(samples: Float32Array, sampleRate: number): Promise<void>
  /** What the microphone brought, at 16 kHz. Returns it without the echo, up to a block later. */
  hear(samples: Float32Array): Float32Array
  close(): void
}

/**
 * What is played waits this long before it is compared: it reaches the microphone later than that at the earliest, and the two come in
 * pieces of different size.
 */
const leadSamples = 0.04 * hearRate
/** Clocks of two devices drift apart; further than this, the comparison starts anew. */
const farthestSamples = 0.2 * hearRate

export function createEchoPath(): EchoPath {
  const canceller = createEchoCanceller({ sampleRate: hearRate })
  const { blockSamples } = canceller
  const guard = createLearningGuard({ blockMs: (blockSamples * 1000) / hearRate })
  const played = createSampleRing()
  const heard = createSampleRing()
  const heardBlock = new Float32Array(blockSamples)
  const playedBlock = new Float32Array(blockSamples)
  let filter: Resampler | null = null
  let hasStarted = false
  return {
    async play(samples, sampleRate) {
      filter ??= await createResampler(sampleRate, hearRate)
      played.write(filter.push(samples))
      if (played.length > farthestSamples + leadSamples) played.skip(played.length - leadSamples)
    },
    hear(samples) {
      heard.write(samples)
      const clean: Float32Array[] = []
      while (heard.length >= blockSamples) {
        heard.read(heardBlock)
        hasStarted ||= played.length >= leadSamples
        if (hasStarted && played.length < blockSamples) hasStarted = false
        if (hasStarted) played.read(playedBlock)
        else playedBlock.fill(0)
        clean.push(guard.process(canceller.process(heardBlock, playedBlock), heardBlock, playedBlock))
      }
      return concatSamples(clean)
    },
    close: () => filter?.close(),
  }
}
