import { type InferenceSession, Tensor } from "onnxruntime-node"
import type { HostHandlers } from "#core/host/types.ts"
import { createKeepOne } from "../onnx/keepOne.ts"
import { openSession } from "../onnx/session.ts"
import type { TurnContract } from "./contract.ts"
import { whisperMel } from "./whisperMel.ts"

/** The model hears the last 8 s at 16 kHz. */
const heardSamples = 128_000
const bins = 80

/** Smart Turn v3 (BSD-2-Clause) in the child: has the person finished? One thread, some 60 ms. */
export function createTurnHandlers(): HostHandlers<TurnContract> {
  const session = createKeepOne<InferenceSession>((opened) => opened.release())
  const load = (modelPath: string) =>
    session.get(modelPath, () => openSession(modelPath, { threads: 1, inputs: ["input_features"], keepsArena: false }))

  return {
    async "turn.load"({ modelPath }) {
      await load(modelPath)
      return null
    },
    async "turn.unload"() {
      await session.drop()
      return null
    },
    async "turn.complete"({ modelPath, samples }) {
      const network = await load(modelPath)
      const features = whisperMel(normalised(samples))
      const input = new Tensor("float32", features, [1, bins, features.length / bins])
      const output = await network.run({ input_features: input })
      // Named logits, but already a probability.
      return { probability: Number(output.logits?.data[0]) }
    },
  }
}

/** The last 8 s, silence before shorter speech, with a mean of zero and a variance of one. */
function normalised(samples: Float32Array): Float32Array {
  const heard = new Float32Array(heardSamples)
  const last = samples.subarray(Math.max(0, samples.length - heardSamples))
  heard.set(last, heardSamples - last.length)
  let mean = 0
  for (const sample of heard) mean += sample
  mean /= heardSamples
  let variance = 0
  for (const sample of heard) variance += (sample - mean) ** 2
  const scale = 1 / Math.sqrt(variance / heardSamples + 1e-7)
  return heard.map((sample) => (sample - mean) * scale)
}
