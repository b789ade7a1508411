import type { EngineClient } from "#core/host/types.ts"
import { createHostedModel } from "../hostedModel.ts"
import type { TurnDetector } from "../types.ts"
import type { SpeechContract } from "./contract.ts"

/** Smart Turn v3 in the speech child. */
export function createSmartTurn(options: {
  client: EngineClient<SpeechContract>
  model: { id: string; modelPath: string }
}): TurnDetector {
  const { client, model } = options
  const { modelPath } = model
  const hosted = createHostedModel(client, {
    load: (signal) => client.request("turn.load", { modelPath }, { signal }),
    unload: (signal) => client.request("turn.unload", null, { signal }),
  })
  return {
    modelId: model.id,
    isFallback: false,
    loadState: hosted.loadState,
    load: hosted.load,
    unload: hosted.unload,
    async completion(samples, signal) {
      // The child hears eight seconds at most: nothing more crosses.
      const heard = samples.slice(-128_000)
      const { probability } = await hosted.use(signal, () =>
        client.request("turn.complete", { modelPath, samples: heard }, { signal }),
      )
      return probability
    },
  }
}
