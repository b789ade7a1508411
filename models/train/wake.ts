/**
 * Trains the wake phrase that comes with the product, `models/wake/hey-zenglow.json`, on computed speech:
 *
 *     node models/train/wake.ts              prints the figures, writes nothing
 *     node models/train/wake.ts --write      also writes the head
 *     node models/train/wake.ts --minutes 4  stops reading aloud after so long; the next run goes on
 *     node models/train/wake.ts --cache DIR  where voices, clips and features are kept; default `.cache/wake`
 *
 * Needs the models `wake-features` and `hibari-heart` (`zenglow models pull`); other voices are fetched, some 130 MB. It takes half an hour
 * on two cores, most of it reading aloud. The same clips give the same head.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import { loadConfig } from "#core/config.ts"
import { createWakeHead } from "#engines/speech/wakeHead.ts"
import { embedExamples, type Windows, windowWidth } from "./wake/features.ts"
import { fetchVoices } from "./wake/fetchVoices.ts"
import { fitHead } from "./wake/fit.ts"
import { headFile } from "./wake/headFile.ts"
import type { ClipKind, PlannedClip } from "./wake/plan.ts"
import { synthesise } from "./wake/synthesise.ts"

const { values } = parseArgs({
  options: {
    write: { type: "boolean", default: false },
    cache: { type: "string", default: fileURLToPath(new URL("../../.cache/wake", import.meta.url)) },
    minutes: { type: "string", default: "600" },
  },
})
const target = fileURLToPath(new URL("../wake/hey-zenglow.json", import.meta.url))
const { modelsDir } = loadConfig({}, process.env)
const clipsDir = join(values.cache, "clips")
const voicesDir = join(values.cache, "voices")
/** Examples of each clip: the more telling, the more. */
const times: Readonly<Record<ClipKind, number>> = { phrase: 4, near: 1, speech: 1 }
const seeds: Readonly<Record<ClipKind, number>> = { phrase: 1, near: 2, speech: 3 }
const fitting = { seed: 7, epochs: 4, batch: 64, rate: 2e-3, decay: 1e-4, jitter: 0.3, phraseWeight: 3 }

mkdirSync(values.cache, { recursive: true })
await fetchVoices(voicesDir, say)
const plan = await synthesise({
  voicesDir,
  hibariDir: join(modelsDir, "hibari-heart"),
  clipsDir,
  minutes: Number(values.minutes),
  say,
})
if (plan) await train(plan)

async function train(clips: readonly PlannedClip[]): Promise<void> {
  const embed = (part: PlannedClip["part"], kind: ClipKind, count: number): Promise<Windows> =>
    embedExamples({
      clips: clips.filter((clip) => clip.part === part),
      clipsDir,
      models: {
        melPath: join(modelsDir, "wake-features", "melspectrogram.onnx"),
        embeddingPath: join(modelsDir, "wake-features", "embedding_model.onnx"),
      },
      file: join(values.cache, "features", `${part}-${kind}-${count}.bin`),
      seed: seeds[kind],
      kind,
      times: count,
      say,
    })
  const sets: Windows[] = []
  for (const kind of ["phrase", "near", "speech"] as const) sets.push(await embed("train", kind, times[kind]))
  const weights = fitHead(sets, fitting, say)
  const threshold = 0.5
  const head = headFile(weights, {
    threshold,
    provenance: {
      method: "Two small layers over openWakeWord's features, Adam on cross-entropy; models/train/wake.ts.",
      data: `${clips.filter(({ part }) => part === "train").length} clips read by Kokoro, Hibari and SVOX Pico, in computed rooms and noises. No recordings of people.`,
      fitting,
    },
  })
  for (const kind of ["phrase", "near", "speech"] as const)
    say(`held-out voices, ${kind}: ${await heard(await embed("test", kind, 2), kind, head)}`)
  const text = `${JSON.stringify(head, null, 2)}\n`
  if (values.write) writeFileSync(target, text)
  say(
    existsSync(target) && readFileSync(target, "utf8") === text ? "the head is up to date" : "the head is another one",
  )
}

/** Of how many examples the phrase is heard somewhere. */
async function heard({ values: windows, examples, count }: Windows, kind: ClipKind, file: ReturnType<typeof headFile>) {
  const head = createWakeHead(file)
  const best = new Map<number, number>()
  for (let at = 0; at < count; at++) {
    const score = await head.score(windows.subarray(at * windowWidth, (at + 1) * windowWidth))
    const example = examples[at] ?? 0
    best.set(example, Math.max(best.get(example) ?? 0, score))
  }
  const over = [...best.values()].filter((score) => score >= file.threshold).length
  return `${over} of ${best.size} ${kind === "phrase" ? "heard" : "taken for the phrase"}`
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
