import { AppError } from "#core/errors.ts"
import type { HostHandlers } from "#core/host/types.ts"
import { createKeepOne } from "../onnx/keepOne.ts"
import type { WhisperContract, WhisperFiles } from "./contract.ts"
import { loadWhisper, type WhisperModel } from "./whisperModel.ts"

const sampleLimit = 30 * 16_000

/** Whisper in the child. Windows are decoded one after the other. */
export function createWhisperHandlers(): HostHandlers<WhisperContract> {
  const model = createKeepOne<WhisperModel>((whisper) => whisper.release())
  let last: Promise<unknown> = Promise.resolve()
  const load = (files: WhisperFiles) => model.get(JSON.stringify(files), () => loadWhisper(files))

  return {
    async "whisper.load"({ files }) {
      await load(files)
      return null
    },
    async "whisper.unload"() {
      await last
      await model.drop()
      return null
    },
    async "whisper.transcribe"({ files, samples, task }, { signal }) {
      if (samples.length > sampleLimit) throw new AppError("audio.too-long", "One window holds at most 30 s.")
      const decoded = last.then(async () => {
        signal.throwIfAborted()
        return (await load(files)).transcribe(samples, task, signal)
      })
      last = decoded.catch(() => undefined)
      return decoded
    },
  }
}
