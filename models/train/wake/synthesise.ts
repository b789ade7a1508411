import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { resample } from "#audio/resample.ts"
import { s16FromSamples, samplesFromS16 } from "#audio/samples.ts"
import { loadHibari } from "#engines/speech/hibari/hibariModel.ts"
import { openKokoro } from "./kokoro.ts"
import { openPico } from "./pico.ts"
import { type PlannedClip, planClips } from "./plan.ts"
import type { VoiceMaker } from "./voices.ts"

export interface SynthesiseOptions {
  /** The folders `kokoro` and `pico`. */
  voicesDir: string
  /** Folder of the model `hibari-heart`. */
  hibariDir: string
  /** One file of 16 kHz s16le per clip; what is there is kept. */
  clipsDir: string
  /** Stops after this many minutes; the next run goes on. */
  minutes: number
  /** Every so many-th clip, from this one on: several runs can share the work. Default: all. */
  share?: { of: number; number: number }
  say(line: string): void
}

/** Has every planned clip read aloud. Returns the plan once it is complete, else null. */
export async function synthesise(options: SynthesiseOptions): Promise<PlannedClip[] | null> {
  const { voicesDir, hibariDir, clipsDir, minutes, share = { of: 1, number: 0 }, say } = options
  mkdirSync(clipsDir, { recursive: true })
  const kokoroVoices = readdirSync(join(voicesDir, "kokoro"))
    .filter((file) => file.endsWith(".bin"))
    .map((file) => file.slice(0, -4))
    .sort()
  const plan = planClips(kokoroVoices)
  const missing = plan.filter(
    ({ name }, index) => index % share.of === share.number && !existsSync(clipPath(clipsDir, name)),
  )
  say(`${plan.length} clips planned, ${missing.length} to be read`)
  if (missing.length === 0) return plan

  const makers = await openMakers(voicesDir, hibariDir, kokoroVoices)
  const until = performance.now() + minutes * 60_000
  try {
    for (const [done, { name, maker, voice, rate, text }] of missing.entries()) {
      if (performance.now() > until) {
        say(`${missing.length - done} are left for the next run`)
        return null
      }
      const { samples, sampleRate } = await (makers.get(maker) as VoiceMaker).speak(text, voice, rate)
      const path = clipPath(clipsDir, name)
      writeFileSync(`${path}.part`, s16FromSamples(await resample(samples, sampleRate, 16_000)))
      renameSync(`${path}.part`, path)
    }
  } finally {
    for (const maker of makers.values()) await maker.close()
  }
  return plan
}

/** A clip as it was read, 16 kHz. */
export function readClip(clipsDir: string, name: string): Float32Array {
  return samplesFromS16(readFileSync(clipPath(clipsDir, name)))
}

const clipPath = (clipsDir: string, name: string): string => join(clipsDir, `${name}.s16`)

async function openMakers(voicesDir: string, hibariDir: string, kokoroVoices: readonly string[]) {
  const hibari = await loadHibari(hibariDir, "hibari.onnx")
  const vocabulary = JSON.parse(readFileSync(join(hibariDir, "vocab.json"), "utf8")) as Record<string, number>
  const signal = new AbortController().signal
  const makers: VoiceMaker[] = [
    {
      id: "hibari",
      voices: ["heart"],
      speak: async (text, _voice, rate) => ({
        samples: await hibari.synthesize({ text, rate, stylePath: null, phonemes: {} }, signal),
        sampleRate: 24_000,
      }),
      close: () => hibari.release(),
    },
    await openPico(join(voicesDir, "pico")),
    await openKokoro({
      dir: join(voicesDir, "kokoro"),
      voices: kokoroVoices,
      vocabulary: new Map(Object.entries(vocabulary)),
      phonemize: (text) => hibari.phonemize(text, {}),
    }),
  ]
  return new Map(makers.map((maker) => [maker.id, maker]))
}
