import { randomUUID } from "node:crypto"
import type { EngineClient } from "#core/host/types.ts"
import { createHostedModel } from "../hostedModel.ts"
import type { Vad } from "../types.ts"
import type { SpeechContract } from "./contract.ts"
import { type RegionOptions, speechRegions } from "./speechRegions.ts"

export interface SileroVadOptions {
  client: EngineClient<SpeechContract>
  model: { id: string; modelPath: string }
  /** Thresholds of `regions`. */
  regions?: RegionOptions
}

const samplesPerMs = 16
/** 30 s per request: the child stays free for other streams in between. */
const pieceSamples = 30_000 * samplesPerMs

/** Silero VAD v6 in the speech child. A stream whose child was restarted goes on with a fresh state. */
export function createSileroVad({ client, model, regions }: SileroVadOptions): Vad {
  const { modelPath } = model
  const hosted = createHostedModel(client, {
    load: (signal) => client.request("vad.load", { modelPath }, { signal }),
    unload: (signal) => client.request("vad.unload", null, { signal }),
  })
  const push = async (stream: string, samples: Float32Array, signal: AbortSignal): Promise<number[]> => {
    const { probabilities } = await hosted.use(signal, () =>
      client.request("vad.push", { modelPath, stream, samples }, { signal }),
    )
    return probabilities
  }
  const close = async (stream: string): Promise<void> => {
    if (hosted.loadState() !== "loaded") return
    await client.request("vad.close", { stream }, { signal: new AbortController().signal })
  }

  return {
    modelId: model.id,
    isFallback: false,
    loadState: hosted.loadState,
    load: hosted.load,
    unload: hosted.unload,
    async open(signal) {
      await hosted.load(signal)
      const stream = randomUUID()
      return { push: (samples, pushSignal) => push(stream, samples, pushSignal), close: () => close(stream) }
    },
    async regions(samples, signal) {
      const stream = randomUUID()
      const probabilities: number[] = []
      try {
        for (let at = 0; at < samples.length; at += pieceSamples)
          for (const probability of await push(stream, samples.slice(at, at + pieceSamples), signal))
            probabilities.push(probability)
      } finally {
        await close(stream).catch(() => undefined)
      }
      return speechRegions(probabilities, samples.length / samplesPerMs, regions)
    },
  }
}
