import type { AudioSink } from "#audio/types.ts"
import type { TurnEventBody } from "#contract/turns.ts"
import { untilAborted } from "#core/untilAborted.ts"
import type { SpeechChunk, TextToSpeech } from "#engines/types.ts"
import { withPause } from "./sentencePause.ts"
import { type SaidPiece, type SpokenPart, saidPieces } from "./spokenParts.ts"

/** Where speech comes from and goes to. */
export interface SpeechOutput {
  tts: TextToSpeech
  /** Flushed at an abort; closed by whoever opened it. */
  sink: AudioSink
  /** Default: the engine's first voice. */
  voice?: string
  /** .5..2. Default 1. */
  rate?: number
  /** Silence after a sentence. Default 0. */
  pauseMs?: number
  /** The socket stream that carries the audio; null where it does not go to a client. */
  streamId: number | null
  /** Passages behind a range of the answer's text, where that is known already. */
  citationsOf?(start: number, end: number): number[]
}

export type SpeechEvent = Extract<TurnEventBody, { type: "speech-start" | "caption" | "speech-end" }>

interface Utterance {
  piece: SaidPiece
  chunk: SpeechChunk
}

/** A piece handed to the sink: where it lies in the text and in the sound. */
interface Caption {
  piece: SaidPiece
  startMs: number
  durationMs: number
}

/**
 * Speaks a text while it is being written: each sentence is synthesised while the one before plays. Nothing to say gives no events.
 * An abort flushes the sink at once and still yields `speech-end`, with what was heard; it is not thrown. A failing voice throws its error
 * after the sentences before it were heard and `speech-end` was yielded.
 */
export async function* speak(
  parts: AsyncIterable<SpokenPart>,
  output: SpeechOutput,
  signal: AbortSignal,
): AsyncGenerator<SpeechEvent, void> {
  const { sink } = output
  /** How far the answer counts as told without being said. */
  let toldChars = 0
  const pieces = saidPieces(parts, (end) => {
    toldChars = end
  })
  const utterances = synthesizeEach(pieces, output, signal)
  const captions: Caption[] = []
  const playedBefore = sink.playedMs()
  let playedMs: number | undefined
  let audioMs = 0
  let hasStarted = false
  let failure: { error: unknown } | undefined
  const stop = (): void => {
    playedMs ??= sink.playedMs() - playedBefore
    sink.flush()
  }
  signal.addEventListener("abort", stop, { once: true })
  try {
    let upcoming = utterances.next()
    for (;;) {
      const { value: utterance, done } = await untilAborted(upcoming, signal)
      if (done) break
      upcoming = utterances.next()
      upcoming.catch(() => undefined)
      const { piece, chunk } = utterance
      const durationMs = (chunk.samples.length * 1000) / chunk.sampleRate
      if (!hasStarted) yield speechStart(output)
      hasStarted = true
      yield captionOf(piece, { index: captions.length, startMs: audioMs, durationMs }, output)
      if (signal.aborted) break
      captions.push({ piece, startMs: audioMs, durationMs })
      audioMs += durationMs
      await sink.write(chunk.samples, chunk.sampleRate, signal)
    }
  } catch (error) {
    failure = { error }
  }
  try {
    if (captions.length > 0) await sink.drain(signal)
  } catch (error) {
    failure ??= { error }
  } finally {
    signal.removeEventListener("abort", stop)
  }
  if (hasStarted) {
    const isWhole = playedMs === undefined
    const heard = isWhole
      ? { chars: Math.max(toldChars, captions.at(-1)?.piece.end ?? 0), ms: audioMs }
      : heardOf(captions, playedMs ?? 0)
    yield { type: "speech-end", heardChars: heard.chars, audioMs: heard.ms }
  }
  if (failure && !signal.aborted) throw failure.error
}

function speechStart({ tts, sink, voice, streamId }: SpeechOutput): SpeechEvent {
  const name = voice ?? tts.voices()[0]?.id ?? tts.modelId
  return { type: "speech-start", voice: name, sampleRate: sink.sampleRate, streamId }
}

function captionOf(
  { text, spoken, start, end, isAside, citation }: SaidPiece,
  place: { index: number; startMs: number; durationMs: number },
  { citationsOf }: SpeechOutput,
): SpeechEvent {
  const citations = citation === undefined ? (citationsOf?.(start, end) ?? []) : [citation]
  return {
    type: "caption",
    ...place,
    text: text.trim(),
    spoken,
    ...(isAside ? { isAside } : {}),
    ...(citations.length > 0 ? { citations } : {}),
  }
}

async function* synthesizeEach(
  pieces: AsyncIterable<SaidPiece>,
  { tts, voice, rate, pauseMs = 0 }: SpeechOutput,
  signal: AbortSignal,
): AsyncGenerator<Utterance, void> {
  for await (const piece of pieces) {
    const chunk = await tts.synthesize(piece.spoken, { voice, rate }, signal)
    yield { piece, chunk: withPause(chunk, piece.spoken, pauseMs) }
  }
}

/** How far into the text the listener came: whole pieces, and of the piece being played its share, back to a word's end. */
function heardOf(captions: readonly Caption[], playedMs: number): { chars: number; ms: number } {
  let chars = 0
  let ms = 0
  for (const { piece, startMs, durationMs } of captions) {
    const share = (playedMs - startMs) / durationMs
    if (share <= 0) break
    if (share >= 1) {
      chars = piece.end
      ms = startMs + durationMs
      continue
    }
    ms = playedMs
    if (piece.isAside) continue
    const reached = piece.text.slice(0, Math.floor(share * piece.text.length) + 1)
    const words = /^[\s\S]*\S(?=\s)/.exec(reached)?.[0] ?? ""
    chars = piece.start + words.length
  }
  return { chars, ms }
}
