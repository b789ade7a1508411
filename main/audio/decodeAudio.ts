import { concatSamples } from "#core/concatSamples.ts"
import { AppError } from "#core/errors.ts"
import { mixDown } from "./mixDown.ts"
import { openPcmStream } from "./pcmBlocks.ts"
import { createResampler, type Resampler } from "./resample.ts"
import { sniffAudio } from "./sniffAudio.ts"

export interface DecodeOptions {
  mime?: string
  filename?: string
  /** Rate of the result. Default: the file's own. Give 16,000 for speech-to-text: long files then need a third of the memory. */
  sampleRate?: number
  /** Default 60 minutes. */
  maxDurationMs?: number
}

export interface DecodedAudio {
  /** Mono. */
  samples: Float32Array
  sampleRate: number
  durationMs: number
  /** What was wrong and could be repaired, in words; null for a sound file. */
  note: string | null
}

const defaultMaxDurationMs = 60 * 60_000

/**
 * A sound file as mono samples: WAV, MP3, FLAC, Ogg Opus, Ogg Vorbis, WebM with Opus. What a file is, its bytes say.
 * Runs on the calling thread, for seconds on long files: the core calls it through `createAudioCodecs`.
 * Throws `audio.damaged`, `audio.unsupported`, `audio.too-long`.
 */
export async function decodeAudio(
  bytes: Uint8Array,
  options: DecodeOptions,
  signal: AbortSignal,
): Promise<DecodedAudio> {
  signal.throwIfAborted()
  if (bytes.length === 0) throw damaged("The file is empty.")
  const stream = await openPcmStream(bytes, sniffAudio(bytes, options))
  const maxDurationMs = options.maxDurationMs ?? defaultMaxDurationMs
  const parts: Float32Array[] = []
  let resampler: Resampler | undefined
  let sourceRate = 0
  let frames = 0
  try {
    for await (const { channels, sampleRate } of stream.blocks()) {
      signal.throwIfAborted()
      const mono = mixDown(channels, stream.order)
      if (mono.length === 0) continue
      if (sourceRate === 0) {
        sourceRate = sampleRate
        resampler = await createResampler(sampleRate, options.sampleRate ?? sampleRate)
      }
      // A second rate inside one file is a broken header inside the stream, not music.
      if (sampleRate !== sourceRate) break
      frames += mono.length
      if ((frames * 1000) / sourceRate > maxDurationMs) throw tooLong(maxDurationMs)
      if (resampler) parts.push(resampler.push(mono))
    }
    if (resampler) parts.push(resampler.end())
  } finally {
    resampler?.close()
  }
  if (frames === 0) throw damaged("No sound could be read from the file.")
  return {
    samples: concatSamples(parts),
    sampleRate: options.sampleRate ?? sourceRate,
    durationMs: (frames * 1000) / sourceRate,
    note: stream.note(),
  }
}

const damaged = (message: string) =>
  new AppError("audio.damaged", message, {
    remedy: "Open it in a player; if it does not play, record or export it again.",
  })

const tooLong = (maxDurationMs: number) =>
  new AppError("audio.too-long", `The recording is longer than ${Math.round(maxDurationMs / 60_000)} minutes.`, {
    remedy: "Cut it into shorter files.",
  })
