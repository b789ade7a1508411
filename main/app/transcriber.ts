import type { AudioCodecs } from "#audio/audioCodecs.ts"
import { AppError } from "#core/errors.ts"
import type { SpeechToText } from "#engines/types.ts"
import type { Transcribe } from "#rag/createDocumentReader.ts"

const listenRate = 16_000

/** Speech of recordings for the document index: decoded away from the core's loop, heard by the installed model. */
export function createTranscriber(deps: {
  codecs: Pick<AudioCodecs, "decodeAudio">
  speechToText(): Promise<SpeechToText | null>
}): Transcribe {
  return async ({ bytes, fileName }, signal) => {
    const model = await deps.speechToText()
    if (!model) {
      throw new AppError("model.missing", "Recordings need the speech-to-text model, which is not installed.", {
        remedy: "Open Models to install it, then read the file again.",
      })
    }
    const options = { filename: fileName, sampleRate: listenRate }
    const { samples } = await deps.codecs.decodeAudio(bytes, options, signal)
    return await model.transcribe(samples, {}, signal)
  }
}
