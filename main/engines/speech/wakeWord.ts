import { randomUUID } from "node:crypto"
import type { EngineClient } from "#core/host/types.ts"
import { createHostedModel } from "../hostedModel.ts"
import type { WakeWord } from "../types.ts"
import type { SpeechContract } from "./contract.ts"

/** Wake phrases in the speech child. A stream whose child was restarted goes on as if it had been silent. */
export function createWakeWord(options: {
  client: EngineClient<SpeechContract>
  model: { id: string; melPath: string; embeddingPath: string }
}): WakeWord {
  const { client, model } = options
  const files = { melPath: model.melPath, embeddingPath: model.embeddingPath }
  const hosted = createHostedModel(client, {
    load: (signal) => client.request("wake.load", { files, headPaths: [] }, { signal }),
    unload: (signal) => client.request("wake.unload", null, { signal }),
  })
  return {
    modelId: model.id,
    isFallback: false,
    loadState: hosted.loadState,
    load: hosted.load,
    unload: hosted.unload,
    async open(phrases, signal) {
      const headPaths = phrases.map(({ headPath }) => headPath)
      // A damaged head shows here, before anybody waits for it to be heard.
      await hosted.use(signal, () => client.request("wake.load", { files, headPaths }, { signal }))
      const stream = randomUUID()
      return {
        async push(samples, pushSignal) {
          const { scores } = await hosted.use(pushSignal, () =>
            client.request("wake.push", { files, headPaths, stream, samples }, { signal: pushSignal }),
          )
          return scores
        },
        async close() {
          if (hosted.loadState() !== "loaded") return
          await client.request("wake.close", { stream }, { signal: new AbortController().signal })
        },
      }
    },
  }
}
