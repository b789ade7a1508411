import type { HostHandlers } from "#core/host/types.ts"
import { createKeepOne } from "../onnx/keepOne.ts"
import type { VadContract } from "./contract.ts"
import { loadSilero, type SileroModel, type SileroState } from "./sileroModel.ts"

/** Streams kept at once; the one unused for longest is dropped beyond this. */
const streamLimit = 64

/** Voice activity in the child. Pushes to one stream run in the order they came. */
export function createVadHandlers(): HostHandlers<VadContract> {
  const model = createKeepOne<SileroModel>((silero) => silero.release())
  const streams = new Map<string, { state: SileroState; last: Promise<unknown> }>()
  const load = (modelPath: string) => model.get(modelPath, () => loadSilero(modelPath))

  return {
    async "vad.load"({ modelPath }) {
      await load(modelPath)
      return null
    },
    async "vad.unload"() {
      await Promise.allSettled([...streams.values()].map((stream) => stream.last))
      streams.clear()
      await model.drop()
      return null
    },
    async "vad.push"({ modelPath, stream, samples }) {
      const silero = await load(modelPath)
      const kept = streams.get(stream) ?? { state: silero.start(), last: Promise.resolve() }
      streams.delete(stream)
      streams.set(stream, kept)
      for (const id of streams.keys()) if (streams.size > streamLimit) streams.delete(id)
      const probabilities = kept.last.then(() => silero.push(kept.state, samples))
      kept.last = probabilities.catch(() => undefined)
      return { probabilities: await probabilities }
    },
    async "vad.close"({ stream }) {
      streams.delete(stream)
      return null
    },
  }
}
