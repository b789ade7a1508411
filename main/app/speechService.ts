import { readFile } from "node:fs/promises"
import type { AudioCodecs } from "#audio/audioCodecs.ts"
import type { SoundTags } from "#audio/soundTags.ts"
import type { TranscriptionSegment, Voice } from "#contract/audio.ts"
import type { Actor } from "#core/actor.ts"
import type { Clock } from "#core/clock.ts"
import { AppError } from "#core/errors.ts"
import type { SpeechToText, TextToSpeech, TranscriptSegment, Vad } from "#engines/types.ts"
import type { SpeechService } from "#server/deps.ts"
import { sayAloud } from "./sayAloud.ts"
import type { NamesOf } from "./speakerNames.ts"

export interface SpeechServiceDeps {
  codecs: AudioCodecs
  speechToText(modelId?: string): Promise<SpeechToText | null>
  textToSpeech(): Promise<TextToSpeech | null>
  vad(): Promise<Vad | null>
  /** Whose voice each segment was; empty where no voices are known. */
  namesOf: NamesOf
  llm(): Promise<{ modelId: string } | null>
  defaultVoice(): string | null
  /** Silence after a sentence. */
  sentencePauseMs(): number
  cloned: ClonedVoices
  clock: Clock
}

/** The voices of people who agreed to it, as speech needs them. */
export interface ClonedVoices {
  /** By the id alone. */
  has(voiceId: string): boolean
  /** None are listed before the licence of what speaks in them was accepted. */
  list(actor: Actor): Promise<Omit<Voice, "isDefault" | "isCloned">[]>
  /** Throws `tts.unknown-voice`, `cloning.*`, `model.missing`. */
  voice(actor: Actor, voiceId: string): Promise<{ tts: TextToSpeech; tags: SoundTags }>
}

const segmentOf = (segment: TranscriptSegment): TranscriptionSegment => ({
  start: segment.startMs / 1000,
  end: segment.endMs / 1000,
  text: segment.text,
  ...(segment.words
    ? { words: segment.words.map(({ word, startMs, endMs }) => ({ word, start: startMs / 1000, end: endMs / 1000 })) }
    : {}),
  ...(segment.meanLogProbability === undefined ? {} : { avg_logprob: segment.meanLogProbability }),
  ...(segment.noSpeechProbability === undefined ? {} : { no_speech_prob: segment.noSpeechProbability }),
  ...(segment.compressionRatio === undefined ? {} : { compression_ratio: segment.compressionRatio }),
})

const listenRate = 16_000

/** Transcription and speech for the HTTP routes. */
export function createSpeechService(deps: SpeechServiceDeps): SpeechService {
  const { codecs, clock } = deps

  const voiceModel = async (): Promise<TextToSpeech> => {
    const tts = await deps.textToSpeech()
    if (tts) return tts
    throw new AppError("model.missing", "No voice is installed.", { remedy: "Run `zenglow models pull hibari-heart`." })
  }

  return {
    async transcribe(actor, file, signal) {
      const started = clock.monotonic()
      const decoded = await codecs.decodeAudio(
        await readFile(file.path),
        { filename: file.name, sampleRate: listenRate },
        signal,
      )
      const decodedAt = clock.monotonic()
      const stt = await deps.speechToText(file.model)
      if (!stt)
        throw new AppError("model.missing", "No speech-to-text model is installed.", {
          remedy: "Run `zenglow models pull moonshine-tiny-en`.",
        })
      const { language, prompt, isTranslation = false, onSegment } = file
      if (isTranslation && !stt.canTranslate)
        throw new AppError("model.incompatible", `${stt.modelId} writes what it hears and translates nothing.`, {
          remedy: "Run `zenglow models pull whisper-base` and name it as the model.",
        })
      const tellSegment = onSegment && ((found: TranscriptSegment) => onSegment(segmentOf(found)))
      const options = { language, prompt, isTranslation, ...(tellSegment ? { onSegment: tellSegment } : {}) }
      const result = await stt.transcribe(decoded.samples, options, signal)
      const names = await deps.namesOf(actor, decoded.samples, result.segments, signal)
      return {
        model: stt.modelId,
        language: result.language,
        transcript: result.text,
        segments: result.segments.map((segment, index) => {
          const speaker = names[index]
          return { ...segmentOf(segment), ...(speaker ? { speaker } : {}) }
        }),
        duration_s: decoded.durationMs / 1000,
        timings: { decode_ms: decodedAt - started, vad_ms: 0, stt_ms: clock.monotonic() - decodedAt },
      }
    },

    async speak(actor, request, signal) {
      const voice = request.voice ?? deps.defaultVoice() ?? undefined
      if (voice !== undefined && deps.cloned.has(voice)) {
        const { tts, tags } = await deps.cloned.voice(actor, voice)
        return { ...(await sayAloud(tts, { ...request, voice, tags }, codecs, signal)), isCloned: true }
      }
      const tts = await voiceModel()
      if (voice !== undefined && !tts.voices().some(({ id }) => id === voice)) {
        throw new AppError("tts.unknown-voice", `There is no voice named ${voice.slice(0, 60)}.`, {
          remedy: `Voices: ${tts
            .voices()
            .map(({ id }) => id)
            .join(", ")}.`,
        })
      }
      return await sayAloud(tts, { ...request, voice, pauseMs: deps.sentencePauseMs() }, codecs, signal)
    },

    async voices(actor) {
      const [tts, cloned] = await Promise.all([deps.textToSpeech(), deps.cloned.list(actor)])
      const stock = tts?.voices() ?? []
      const chosen = deps.defaultVoice() ?? stock[0]?.id ?? null
      return {
        voices: [
          ...stock.map((voice) => ({
            ...voice,
            model: voice.model ?? tts?.modelId ?? "",
            isDefault: voice.id === chosen,
            isInstalled: true,
            isCloned: false,
          })),
          ...cloned.map((voice) => ({ ...voice, isDefault: voice.id === chosen, isCloned: true })),
        ],
        default: chosen,
      }
    },

    async status() {
      const [llm, stt, tts, vad] = await Promise.all([deps.llm(), deps.speechToText(), deps.textToSpeech(), deps.vad()])
      return {
        can_think: llm !== null,
        can_listen: stt !== null && vad !== null,
        can_speak: tts !== null,
        models: {
          llm: llm?.modelId ?? null,
          stt: stt?.modelId ?? null,
          tts: tts?.modelId ?? null,
          vad: vad?.modelId ?? null,
        },
      }
    },
  }
}
