import type { AudioCodecs } from "#audio/audioCodecs.ts"
import { resample } from "#audio/resample.ts"
import { s16FromSamples } from "#audio/samples.ts"
import { type SoundTags, tagSound } from "#audio/soundTags.ts"
import { concatSamples } from "#core/concatSamples.ts"
import { AppError } from "#core/errors.ts"
import type { TextToSpeech } from "#engines/types.ts"
import type { SpeechFormat } from "#server/deps.ts"
import { withPause } from "#voice/sentencePause.ts"
import { createSentenceSplitter } from "#voice/sentences.ts"
import { speakable } from "#voice/speakable.ts"

export interface TextToSay {
  text: string
  voice: string | undefined
  /** .5..2. */
  speed: number
  format: SpeechFormat
  /** Silence after a sentence. Default 0. */
  pauseMs?: number
  /** What the file says about itself, where the format has room for it. */
  tags?: SoundTags
}

/** 24 kHz: what `pcm` means to clients of the speech API. */
const pcmRate = 24_000

/** A text as sound: `pcm` goes out as it is made, the other formats are whole files. Throws `tts.empty-text`. */
export async function sayAloud(
  tts: TextToSpeech,
  { text, voice, speed, format, pauseMs = 0, tags }: TextToSay,
  codecs: Pick<AudioCodecs, "encodeAudio">,
  signal: AbortSignal,
): Promise<{ contentType: string; bytes: AsyncIterable<Uint8Array> }> {
  const pieces = piecesOf(text)
  if (pieces.length === 0)
    throw new AppError("tts.empty-text", "There is nothing to say in this text.", { remedy: "Send words." })
  const chunks = synthesize(tts, pieces, { voice, rate: speed, pauseMs }, signal)
  // PCM has no header and needs no end.
  if (format === "pcm") return { contentType: "audio/pcm", bytes: streamPcm(chunks) }
  const { bytes, contentType } = await encode(chunks, format, codecs, signal)
  return { contentType, bytes: once(tags ? tagSound(bytes, format, tags) : bytes) }
}

async function* synthesize(
  tts: TextToSpeech,
  pieces: readonly string[],
  { pauseMs, ...options }: { voice: string | undefined; rate: number; pauseMs: number },
  signal: AbortSignal,
): AsyncGenerator<{ samples: Float32Array; sampleRate: number }> {
  for (const piece of pieces) yield withPause(await tts.synthesize(piece, options, signal), piece, pauseMs)
}

async function* streamPcm(
  chunks: AsyncIterable<{ samples: Float32Array; sampleRate: number }>,
): AsyncGenerator<Uint8Array> {
  for await (const { samples, sampleRate } of chunks) yield s16FromSamples(await resample(samples, sampleRate, pcmRate))
}

async function encode(
  chunks: AsyncIterable<{ samples: Float32Array; sampleRate: number }>,
  format: Exclude<SpeechFormat, "pcm">,
  codecs: Pick<AudioCodecs, "encodeAudio">,
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
