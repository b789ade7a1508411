/** Equal error rates of the speaker encoder on the recordings beside the project: clean, short, and in noise. */

import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { decodeAudio } from "#audio/decodeAudio.ts"
import { concatSamples } from "#core/concatSamples.ts"
import { dot } from "#core/dot.ts"
import { createCampplus } from "#engines/speech/campplus.ts"
import { bootstrapInterval, equalErrorRate } from "../fakes/errorRates.ts"
import { campplusPath, testdataDir } from "../models/modelFiles.ts"
import { startSpeechHost } from "../models/speechHost.ts"

const signal = new AbortController().signal
const folder = testdataDir()
if (!folder) {
  console.log("speakers: not run (no recordings beside the project)")
  process.exit(0)
}
const read = async (path: string): Promise<Float32Array> =>
  (await decodeAudio(readFileSync(path), { sampleRate: 16_000 }, signal)).samples

const known: { speaker: string; samples: Float32Array }[] = []
for (const speaker of readdirSync(join(folder, "speakers", "known")))
  for (const clip of readdirSync(join(folder, "speakers", "known", speaker)))
    known.push({ speaker, samples: await read(join(folder, "speakers", "known", speaker, clip)) })
const cohort: Float32Array[] = []
for (const clip of readdirSync(join(folder, "speakers", "cohort")))
  cohort.push(await read(join(folder, "speakers", "cohort", clip)))
const noise = await read(join(folder, "noise", "noise1.wav"))

const host = startSpeechHost()
const encoder = createCampplus({
  client: host.client,
  model: { id: "campplus-zh-en", modelPath: campplusPath, sha256: "bench" },
})

try {
  const speech = async (samples: Float32Array): Promise<Float32Array> => {
    const regions = await host.vad.regions(samples, signal)
    const parts = regions.map(({ startMs, endMs }) => samples.subarray(startMs * 16, endMs * 16))
    return concatSamples(parts.length > 0 ? parts : [samples])
  }
  const voiced = await Promise.all(known.map(({ samples }) => speech(samples)))
  const strangers = await Promise.all(cohort.map(speech))
  const times: number[] = []
  for (const { name, seconds, snr } of [
    { name: "whole clips", seconds: 30, snr: null },
    { name: "3 s", seconds: 3, snr: null },
    { name: "3 s at 5 dB", seconds: 3, snr: 5 },
    { name: "1.5 s at 5 dB", seconds: 1.5, snr: 5 },
  ]) {
    const embed = async (samples: Float32Array): Promise<Float32Array> => {
      const piece = samples.slice(0, seconds * 16_000)
      const heard = snr === null ? piece : withNoise(piece, noise, snr)
      const begin = performance.now()
      const embedding = await encoder.embed(heard, signal)
      if (seconds === 3) times.push(performance.now() - begin)
      return embedding
    }
    const embeddings: Float32Array[] = []
    for (const samples of voiced) embeddings.push(await embed(samples))
    const others: Float32Array[] = []
    for (const samples of strangers) others.push(await embed(samples))
    const targets: number[] = []
    const impostors: number[] = []
    for (const [a, first] of embeddings.entries()) {
      for (const [b, second] of embeddings.entries())
        if (b > a) (known[a]?.speaker === known[b]?.speaker ? targets : impostors).push(dot(first, second))
      for (const other of others) impostors.push(dot(first, other))
    }
    const rate = equalErrorRate(targets, impostors)
    const [low, high] = bootstrapInterval(targets, impostors, 200, 7)
    console.log(
      `speakers: ${name}: EER ${(100 * rate.rate).toFixed(2)} % [${(100 * low).toFixed(2)}, ${(100 * high).toFixed(2)}] at ${rate.threshold.toFixed(3)}; ${targets.length} target and ${impostors.length} impostor pairs; targets from ${Math.min(...targets).toFixed(2)}, impostors to ${Math.max(...impostors).toFixed(2)}`,
    )
  }
  times.sort((a, b) => a - b)
  console.log(
    `speakers: 3 s of speech embedded in ${(times[times.length >> 1] ?? 0).toFixed(0)} ms p50, ${(times[Math.floor(times.length * 0.95)] ?? 0).toFixed(0)} ms p95`,
  )
} finally {
  await host.client.stop()
}

function withNoise(samples: Float32Array, noise: Float32Array, snrDb: number): Float32Array {
  const power = (x: Float32Array): number => x.reduce((sum, value) => sum + value * value, 0) / x.length
  const scale = Math.sqrt(power(samples) / power(noise) / 10 ** (snrDb / 10))
  return samples.map((value, n) => value + scale * (noise[n % noise.length] as number))
}
