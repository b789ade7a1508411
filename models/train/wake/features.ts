import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import {
  embeddingWidth,
  loadWakeFeatures,
  stepSamples,
  type WakeFeatures,
  windowSteps,
} from "#engines/speech/wakeFeatures.ts"
import { createComposer } from "./compose.ts"
import type { PlannedClip } from "./plan.ts"
import { readClip } from "./synthesise.ts"

/** Windows of sixteen embeddings, and whether the phrase was just said in each. */
export interface Windows {
  values: Float32Array
  labels: Uint8Array
  /** The example that a window is of. */
  examples: Uint16Array
  count: number
}

export const windowWidth = windowSteps * embeddingWidth
/** Steps of 80 ms after the phrase's end in which it counts as just said. */
const stepsAfter = { first: 0, last: 4 }
/** What is neither: the end of the phrase is being said, or it is almost gone. */
const doubtful = { before: 0.45, stepsAfter: 10 }
/** Windows without the phrase that are kept: every one of near phrases, every sixth of speech, which changes slowly. */
const everySpeech = 6

/** Embeds so many examples of each clip of one kind. What was embedded before is read from `file`. */
export async function embedExamples(options: {
  clips: readonly PlannedClip[]
  clipsDir: string
  models: { melPath: string; embeddingPath: string }
  file: string
  seed: number
  kind: PlannedClip["kind"]
  /** Examples per clip. */
  times: number
  say(line: string): void
}): Promise<Windows> {
  const { clips, clipsDir, models, file, seed, kind, times, say } = options
  if (existsSync(file)) return readWindows(file)
  const compose = createComposer({ seed, clips, read: (name) => readClip(clipsDir, name) })
  const features = await loadWakeFeatures(models)
  const kept: { value: Float32Array; label: number; example: number }[] = []
  let example = 0
  try {
    for (const clip of clips.filter((each) => each.kind === kind))
      for (let time = 0; time < times; time++) {
        const { samples, phraseStart, phraseEnd } = compose(clip)
        const all = await windowsOf(features, samples)
        for (const [step, value] of all.entries()) {
          const label = labelOf(step, clip.kind, phraseStart, phraseEnd)
          if (label === null || (clip.kind === "speech" && step % everySpeech !== 0)) continue
          kept.push({ value, label, example })
        }
        if (++example % 500 === 0) say(`${kind}: ${example} examples embedded`)
      }
  } finally {
    await features.release()
  }
  const windows: Windows = {
    values: new Float32Array(kept.length * windowWidth),
    labels: Uint8Array.from(kept, ({ label }) => label),
    examples: Uint16Array.from(kept, (each) => each.example),
    count: kept.length,
  }
  for (const [index, { value }] of kept.entries()) windows.values.set(value, index * windowWidth)
  writeWindows(file, windows)
  return windows
}

/** One window for every 80 ms. */
export async function windowsOf(features: WakeFeatures, samples: Float32Array): Promise<Float32Array[]> {
  const windows: Float32Array[] = []
  await features.push(features.start(), samples, async (window) => {
    windows.push(window.slice())
  })
  return windows
}

function labelOf(step: number, kind: PlannedClip["kind"], start: number, end: number | null): 0 | 1 | null {
  if (kind !== "phrase" || end === null) return 0
  const heard = (step + 1) * stepSamples
  const after = (heard - end) / stepSamples
  if (after >= stepsAfter.first && after <= stepsAfter.last) return 1
  if (after > stepsAfter.last) return after > doubtful.stepsAfter ? 0 : null
  return heard < start + doubtful.before * (end - start) ? 0 : null
}

function writeWindows(file: string, { values, labels, examples, count }: Windows): void {
  mkdirSync(join(file, ".."), { recursive: true })
  const head = Buffer.alloc(4)
  head.writeUInt32LE(count)
  const bytes = [values, labels, examples].map((each) => Buffer.from(each.buffer, each.byteOffset, each.byteLength))
  writeFileSync(`${file}.part`, Buffer.concat([head, ...bytes]))
  renameSync(`${file}.part`, file)
}

function readWindows(file: string): Windows {
  const bytes = readFileSync(file)
  const count = bytes.readUInt32LE(0)
  const cut = (from: number, size: number): ArrayBuffer =>
    bytes.buffer.slice(bytes.byteOffset + from, bytes.byteOffset + from + size)
  const valueBytes = count * windowWidth * 4
  return {
    values: new Float32Array(cut(4, valueBytes)),
    labels: new Uint8Array(cut(4 + valueBytes, count)),
    examples: new Uint16Array(cut(4 + valueBytes + count, count * 2)),
    count,
  }
}
