import { AppError } from "#core/errors.ts"
import type { HostHandlers } from "#core/host/types.ts"
import { createKeepOne } from "../onnx/keepOne.ts"
import type { MoonshineFiles, SttContract } from "./contract.ts"
import { loadMoonshine, type MoonshineModel } from "./moonshineModel.ts"

/** The child refuses longer pieces: memory and delay grow with the square of the length. */
const sampleLimit = 30 * 16_000

/** Speech-to-text in the child. Utterances are decoded one after the other. */
export function createSttHandlers(): HostHandlers<SttContract> {
  const model = createKeepOne<MoonshineModel>((moonshine) => moonshine.release())
  let last: Promise<unknown> = Promise.resolve()
  const load = (files: MoonshineFiles) => model.get(JSON.stringify(files), () => loadMoonshine(files))

  return {
    async "stt.load"({ files }) {
      await load(files)
      return null
    },
    async "stt.unload"() {
      await last
      await model.drop()
      return null
    },
    async "stt.transcribe"({ files, samples, draft }, { signal }) {
      if (samples.length > sampleLimit) throw new AppError("audio.too-long", "One utterance holds at most 30 s.")
      const decoded = last.then(async () => {
        signal.throwIfAborted()
        return (await load(files)).transcribe(samples, draft, signal)
      })
      last = decoded.catch(() => undefined)
      return decoded
    },
  }
}
