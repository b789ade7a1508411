import { open } from "node:fs/promises"
import { createResampler, type Resampler } from "./resample.ts"
import { s16FromSamples } from "./samples.ts"
import type { AudioSink } from "./types.ts"
import { wavHeader, wavHeaderBytes } from "./wavFile.ts"

/**
 * Speech into a mono 16-bit WAV file, as fast as it comes; what is written counts as played. The file is complete after `close`,
 * and readable before: its header is renewed with every drain.
 */
export async function openWavSink(path: string, sampleRate = 24_000): Promise<AudioSink> {
  const file = await open(path, "w")
  await file.write(wavHeader(0, sampleRate), 0, wavHeaderBytes, 0)
  let dataBytes = 0
  let resampler: { rate: number; filter: Resampler } | undefined
  let isClosed = false

  const append = async (samples: Float32Array): Promise<void> => {
    const bytes = s16FromSamples(samples)
    await file.write(bytes, 0, bytes.length, wavHeaderBytes + dataBytes)
    dataBytes += bytes.length
  }
  const finish = async (): Promise<void> => {
    const ended = resampler
    resampler = undefined
    if (ended) await append(ended.filter.end())
    await file.write(wavHeader(dataBytes, sampleRate), 0, wavHeaderBytes, 0)
  }

  return {
    sampleRate,
    async write(samples, rate, signal) {
      signal.throwIfAborted()
      if (resampler?.rate !== rate) {
        await finish()
        resampler = { rate, filter: await createResampler(rate, sampleRate) }
      }
      await append(resampler.filter.push(samples))
    },
    async drain(signal) {
      signal.throwIfAborted()
      await finish()
    },
    flush() {
      resampler?.filter.close()
      resampler = undefined
    },
    playedMs: () => (dataBytes * 500) / sampleRate,
    async close() {
      if (isClosed) return
      isClosed = true
      await finish()
      await file.close()
    },
  }
}
