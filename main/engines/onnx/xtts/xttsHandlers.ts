import { dirname, join } from "node:path"
import type { HostHandlers } from "#core/host/types.ts"
import { createKeepOne } from "../keepOne.ts"
import { createOneAtATime } from "../oneAtATime.ts"
import type { XttsContract, XttsFiles } from "./contract.ts"
import { drawToken, tokenChances } from "./sampling.ts"
import { loadXtts, type XttsModel } from "./xttsModel.ts"
import { piecesForXtts, readXttsTokens, type XttsTokens } from "./xttsTokens.ts"

/** Sound tokens between two pieces of sound: some .9 s, as the original streams. */
const tokensPerPiece = 20

interface Loaded {
  model: XttsModel
  tokens: XttsTokens
}

/** Speech in cloned voices in the child, one sentence at a time. */
export function createXttsHandlers(random: () => number = Math.random): HostHandlers<XttsContract> {
  const kept = createKeepOne<Loaded>(({ model }) => model.release())
  const work = createOneAtATime()
  const load = ({ manifestPath, threads }: XttsFiles): Promise<Loaded> =>
    kept.get(JSON.stringify([manifestPath, threads]), async () => ({
      tokens: await readXttsTokens(join(dirname(manifestPath), "vocab.json")),
      model: await loadXtts(manifestPath, threads),
    }))

  return {
    async "xtts.load"({ model }) {
      await load(model)
      return null
    },
    async "xtts.unload"() {
      await work.run(false, () => kept.drop())
      return null
    },
    "xtts.condition": ({ model, sample, listening }, { signal }) =>
      work.run(false, async () => {
        signal.throwIfAborted()
        return await (await load(model)).model.condition(sample, listening)
      }),
    "xtts.speak": ({ model, text, language, rate, ...conditioning }, { signal, emit }) =>
      work.run(true, async () => {
        const { model: xtts, tokens } = await load(model)
        const { sampling, outputRate: sampleRate } = xtts.manifest
        let count = 0
        for (const piece of piecesForXtts(text)) {
          signal.throwIfAborted()
          const vocoder = xtts.vocoder(conditioning.speaker, rate)
          const choose = (logits: Float32Array, seen: ReadonlySet<number>): number =>
            drawToken(tokenChances(logits, seen, sampling), random)
          let fresh = 0
          for await (const { latent } of xtts.generate(tokens.encode(piece, language), conditioning, choose, signal)) {
            vocoder.push(latent)
            count++
            if (++fresh < tokensPerPiece) continue
            fresh = 0
            const samples = await vocoder.take()
            if (samples.length > 0) emit({ samples, sampleRate })
          }
          emit({ samples: await vocoder.end(), sampleRate })
        }
        return { tokens: count }
      }),
  }
}
