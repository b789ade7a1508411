import type { HostHandlers } from "#core/host/types.ts"
import { createKeepOne } from "../onnx/keepOne.ts"
import type { WakeContract, WakeFiles } from "./contract.ts"
import { loadWakeFeatures, type WakeFeatures, type WakeState } from "./wakeFeatures.ts"
import { loadWakeHead, type WakeHead } from "./wakeHead.ts"

/** Streams and heads kept at once; the one unused for longest is dropped beyond this. */
const streamLimit = 16
const headLimit = 8

/** Wake phrases in the child. Pushes to one stream run in the order they came. */
export function createWakeHandlers(): HostHandlers<WakeContract> {
  const features = createKeepOne<WakeFeatures>((loaded) => loaded.release())
  const heads = createKeepOne<WakeHead>((loaded) => loaded.release(), headLimit)
  const streams = new Map<string, { state: WakeState; last: Promise<unknown> }>()
  const loadFeatures = (files: WakeFiles) =>
    features.get(JSON.stringify([files.melPath, files.embeddingPath]), () => loadWakeFeatures(files))
  const loadHead = (path: string) => heads.get(path, () => loadWakeHead(path))

  return {
    async "wake.load"({ files, headPaths }) {
      await loadFeatures(files)
      for (const path of headPaths) await loadHead(path)
      return null
    },
    async "wake.unload"() {
      await Promise.allSettled([...streams.values()].map((stream) => stream.last))
      streams.clear()
      await features.drop()
      await heads.drop()
      return null
    },
    async "wake.push"({ files, headPaths, stream, samples }) {
      const loaded = await loadFeatures(files)
      const asked = await Promise.all(headPaths.slice(0, headLimit).map(loadHead))
      const kept = streams.get(stream) ?? { state: loaded.start(), last: Promise.resolve() }
      streams.delete(stream)
      streams.set(stream, kept)
      for (const id of streams.keys()) if (streams.size > streamLimit) streams.delete(id)
      const scores = kept.last.then(() => scoreSteps(loaded, asked, kept.state, samples))
      kept.last = scores.catch(() => undefined)
      return { scores: await scores }
    },
    async "wake.close"({ stream }) {
      streams.delete(stream)
      return null
    },
  }
}

async function scoreSteps(
  features: WakeFeatures,
  heads: readonly WakeHead[],
  state: WakeState,
  samples: Float32Array,
): Promise<number[][]> {
  const steps: number[][] = []
  await features.push(state, samples, async (window) => {
    const scores: number[] = []
    for (const head of heads) scores.push(await head.score(window))
    steps.push(scores)
  })
  return steps
}
