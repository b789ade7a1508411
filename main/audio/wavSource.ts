import { readFile } from "node:fs/promises"
import { AppError } from "#core/errors.ts"
import type { DecodedAudio, DecodeOptions } from "./decodeAudio.ts"
import { createSamplesSource } from "./samplesSource.ts"
import type { AudioSource } from "./types.ts"

export interface WavSourceDeps {
  decodeAudio: (bytes: Uint8Array, options: DecodeOptions, signal: AbortSignal) => Promise<DecodedAudio>
}

/** A sound file as a microphone at 16 kHz. Any format `decodeAudio` reads. Throws its errors, `audio.damaged` for an unreadable file. */
export async function openWavSource(path: string, deps: WavSourceDeps, signal: AbortSignal): Promise<AudioSource> {
  const bytes = await readFile(path, { signal }).catch((cause) => {
    signal.throwIfAborted()
    throw new AppError("audio.damaged", "The sound file cannot be opened.", { remedy: "Check the path.", cause })
  })
  const { samples, sampleRate } = await deps.decodeAudio(bytes, { sampleRate: 16_000, filename: path }, signal)
  return createSamplesSource(samples, sampleRate)
}
