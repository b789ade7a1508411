import { readFile } from "node:fs/promises"
import type { AudioCodecs } from "#audio/audioCodecs.ts"
import { resample } from "#audio/resample.ts"
import { s16FromSamples } from "#audio/samples.ts"
import type { Clock } from "#core/clock.ts"
import { concatSamples } from "#core/concatSamples.ts"
import { AppError } from "#core/errors.ts"
import type { SpeechToText, TextToSpeech, Vad } from "#engines/types.ts"
import type { SpeechFormat, SpeechService } from "#server/deps.ts"
import { createSentenceSplitter } from "#voice/sentences.ts"
import { speakable } from "#voice/speakable.ts"

export interface SpeechServiceDeps {
  codecs: AudioCodecs
  speechToText(modelId?: string): Promise<SpeechToText | null>
  textToSpeech(): Promise<TextToSpeech | null>
  vad(): Promise<Vad | null>
  llm(): Promise<{ modelId: string } | null>
  defaultVoice(): string | null
  clock: Clock
}

/** 24 kHz: what `pcm` means to clients of the speech API. */
const pcmRate = 24_000
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
    async transcribe(file, signal) {
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
      const { language, prompt, isTranslation = false } = file
      if (isTranslation && !stt.canTranslate)
        throw new AppError("model.incompatible", `${stt.modelId} writes what it hears and translates nothing.`, {
          remedy: "Run `zenglow models pull whisper-base` and name it as the model.",
        })
      const result = await stt.transcribe(decoded.samples, { language, prompt, isTranslation }, signal)
      return {
        model: stt.modelId,
        language: result.language,
        transcript: result.text,
        segments: result.segments.map((segment) => ({
          start: segment.startMs / 1000,
          end: segment.endMs / 1000,
          text: segment.text,
        })),
        duration_s: decoded.durationMs / 1000,
        timings: { decode_ms: decodedAt - started, vad_ms: 0, stt_ms: clock.monotonic() - decodedAt },
      }
    },

    async speak(request, signal) {
      const tts = await voiceModel()
      const voice = request.voice ?? deps.defaultVoice() ?? undefined
      if (voice !== undefined && !tts.voices().some(({ id }) => id === voice)) {
        throw new AppError("tts.unknown-voice", `There is no voice named ${voice.slice(0, 60)}.`, {
          remedy: `Voices: ${tts
            .voices()
            .map(({ id }) => id)
            .join(", ")}.`,
        })
      }
      const pieces = piecesOf(request.text)
      if (pieces.length === 0)
        throw new AppError("tts.empty-text", "There is nothing to say in this text.", { remedy: "Send words." })
      const chunks = synthesize(tts, pieces, { voice, rate: request.speed }, signal)
      // PCM has no header and needs no end: it goes out as it is made. The others are whole files.
      if (request.format === "pcm") return { contentType: "audio/pcm", bytes: streamPcm(chunks) }
      const encoded = await encode(chunks, request.format, codecs, signal)
      return { contentType: encoded.contentType, bytes: once(encoded.bytes) }
    },

    async voices() {
      const tts = await deps.textToSpeech()
      if (!tts) return { voices: [], default: null }
      const voices = tts.voices()
      const chosen = deps.defaultVoice() ?? voices[0]?.id ?? null
      return {
        voices: voices.map((voice) => ({
          ...voice,
          model: tts.modelId,
          isDefault: voice.id === chosen,
          isInstalled: true,
        })),
        default: chosen,
      }
    },

    async status() {
      const [llm, stt, tts, vad] = await Promise.all([deps.llm(), deps.speechToText(), deps.textToSpeech(), deps.vad()])
      return {
        can_think: true,
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

async function* synthesize(
  tts: TextToSpeech,
  pieces: readonly string[],
  options: { voice: string | undefined; rate: number },
  signal: AbortSignal,
): AsyncGenerator<{ samples: Float32Array; sampleRate: number }> {
  for (const piece of pieces) yield await tts.synthesize(piece, options, signal)
}

async function* streamPcm(
  chunks: AsyncIterable<{ samples: Float32Array; sampleRate: number }>,
): AsyncGenerator<Uint8Array> {
  for await (const { samples, sampleRate } of chunks) yield s16FromSamples(await resample(samples, sampleRate, pcmRate))
}

async function encode(
  chunks: AsyncIterable<{ samples: Float32Array; sampleRate: number }>,
  format: Exclude<SpeechFormat, "pcm">,
  codecs: AudioCodecs,
  signal: AbortSignal,
): Promise<{ bytes: Uint8Array; contentType: string }> {
  const parts: Float32Array[] = []
  let rate = pcmRate
  for await (const { samples, sampleRate } of chunks) {
    parts.push(samples)
    rate = sampleRate
  }
  return await codecs.encodeAudio(concatSamples(parts), rate, format, signal)
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

/** Speakable pieces that are synthesised one after another, so that the first is heard early. */
function piecesOf(text: string): string[] {
  const splitter = createSentenceSplitter()
  return [...splitter.push(text), ...splitter.end()]
    .map((piece) => speakable(piece.text))
    .filter((spoken) => spoken.trim() !== "")
}
