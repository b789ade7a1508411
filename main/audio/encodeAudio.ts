import { concatSamples } from "#core/concatSamples.ts"
import { resample } from "./resample.ts"
import { s16FromSamples } from "./samples.ts"
import { writeWav } from "./wavFile.ts"

export type AudioFormat = "wav" | "mp3" | "opus" | "flac" | "pcm"

export interface EncodedAudio {
  bytes: Uint8Array<ArrayBuffer>
  contentType: "audio/wav" | "audio/mpeg" | "audio/ogg" | "audio/flac" | "audio/pcm"
}

const mp3Rates = [8000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000]
/** The encoder leaves out its first 73.5 ms and does not flush its last 80: silence takes their place. */
const opusLeadSeconds = 0.0735
const opusTailSeconds = 0.08
/** Encoders join chunks by copying all they hold: small chunks keep that linear. */
const chunkSamples = 24_000

/**
 * Mono samples as a file's bytes: 16-bit WAV and FLAC, MP3 at 64 kbit/s, Ogg Opus at 32 kbit/s, or bare s16le. Rates a format lacks
 * are resampled up to its next. Runs on the calling thread; the core calls it through `createAudioCodecs`.
 */
export async function encodeAudio(
  samples: Float32Array,
  sampleRate: number,
  format: AudioFormat,
): Promise<EncodedAudio> {
  switch (format) {
    case "wav":
      return { bytes: writeWav(samples, sampleRate), contentType: "audio/wav" }
    case "pcm":
      return { bytes: s16FromSamples(samples), contentType: "audio/pcm" }
    case "flac": {
      const { default: open } = await import("@audio/encode-flac")
      const bytes = encodeWith(await open({ sampleRate, channels: 1, bitDepth: 16 }), clipped(samples))
      return { bytes, contentType: "audio/flac" }
    }
    case "mp3": {
      const { default: open } = await import("@audio/encode-mp3")
      const rate = mp3Rates.find((known) => known >= sampleRate) ?? 48_000
      const encoder = await open({ sampleRate: rate, channels: 1, bitrate: 64 })
      return {
        bytes: encodeWith(encoder, clipped(await resample(samples, sampleRate, rate))),
        contentType: "audio/mpeg",
      }
    }
    case "opus": {
      const { default: open } = await import("@audio/encode-opus")
      const encoder = await open({ sampleRate: 48_000, channels: 1, bitrate: 32 })
      const padded = withSilence(clipped(await resample(samples, sampleRate, 48_000)), 48_000)
      return { bytes: encodeWith(encoder, padded), contentType: "audio/ogg" }
    }
  }
}

interface Encoder {
  encode(channels: Float32Array[]): Uint8Array
  flush(): Uint8Array
  free(): void
}

function encodeWith(encoder: Encoder, samples: Float32Array): Uint8Array<ArrayBuffer> {
  try {
    const parts: Uint8Array[] = []
    // Copies: the encoders may hand out views of memory they reuse.
    for (let at = 0; at < samples.length; at += chunkSamples)
      parts.push(Uint8Array.from(encoder.encode([samples.subarray(at, at + chunkSamples)])))
    parts.push(Uint8Array.from(encoder.flush()))
    const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
    let position = 0
    for (const part of parts) {
      whole.set(part, position)
      position += part.length
    }
    return whole
  } finally {
    encoder.free()
  }
}

function clipped(samples: Float32Array): Float32Array {
  return samples.map((sample) => Math.max(-1, Math.min(1, sample || 0)))
}

function withSilence(samples: Float32Array, sampleRate: number): Float32Array {
  return concatSamples([
    new Float32Array(Math.round(opusLeadSeconds * sampleRate)),
    samples,
    new Float32Array(Math.round(opusTailSeconds * sampleRate)),
  ])
}
