import { AppError } from "#core/errors.ts"
import type { EngineClient } from "#core/host/types.ts"
import { createHostedModel } from "../hostedModel.ts"
import type { SpeakerEncoder } from "../types.ts"
import type { SpeechContract } from "./contract.ts"

export interface CampplusOptions {
  client: EngineClient<SpeechContract>
  model: { id: string; modelPath: string; sha256: string }
}

const sampleRate = 16_000
/** Shorter speech says too little about a voice. */
const shortestSamples = 0.5 * sampleRate
/** What one request may hold; the beginning of longer speech is enough. */
const longestSamples = 30 * sampleRate

/** CAM++ in the speech child. */
export function createCampplus({ client, model }: CampplusOptions): SpeakerEncoder {
  const { modelPath } = model
  const hosted = createHostedModel(client, {
    load: (signal) => client.request("speaker.load", { modelPath }, { signal }),
    unload: (signal) => client.request("speaker.unload", null, { signal }),
  })
  return {
    modelId: model.id,
    isFallback: false,
    dimensions: 192,
    fingerprint: `${model.id}@${model.sha256.slice(0, 16)}`,
    loadState: hosted.loadState,
    load: hosted.load,
    unload: hosted.unload,
    async embed(samples, signal) {
      if (samples.length < shortestSamples) {
        throw new AppError("speaker.too-short", "There is too little speech to tell a voice by.", {
          remedy: "Speak for at least two seconds.",
        })
      }
      const piece = samples.slice(0, longestSamples)
      const { embedding } = await hosted.use(signal, () =>
        client.request("speaker.embed", { modelPath, samples: piece }, { signal }),
      )
      return embedding
    },
  }
}
