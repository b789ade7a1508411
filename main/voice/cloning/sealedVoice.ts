import { z } from "zod"
import { AppError } from "#core/errors.ts"
import type { SpeechChunk } from "#engines/types.ts"

/** Encrypts under a place's name; `open` throws when the bytes were changed or come from another place. */
export interface Sealing {
  seal(place: string, plain: string): Promise<string>
  open(place: string, sealed: string): Promise<string>
}

const sample = z.strictObject({
  sampleRate: z.number().int().positive(),
  pcm: z.base64(),
  embedding: z.array(z.number()),
})

/** A sample and what its voice is like, as they are kept: 16 bits per sample. */
export interface KeptSample {
  chunk: SpeechChunk
  embedding: Float32Array
}

export const sealSample = (sealing: Sealing, voiceId: string, { chunk, embedding }: KeptSample): Promise<string> => {
  const pcm = new Int16Array(chunk.samples.length)
  for (let n = 0; n < pcm.length; n++)
    pcm[n] = Math.round(Math.max(-1, Math.min(1, chunk.samples[n] as number)) * 32_767)
  const plain = {
    sampleRate: chunk.sampleRate,
    pcm: Buffer.from(pcm.buffer).toString("base64"),
    embedding: [...embedding],
  }
  return sealing.seal(`${voiceId}/sample`, JSON.stringify(plain))
}

/** Throws `cloning.damaged` when the kept bytes are not what was sealed: a voice that cannot be vouched for is not spoken with. */
export async function openSample(sealing: Sealing, voiceId: string, sealed: string): Promise<KeptSample> {
  return await orDamaged(async () => {
    const { sampleRate, pcm, embedding } = sample.parse(JSON.parse(await sealing.open(`${voiceId}/sample`, sealed)))
    const bytes = Buffer.from(pcm, "base64")
    const samples = new Float32Array(bytes.length >> 1)
    for (let n = 0; n < samples.length; n++) samples[n] = bytes.readInt16LE(2 * n) / 32_767
    return { chunk: { samples, sampleRate }, embedding: Float32Array.from(embedding) }
  })
}

export const sealConditioning = (sealing: Sealing, voiceId: string, bytes: Uint8Array): Promise<string> =>
  sealing.seal(`${voiceId}/conditioning`, Buffer.from(bytes).toString("base64"))

export const openConditioning = (sealing: Sealing, voiceId: string, sealed: string): Promise<Uint8Array> =>
  orDamaged(async () => new Uint8Array(Buffer.from(await sealing.open(`${voiceId}/conditioning`, sealed), "base64")))

export const sealEmbedding = (sealing: Sealing, consentId: string, embedding: Float32Array): Promise<string> =>
  sealing.seal(`${consentId}/consent`, JSON.stringify([...embedding]))

export const openEmbedding = (sealing: Sealing, consentId: string, sealed: string): Promise<Float32Array> =>
  orDamaged(async () =>
    Float32Array.from(z.array(z.number()).parse(JSON.parse(await sealing.open(`${consentId}/consent`, sealed)))),
  )

async function orDamaged<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (cause) {
    if (cause instanceof AppError) throw cause
    throw new AppError("cloning.damaged", "What was kept of this voice is damaged and cannot be used.", {
      remedy: "Erase the voice and clone it again.",
      cause,
    })
  }
}
