import { AppError } from "#core/errors.ts"
import type { HostHandlers } from "#core/host/types.ts"
import { createKeepOne } from "../onnx/keepOne.ts"
import type { TtsContract, TtsVoice } from "./contract.ts"
import { type HibariModel, loadHibari } from "./hibari/hibariModel.ts"
import { sampleRate } from "./hibari/synthesizeWave.ts"

/** The child refuses longer texts: one request is one sentence or clause. */
const characterLimit = 4_000

/** Text-to-speech in the child. Requests are synthesised one after the other; an abort is seen between clauses. */
export function createTtsHandlers(): HostHandlers<TtsContract> {
  const model = createKeepOne<HibariModel>((hibari) => hibari.release())
  let last: Promise<unknown> = Promise.resolve()
  const load = ({ dir, voiceFile }: TtsVoice) =>
    model.get(JSON.stringify([dir, voiceFile]), () => loadHibari(dir, voiceFile))
  const inOrder = <T>(work: () => Promise<T>): Promise<T> => {
    const done = last.then(work)
    last = done.catch(() => undefined)
    return done
  }

  return {
    async "tts.load"(voice) {
      await load(voice)
      return null
    },
    async "tts.unload"() {
      await inOrder(() => model.drop())
      return null
    },
    "tts.synthesize": ({ text, rate, ...voice }, { signal }) =>
      inOrder(async () => {
        signal.throwIfAborted()
        if (text.length > characterLimit)
          throw new AppError("request.too-large", `One sentence holds at most ${characterLimit} characters.`)
        const samples = await (await load(voice)).synthesize(text, rate, signal)
        return { samples, sampleRate }
      }),
    "tts.phonemize": ({ text, ...voice }) =>
      inOrder(async () => ({ phonemes: await (await load(voice)).phonemize(text) })),
  }
}
