import type { AudioSource } from "#audio/types.ts"
import type { Identification } from "#contract/speakers.ts"
import type { ListeningEvent } from "#contract/tuning.ts"
import type { TurnEventBody } from "#contract/turns.ts"
import { AppError } from "#core/errors.ts"
import { createPushQueue, type PushQueue } from "#core/queue.ts"
import type { SpeechToText, Transcript, TurnDetector, Vad, VadStream } from "#engines/types.ts"
import { endOfTurnWait, type PauseHabit } from "./endpointing.ts"
import { createListeningScores } from "./listeningScores.ts"
import { createRecording } from "./recording.ts"
import { createSpeechGate } from "./speechGate.ts"
import { stablePrefix } from "./stablePrefix.ts"

export interface ListenDeps {
  /** 16 kHz mono; ends when the key is released. Other rates are resampled before. */
  source: AudioSource
  vad: Vad
  speechToText: SpeechToText
  /** Whose voice it was. Null: nobody asks. */
  identify?: ((samples: Float32Array, signal: AbortSignal) => Promise<Identification | null>) | null
  /** Hands-free: listening ends when the person has finished. Null: it ends with the source. */
  endpointing?: { detector: TurnDetector | null; habit: PauseHabit } | null
  /** Hears what the detectors say while somebody speaks. Default: nobody does. */
  onScore?: ((event: ListeningEvent) => void) | null
}

export interface ListenOptions {
  /** BCP 47; default the model's own. */
  language?: string
  /** Listening ends by itself here. Default 120,000. */
  maximumMs?: number
}

/** What was heard. That nobody spoke is an outcome, not an error. */
export type Heard = { kind: "speech"; text: string; speaker: Identification | null } | { kind: "no-speech" }

export type ListenEvent = Extract<
  TurnEventBody,
  { type: "listen-start" | "level" | "stt-partial" | "listen-end" | "speaker" | "stt-end" }
>

const sampleRate = 16_000
const samplesPerMs = sampleRate / 1000
/** One level event per this much audio: at most 20 a second. */
const levelSamples = 50 * samplesPerMs
const vadSamples = 512
const firstPartialMs = 1000
const partialEveryMs = 500
/** A pause that is worth reading what was said so far: it may be the last. */
const pauseMs = 200
/** Hands-free: what opened a turn and was no speech after all keeps nobody waiting. */
const noSpeechMs = 3000

/**
 * Records until the source ends, or hands-free until the person has finished, showing levels and partial captions, then transcribes what
 * was said, trimmed to speech. Throws `audio.unsupported` for another sample rate, and what the engines throw.
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
  const recorded = record(deps, options, { stream, events, keyUp: keyUp.signal }, signal)
  recorded.then(events.end, events.fail)
  let recording: Recorded
  try {
    yield* events
    recording = await recorded
  } finally {
    keyUp.abort()
    await stream.close().catch(() => undefined)
  }

  const { samples, audioMs, reading } = recording
  yield { type: "listen-end", audioMs }
  if (samples === null) return { kind: "no-speech" }
  const { language } = options
  const identifying = deps.identify?.(samples, signal).catch(() => null) ?? null
  const transcript = await (reading?.transcript ?? deps.speechToText.transcribe(samples, { language }, signal))
  const text = transcript.text.trim()
  if (text === "") return { kind: "no-speech" }
  const speaker = await identifying
  if (speaker) {
    const { identified, similarity, threshold } = speaker
    deps.onScore?.({ type: "speaker", similarity, threshold, name: identified?.name ?? null })
    yield { type: "speaker", identified, similarity, threshold }
  }
  const confidence = Math.min(1, Math.exp(transcript.meanLogProbability))
  yield { type: "stt-end", text, audioMs, confidence }
  return { kind: "speech", text, speaker }
}

interface Recorded {
  /** From before the first word to after the last; null when nobody spoke. */
  samples: Float32Array | null
  audioMs: number
  /** What was understood in the pause that turned out to be the last. */
  reading: Reading | null
}

/** What was said up to a pause. */
interface Reading {
  speechEndMs: number
  transcript: Promise<Transcript>
  words: string | null
  completion: number | null
}

async function record(
  { source, speechToText, endpointing, onScore }: ListenDeps,
  { language, maximumMs = 120_000 }: ListenOptions,
  open: { stream: VadStream; events: PushQueue<ListenEvent>; keyUp: AbortSignal },
  signal: AbortSignal,
): Promise<Recorded> {
  const { stream, events } = open
  const recordingSignal = AbortSignal.any([signal, open.keyUp])
  const recording = createRecording()
  const gate = createSpeechGate()
  const meter = createMeter()
  const scores = createListeningScores((event) => onScore?.(event))
  let checked = 0
  let transcribedMs = 0
  let isTranscribing = false
  let previous = ""
  let reading: Reading | null = null
  const recordedMs = (): number => recording.length / samplesPerMs
  const speech = (): Float32Array | null => {
    const region = gate.region(recordedMs())
    return region && recording.slice(Math.round(region.startMs * samplesPerMs), Math.round(region.endMs * samplesPerMs))
  }
  const showWords = (text: string): void => {
    if (text !== "") events.push({ type: "stt-partial", text, stableChars: stablePrefix(previous, text) })
    previous = text
  }
  const showPartial = async (samples: Float32Array): Promise<void> => {
    isTranscribing = true
    try {
      const { text } = await speechToText.transcribe(samples, { language }, recordingSignal)
      recordingSignal.throwIfAborted()
      showWords(text)
      isTranscribing = false
    } catch {
      // No further partials: the final transcription meets the same failure and reports it.
    }
  }
  /** In a pause: what was said so far is read once, and shown; if nothing more comes, it is the final text. */
  const read = (samples: Float32Array, speechEndMs: number): Reading => {
    const started: Reading = {
      speechEndMs,
      transcript: speechToText.transcribe(samples, { language }, signal),
      words: null,
      completion: null,
    }
    started.transcript.then(
      ({ text }) => {
        started.words = text
        if (!open.keyUp.aborted && reading === started) showWords(text)
      },
      // Whoever awaits it last reports the failure.
      () => undefined,
    )
    endpointing?.detector?.completion(samples, signal).then(
      (completion) => {
        started.completion = completion
      },
      // Without it the words and the clock decide.
      () => undefined,
    )
    return started
  }

  for await (const frame of source.frames(recordingSignal)) {
    if (frame.sampleRate !== sampleRate)
      throw new AppError("audio.unsupported", `A voice turn hears ${sampleRate} Hz, not ${frame.sampleRate} Hz.`, {
        remedy: "Send 16 kHz audio.",
      })
    recording.append(frame.samples)
    if (recording.length - checked >= vadSamples) {
      const before = gate.speechEndMs
      const probabilities = await stream.push(recording.slice(checked, recording.length), recordingSignal)
      gate.push(probabilities)
      scores.speech(probabilities)
      checked = recording.length
      // They spoke on after the pause: so long do they pause in mid-turn.
      if (gate.isSpeech && before !== null && reading?.speechEndMs === before)
        endpointing?.habit.note((gate.speechEndMs ?? before) - before)
    }
    const level = meter.push(frame.samples)
    if (level) events.push({ type: "level", ...level, isSpeech: gate.isSpeech })
    const { speechEndMs } = gate
    const silenceMs = speechEndMs === null || gate.isSpeech ? 0 : recordedMs() - speechEndMs
    if (endpointing && speechEndMs === null && recordedMs() >= noSpeechMs) break
    if (speechEndMs !== null && silenceMs >= pauseMs) {
      const samples = reading?.speechEndMs === speechEndMs ? null : speech()
      if (samples) reading = read(samples, speechEndMs)
      if (endpointing && reading) {
        const { completion, words } = reading
        const waitMs = endOfTurnWait({ completion, words, habitMs: endpointing.habit.ms })
        scores.pause({ silenceMs, waitMs, completion })
        if (silenceMs >= waitMs) break
      }
    }
    const region = gate.region(recordedMs())
    const isDue =
      region && recordedMs() - Math.max(region.startMs + firstPartialMs, transcribedMs + partialEveryMs) >= 0
    const samples = isDue && gate.isSpeech && !isTranscribing ? speech() : null
    if (samples) {
      transcribedMs = recordedMs()
      void showPartial(samples)
    }
    if (recordedMs() >= maximumMs) break
  }
  const isWhole = reading !== null && reading.speechEndMs === gate.speechEndMs
  return { samples: speech(), audioMs: Math.round(recordedMs()), reading: isWhole ? reading : null }
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
