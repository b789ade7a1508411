import { type InferenceSession, Tensor } from "onnxruntime-node"
import type { HostHandlers } from "#core/host/types.ts"
import { createKeepOne } from "../onnx/keepOne.ts"
import { openSession } from "../onnx/session.ts"
import type { SpeakerContract } from "./contract.ts"
import { melFilterbank } from "./melFilterbank.ts"

/** Speaker embeddings in the child, one thread: 3 s of speech take some 45 ms. */
export function createSpeakerHandlers(): HostHandlers<SpeakerContract> {
  const session = createKeepOne<InferenceSession>((opened) => opened.release())
  const load = (modelPath: string) =>
    session.get(modelPath, () => openSession(modelPath, { threads: 1, inputs: ["feats"], keepsArena: false }))

  return {
    async "speaker.load"({ modelPath }) {
      await load(modelPath)
      return null
    },
    async "speaker.unload"() {
      await session.drop()
      return null
    },
    async "speaker.embed"({ modelPath, samples }) {
      const network = await load(modelPath)
      const { values, frames, bins } = melFilterbank(samples)
      const output = await network.run({ feats: new Tensor("float32", values, [1, frames, bins]) })
      return { embedding: unit(output.embedding?.data as Float32Array) }
    },
  }
}

function unit(vector: Float32Array): Float32Array {
  const length = Math.hypot(...vector)
  return vector.map((value) => value / length)
}
