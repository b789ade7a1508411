import { AppError } from "#core/errors.ts"
import type { EngineClient } from "#core/host/types.ts"
import { createPushQueue } from "#core/queue.ts"
import { createHostedModel } from "../../hostedModel.ts"
import type { SpeechChunk, VoiceCloner } from "../../types.ts"
import { xttsLanguages } from "../../xttsLanguages.ts"
import { cleanedLanguages } from "./cleanText.ts"
import type { XttsContract } from "./contract.ts"

export interface XttsOptions {
  client: EngineClient<XttsContract>
  model: { id: string; name: string; manifestPath: string; sha256: string }
  /** Threads inside one operator. */
  threads: number
  resample: (samples: Float32Array, from: number, to: number) => Promise<Float32Array>
}

const sampleRate = 22_050
const listenRate = 16_000

/** XTTS v2 in the onnx child. Chinese, Japanese and Korean need a romanisation that is not here. */
export function createXtts({
  client,
  model: { id, name, manifestPath, sha256 },
  threads,
  resample,
}: XttsOptions): VoiceCloner {
  const model = { manifestPath, threads }
  const hosted = createHostedModel(client, {
    load: (signal) => client.request("xtts.load", { model }, { signal }),
    unload: (signal) => client.request("xtts.unload", null, { signal }),
  })
  return {
    kind: "model",
    name,
    modelId: id,
    fingerprint: `${id}@${sha256.slice(0, 16)}`,
    languages: xttsLanguages.filter((language) => cleanedLanguages.includes(language)),
    isFallback: false,
    loadState: hosted.loadState,
    load: hosted.load,
    unload: hosted.unload,
    async condition({ samples, sampleRate: from }, signal) {
      const sample = await resample(samples, from, sampleRate)
      const listening = await resample(samples, from, listenRate)
      const { latents, speaker } = await hosted.use(signal, () =>
        client.request("xtts.condition", { model, sample, listening }, { signal }),
      )
      return packed(latents, speaker)
    },
    async *synthesize(text, { conditioning, language, rate = 1 }, signal) {
      const made = unpacked(conditioning)
      const left = new AbortController()
      const pieces = createPushQueue<SpeechChunk>()
      const running = hosted.use(signal, () =>
        client.request(
          "xtts.speak",
          { model, text, language, rate, ...made },
          { signal: AbortSignal.any([signal, left.signal]), onEvent: (piece) => pieces.push(piece) },
        ),
      )
      running.then(
        () => pieces.end(),
        (error: unknown) => pieces.fail(error),
      )
      try {
        yield* pieces
      } finally {
        // A consumer that leaves early no longer wants the sentence; after the end this does nothing.
        left.abort(new DOMException("Nobody hears the sentence any more.", "AbortError"))
      }
    },
  }
}

/** The length of the first part, then both. */
function packed(latents: Float32Array, speaker: Float32Array): Uint8Array {
  const bytes = Buffer.alloc(4 + 4 * (latents.length + speaker.length))
  bytes.writeUInt32LE(latents.length)
  for (const [index, value] of [...latents, ...speaker].entries()) bytes.writeFloatLE(value, 4 + 4 * index)
  return bytes
}

function unpacked(conditioning: Uint8Array): { latents: Float32Array; speaker: Float32Array } {
  const bytes = Buffer.from(conditioning)
  const count = bytes.length >= 4 ? bytes.readUInt32LE() : 0
  const values = new Float32Array((bytes.length - 4) >> 2)
  if (count === 0 || count >= values.length)
    throw new AppError("cloning.damaged", "What was made of this voice is damaged.", {
      remedy: "Erase the voice and clone it again.",
    })
  for (let index = 0; index < values.length; index++) values[index] = bytes.readFloatLE(4 + 4 * index)
  return { latents: values.slice(0, count), speaker: values.slice(count) }
}
