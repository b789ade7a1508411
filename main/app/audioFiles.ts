import { readFile, writeFile } from "node:fs/promises"
import { basename } from "node:path"
import { decodeAudio } from "#audio/decodeAudio.ts"
import { resample } from "#audio/resample.ts"
import { writeWav } from "#audio/wavFile.ts"
import { AppError } from "#core/errors.ts"

/** A recording of any supported format as mono samples of the given rate. Throws `request.invalid`, `audio.*`. */
export async function readAudioFile(path: string, sampleRate: number, signal: AbortSignal): Promise<Float32Array> {
  let bytes: Uint8Array
  try {
    bytes = await readFile(path)
  } catch (cause) {
    throw new AppError("request.invalid", `${basename(path)} cannot be read.`, {
      remedy: "Check the path and its permissions.",
      cause,
    })
  }
  const decoded = await decodeAudio(bytes, { filename: basename(path) }, signal)
  return await resample(decoded.samples, decoded.sampleRate, sampleRate)
}

export async function writeWavFile(path: string, samples: Float32Array, sampleRate: number): Promise<void> {
  await writeFile(path, writeWav(samples, sampleRate))
}
