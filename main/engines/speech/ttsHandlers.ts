import { join } from "node:path"
import { AppError } from "#core/errors.ts"
import type { HostHandlers } from "#core/host/types.ts"
import { createKeepOne } from "../onnx/keepOne.ts"
import type { TtsContract, TtsVoice } from "./contract.ts"
import { loadHibari } from "./hibari/hibariModel.ts"
import { loadKokoro } from "./kokoro/kokoroModel.ts"
import type { VoiceModel } from "./voiceModel.ts"

/** The child refuses longer texts: one request is one sentence or clause. */
const characterLimit = 4_000
/** Networks kept: somebody who tries voices goes back and forth between two models. */
const modelsKept = 2

/** Text-to-speech in the child. Requests are synthesised one after the other; an abort is seen between clauses. */
export function createTtsHandlers(): HostHandlers<TtsContract> {
  const models = createKeepOne<VoiceModel>((model) => model.release(), modelsKept)
  let last: Promise<unknown> = Promise.resolve()
  const load = ({ engine, dir, weights, threads }: TtsVoice) =>
    models.get(JSON.stringify([engine, dir, weights]), () =>
      engine === "kokoro" ? loadKokoro(dir, { weights, threads }) : loadHibari(dir, weights),
    )
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
      await inOrder(() => models.drop())
      return null
    },
    "tts.synthesize": ({ text, rate, phonemes, ...voice }, { signal }) =>
      inOrder(async () => {
        signal.throwIfAborted()
        if (text.length > characterLimit)
          throw new AppError("request.too-large", `One sentence holds at most ${characterLimit} characters.`)
        const model = await load(voice)
        const stylePath = voice.style === null ? null : join(voice.dir, voice.style)
        const samples = await model.synthesize({ text, rate, stylePath, phonemes }, signal)
        return { samples, sampleRate: model.sampleRate }
      }),
    "tts.phonemize": ({ text, phonemes, ...voice }) =>
      inOrder(async () => ({ phonemes: await (await load(voice)).phonemize(text, phonemes) })),
  }
}
