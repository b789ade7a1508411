import type { AudioCodecs } from "#audio/audioCodecs.ts"
import { AppError } from "#core/errors.ts"
import type { SpeechToText } from "#engines/types.ts"
import type { Transcribe } from "#rag/createDocumentReader.ts"
import type { NamesOf } from "./speakerNames.ts"

const listenRate = 16_000
/** A shorter "yes" says too little about its voice: it belongs to whoever speaks. */
const shortestTellingMs = 1500

/** Speech of recordings for the document index: decoded away from the core's loop, heard by the installed model. */
export function createTranscriber(deps: {
  codecs: Pick<AudioCodecs, "decodeAudio">
  speechToText(): Promise<SpeechToText | null>
  namesOf: NamesOf
}): Transcribe {
  return async ({ bytes, fileName, actor }, signal) => {
    const model = await deps.speechToText()
    if (!model) {
      throw new AppError("model.missing", "Recordings need the speech-to-text model, which is not installed.", {
        remedy: "Open Models to install it, then read the file again.",
      })
    }
    const options = { filename: fileName, sampleRate: listenRate }
    const { samples } = await deps.codecs.decodeAudio(bytes, options, signal)
    const { segments } = await model.transcribe(samples, {}, signal)
    const names = actor ? await deps.namesOf(actor, samples, segments, signal) : []
    // A recording of nobody who is known is not labelled.
    if (names.every((name) => name === null)) return { segments }
    return {
      segments: segments.map((segment, index) => {
        const name = names[index] ?? null
        const isShort = segment.endMs - segment.startMs < shortestTellingMs
        return name === null && isShort ? segment : { ...segment, speaker: name }
      }),
    }
  }
}
