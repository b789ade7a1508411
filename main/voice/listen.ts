import type { AudioSource } from "#audio/types.ts"
import type { TurnEventBody } from "#contract/turns.ts"
import { AppError } from "#core/errors.ts"
import { createPushQueue, type PushQueue } from "#core/queue.ts"
import type { SpeechToText, Vad, VadStream } from "#engines/types.ts"
import { createRecording } from "./recording.ts"
import { createSpeechGate } from "./speechGate.ts"
import { stablePrefix } from "./stablePrefix.ts"

export interface ListenDeps {
  /** 16 kHz mono; ends when the key is released. Other rates are resampled before. */
  source: AudioSource
  vad: Vad
  speechToText: SpeechToText
}

export interface ListenOptions {
  /** BCP 47; default the model's own. */
  language?: string
  /** Listening ends by itself here. Default 120,000. */
  maximumMs?: number
}

/** What was heard. That nobody spoke is an outcome, not an error. */
export type Heard = { kind: "speech"; text: string } | { kind: "no-speech" }

export type ListenEvent = Extract<
  TurnEventBody,
  { type: "listen-start" | "level" | "stt-partial" | "listen-end" | "stt-end" }
>

const sampleRate = 16_000
const samplesPerMs = sampleRate / 1000
/** One level event per this much audio: at most 20 a second. */
const levelSamples = 50 * samplesPerMs
const vadSamples = 512
const firstPartialMs = 1000
const partialEveryMs = 500

/**
 * Records until the source ends, showing levels and partial captions, then transcribes what was said, trimmed to speech.
 * Throws `audio.unsupported` for another sample rate, and what the engines throw.
 */
export async function* listen(
  deps: ListenDeps,
  options: ListenOptions,
  signal: AbortSignal,
): AsyncGenerator<ListenEvent, Heard> {
  yield { type: "listen-start" }
  const opening = deps.vad.open(signal)
  // Loaded while the person speaks; a failure shows when it is used.
  deps.speechToText.load(signal).catch(() => undefined)
  const stream = await opening
  const events = createPushQueue<ListenEvent>()
  // Ends partial transcriptions at key-up, and everything when the consumer leaves early.
  const keyUp = new AbortController()
  const recorded = record(deps, options, { stream, events }, AbortSignal.any([signal, keyUp.signal]))
  recorded.then(events.end, events.fail)
  let recording: Recorded
  try {
    yield* events
    recording = await recorded
  } finally {
    keyUp.abort()
    await stream.close().catch(() => undefined)
  }

  const { samples, audioMs } = recording
  yield { type: "listen-end", audioMs }
  if (samples === null) return { kind: "no-speech" }
  const { language } = options
  const transcript = await deps.speechToText.transcribe(samples, { language }, signal)
  const text = transcript.text.trim()
  if (text === "") return { kind: "no-speech" }
  const confidence = Math.min(1, Math.exp(transcript.meanLogProbability))
  yield { type: "stt-end", text, audioMs, confidence }
  return { kind: "speech", text }
}

interface Recorded {
  /** From before the first word to after the last; null when nobody spoke. */
  samples: Float32Array | null
  audioMs: number
}

async function record(
  { source, speechToText }: ListenDeps,
  { language, maximumMs = 120_000 }: ListenOptions,
  open: { stream: VadStream; events: PushQueue<ListenEvent> },
  signal: AbortSignal,
): Promise<Recorded> {
  const { stream, events } = open
  const recording = createRecording()
  const gate = createSpeechGate()
  const meter = createMeter()
  let checked = 0
  let transcribedMs = 0
  let transcribedEndMs = 0
  let isTranscribing = false
  let previous = ""
  const recordedMs = (): number => recording.length / samplesPerMs
  const speech = (): Float32Array | null => {
    const region = gate.region(recordedMs())
    return region && recording.slice(Math.round(region.startMs * samplesPerMs), Math.round(region.endMs * samplesPerMs))
  }
  const showPartial = async (samples: Float32Array): Promise<void> => {
    isTranscribing = true
    try {
      const { text } = await speechToText.transcribe(samples, { language }, signal)
      signal.throwIfAborted()
      if (text !== "") events.push({ type: "stt-partial", text, stableChars: stablePrefix(previous, text) })
      previous = text
      isTranscribing = false
    } catch {
      // No further partials: the final transcription meets the same failure and reports it.
    }
  }

  for await (const frame of source.frames(signal)) {
    if (frame.sampleRate !== sampleRate)
      throw new AppError("audio.unsupported", `A voice turn hears ${sampleRate} Hz, not ${frame.sampleRate} Hz.`, {
        remedy: "Send 16 kHz audio.",
      })
    recording.append(frame.samples)
    if (recording.length - checked >= vadSamples) {
      gate.push(await stream.push(recording.slice(checked, recording.length), signal))
      checked = recording.length
    }
    const level = meter.push(frame.samples)
    if (level) events.push({ type: "level", ...level, isSpeech: gate.isSpeech })
    const region = gate.region(recordedMs())
    const isDue =
      region && recordedMs() - Math.max(region.startMs + firstPartialMs, transcribedMs + partialEveryMs) >= 0
    // Once more after the last word: what was said before a pause is shown in the pause.
    const hasMore = region !== null && region.endMs > transcribedEndMs
    const samples = isDue && hasMore && !isTranscribing ? speech() : null
    if (samples) {
      transcribedMs = recordedMs()
      transcribedEndMs = region?.endMs ?? 0
      void showPartial(samples)
    }
    if (recordedMs() >= maximumMs) break
  }
  return { samples: speech(), audioMs: Math.round(recordedMs()) }
}

/** Loudness over the samples since the last reading. */
function createMeter(): { push(samples: Float32Array): { rms: number; peak: number } | null } {
  let sum = 0
  let peak = 0
  let count = 0
  return {
    push(samples) {
      for (const sample of samples) {
        sum += sample * sample
        peak = Math.max(peak, Math.abs(sample))
      }
      count += samples.length
      if (count < levelSamples) return null
      const reading = { rms: Math.sqrt(sum / count), peak }
      sum = 0
      peak = 0
      count = 0
      return reading
    },
  }
}
