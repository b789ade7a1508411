import type { EngineClient } from "#core/host/types.ts"
import { createHostedModel } from "../hostedModel.ts"
import type { SpeechToText, TranscribeOptions, Vad } from "../types.ts"
import type { SpeechContract, WhisperDecoded, WhisperFiles } from "./contract.ts"
import { createTranscriptGatherer, type DecodedStretch } from "./transcriptGatherer.ts"
import { quietest, type Utterance, utterances } from "./utterances.ts"

export interface WhisperOptions {
  client: EngineClient<SpeechContract>
  model: { id: string; isMultilingual: boolean } & WhisperFiles
  /** Decides what is speech at all: on silence the network itself thanks for watching. */
  vad: Vad
}

const samplesPerMs = 16
const sampleRate = 16_000
/** A window of the model less some room: it hears the last words better when something follows. */
const windows = { longestSeconds: 28, shortestCutSeconds: 14 }
/** Windows from this length on are written with times: shorter ones are one sentence or two. */
const timedSeconds = 12
/** openai/whisper's own limits for text that was not said. */
const noSpeechFloor = 0.6
const logProbabilityFloor = -1
/** Nothing that was understood is this unlikely, however sure the model is that somebody speaks. */
const hopelessFloor = -1.5
const compressionCeiling = 2.4
/** A doubtful window of this length is heard again in two parts. */
const splitSeconds = 6
/** A language heard with this certainty is kept for the rest of a recording. */
const languageCertainty = 0.5

/** Whisper in the speech child: slower than Moonshine, in many languages, with times of sentences inside long audio. */
export function createWhisper({ client, model, vad }: WhisperOptions): SpeechToText {
  const { id, isMultilingual, ...files } = model
  const hosted = createHostedModel(client, {
    load: (signal) => client.request("whisper.load", { files }, { signal }),
    unload: (signal) => client.request("whisper.unload", null, { signal }),
  })

  const decode = (
    samples: Float32Array,
    { language, prompt = "", isTranslation = false }: TranscribeOptions,
    signal: AbortSignal,
  ): Promise<WhisperDecoded> => {
    const hasTimestamps = samples.length >= timedSeconds * sampleRate
    const task = { language: language ?? null, prompt, isTranslation, hasTimestamps }
    return hosted.use(signal, () => client.request("whisper.transcribe", { files, samples, task }, { signal }))
  }

  /** One window, or, where that went wrong, its two halves. */
  const hear = async (
    samples: Float32Array,
    window: Utterance,
    options: TranscribeOptions,
    signal: AbortSignal,
  ): Promise<{ window: Utterance; decoded: WhisperDecoded }[]> => {
    const { start, end } = window
    const decoded = await decode(samples.slice(start, end), options, signal)
    if (!isDoubtful(decoded) || end - start < splitSeconds * sampleRate) return [{ window, decoded }]
    const quarter = (end - start) / 4
    const cut = quietest(samples, Math.round(start + quarter), Math.round(end - quarter))
    const halves: { window: Utterance; decoded: WhisperDecoded }[] = []
    for (const half of [
      { start, end: cut },
      { start: cut, end },
    ])
      halves.push({ window: half, decoded: await decode(samples.slice(half.start, half.end), options, signal) })
    return halves
  }

  return {
    modelId: id,
    isFallback: false,
    canTranslate: isMultilingual,
    loadState: hosted.loadState,
    async load(signal) {
      await Promise.all([vad.load(signal), hosted.load(signal)])
    },
    unload: hosted.unload,
    async transcribe(samples, options, signal) {
      const regions = await vad.regions(samples, signal)
      const gathered = createTranscriptGatherer(regions, options.onSegment)
      let surest = 0
      let spoken = "en"
      let language = isMultilingual ? shortCode(options.language) : "en"
      for (const window of utterances(samples, regions, windows)) {
        signal.throwIfAborted()
        for (const heard of await hear(samples, window, { ...options, ...(language ? { language } : {}) }, signal)) {
          const { decoded } = heard
          if (!isSpeech(decoded)) continue
          const { tokens, meanLogProbability, noSpeechProbability, compressionRatio } = decoded
          gathered.add({
            segments: placed(decoded, heard.window),
            tokenCount: tokens.length,
            meanLogProbability,
            noSpeechProbability,
            compressionRatio,
          })
          if (decoded.languageProbability > surest) {
            surest = decoded.languageProbability
            spoken = decoded.language
          }
          if (surest >= languageCertainty) language = spoken
        }
      }
      return gathered.transcript(options.isTranslation ? "en" : spoken)
    },
  }
}

/** "pt-BR" → "pt". */
const shortCode = (language: string | undefined): string | undefined =>
  language?.split(/[-_]/)[0]?.toLowerCase() || undefined

function placed(decoded: WhisperDecoded, { start, end }: Utterance): DecodedStretch["segments"] {
  const startMs = start / samplesPerMs
  if (decoded.segments.length === 0) return [{ startMs, endMs: end / samplesPerMs, text: decoded.text }]
  return decoded.segments.map((segment) => ({
    startMs: startMs + segment.startMs,
    endMs: startMs + segment.endMs,
    text: segment.text,
  }))
}

function isDoubtful({ ended, compressionRatio, meanLogProbability }: WhisperDecoded): boolean {
  return ended !== "end-mark" || compressionRatio > compressionCeiling || meanLogProbability < logProbabilityFloor
}

function isSpeech({ text, noSpeechProbability, meanLogProbability, compressionRatio }: WhisperDecoded): boolean {
  if (!/[\p{L}\p{N}]/u.test(text) || compressionRatio > compressionCeiling) return false
  if (meanLogProbability >= logProbabilityFloor) return true
  return noSpeechProbability <= noSpeechFloor && meanLogProbability >= hopelessFloor
}
