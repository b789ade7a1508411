import { readFile } from "node:fs/promises"
import { decodeAudio } from "#audio/decodeAudio.ts"

/** One of the spoken questions, 16 kHz. */
export async function clip(name: string): Promise<Float32Array> {
  const bytes = await readFile(new URL(`../fixtures/speech/${name}.opus`, import.meta.url))
  return (await decodeAudio(bytes, { sampleRate: 16_000, filename: `${name}.opus` }, new AbortController().signal))
    .samples
}
