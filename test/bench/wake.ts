/**
 * The wake phrase: heard from voices that it was not trained on, false alarms per hour on recordings of people, and what listening costs.
 *
 *     npm run bench -- wake             clips of the training's cache, recordings beside the project
 *     npm run bench -- wake DIR...      and the recordings in these folders, as more of what is not the phrase
 */
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { decodeAudio } from "#audio/decodeAudio.ts"
import { samplesFromS16 } from "#audio/samples.ts"
import { loadWakeFeatures } from "#engines/speech/wakeFeatures.ts"
import { loadWakeHead, wakeHeadFile } from "#engines/speech/wakeHead.ts"
import { findPhrase } from "#voice/phraseWords.ts"
import { stepsToEnd } from "#voice/wakeGuard.ts"
import { createWakeTrigger, thresholdAt } from "#voice/wakeTrigger.ts"
import { testdataDir, wakeFiles } from "../models/modelFiles.ts"
import { startSpeechHost } from "../models/speechHost.ts"

const signal = new AbortController().signal
const sensitivities = [0.3, 0.5, 0.7]
const clipsDir = fileURLToPath(new URL("../../.cache/wake/clips", import.meta.url))
const file = wakeHeadFile.parse(JSON.parse(readFileSync(wakeFiles.headPath, "utf8")))
const phrase = { ...file, headPath: wakeFiles.headPath }

if (!existsSync(wakeFiles.melPath)) {
  console.log("wake: not run (`zenglow models pull wake-features`)")
  process.exit(0)
}
const features = await loadWakeFeatures(wakeFiles)
const head = await loadWakeHead(wakeFiles.headPath)
const host = startSpeechHost()

/** Scores of every 80 ms. */
async function scoresOf(samples: Float32Array, state = features.start()): Promise<number[]> {
  const scores: number[] = []
  await features.push(state, samples, async (window) => {
    scores.push(await head.score(window))
  })
  return scores
}

/** Where the trigger fires, in steps. */
function alarms(scores: readonly number[], sensitivity: number): number[] {
  const trigger = createWakeTrigger({ phrases: [phrase], sensitivity: () => sensitivity })
  return scores.flatMap((score, step) => (trigger.push([score], step * 80) ? [step] : []))
}

async function isConfirmed(samples: Float32Array, step: number): Promise<boolean> {
  const end = (step + 1 + stepsToEnd) * 1280
  const { text } = await host.stt.transcribe(samples.slice(Math.max(0, end - 32_000), end), {}, signal)
  return findPhrase(text, phrase.spellings) !== null
}

const padded = (samples: Float32Array): Float32Array => {
  const whole = new Float32Array(samples.length + 24_000)
  whole.set(samples, 8000)
  return whole
}

async function hearPhrases(): Promise<void> {
  const names = existsSync(clipsDir) ? readdirSync(clipsDir).filter((name) => name.startsWith("test-phrase")) : []
  if (names.length === 0)
    return console.log("wake: heard from voices that it was not trained on: not run (no clips of the training)")
  const heard = sensitivities.map(() => 0)
  let confirmed = 0
  for (const name of names) {
    const samples = padded(samplesFromS16(readFileSync(join(clipsDir, name))))
    const scores = await scoresOf(samples)
    for (const [index, sensitivity] of sensitivities.entries()) {
      const [first] = alarms(scores, sensitivity)
      if (first === undefined) continue
      heard[index] = (heard[index] ?? 0) + 1
      if (sensitivity === 0.5 && (await isConfirmed(samples, first))) confirmed++
    }
  }
  for (const [index, sensitivity] of sensitivities.entries())
    console.log(
      `wake: sensitivity ${sensitivity} (score ${thresholdAt(file.threshold, sensitivity).toFixed(2)}): heard ${heard[index]} of ${names.length} from voices that it was not trained on`,
    )
  console.log(`wake: of those at 0.5, the words of ${confirmed} were read as the phrase`)
}

/** Recordings one after another, as a microphone would hear them. */
async function hearOthers(name: string, folders: readonly string[]): Promise<void> {
  const state = features.start()
  const fired = sensitivities.map(() => 0)
  let confirmed = 0
  let seconds = 0
  let cpuMs = 0
  let unreadable = 0
  for (const path of folders.flatMap(soundsIn)) {
    const decoded = await decodeAudio(readFileSync(path), { sampleRate: 16_000 }, signal).catch(() => null)
    if (decoded === null) {
      unreadable++
      continue
    }
    const { samples } = decoded
    seconds += samples.length / 16_000
    const before = process.cpuUsage()
    const scores = await scoresOf(samples, state)
    const { user, system } = process.cpuUsage(before)
    cpuMs += (user + system) / 1000
    for (const [index, sensitivity] of sensitivities.entries())
      for (const step of alarms(scores, sensitivity)) {
        fired[index] = (fired[index] ?? 0) + 1
        if (sensitivity === 0.5 && (await isConfirmed(samples, step))) confirmed++
      }
  }
  const hours = seconds / 3600
  for (const [index, sensitivity] of sensitivities.entries())
    console.log(
      `wake: ${name}, ${(hours * 60).toFixed(1)} min, sensitivity ${sensitivity}: ${fired[index]} times taken for the phrase, ${((fired[index] ?? 0) / hours).toFixed(1)} per hour`,
    )
  console.log(
    `wake: ${name}: after its words were read (sensitivity 0.5) ${confirmed} remain, ${(confirmed / hours).toFixed(1)} per hour`,
  )
  if (unreadable > 0) console.log(`wake: ${name}: ${unreadable} files could not be read`)
  console.log(`wake: ${name}: ${(cpuMs / seconds / 10).toFixed(1)} % of one core while listening`)
}

const soundsIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.(wav|flac|mp3)$/.test(name))
    .sort()
    .map((name) => join(folder, name))

try {
  await hearPhrases()
  const testdata = testdataDir()
  if (testdata)
    await hearOthers(
      "speech and noise beside the project",
      ["speech", "speakers", "noise"].map((name) => join(testdata, name)),
    )
  else console.log("wake: false alarms: not run (no recordings beside the project)")
  for (const folder of process.argv.slice(2)) await hearOthers(folder, [folder])
} finally {
  await features.release()
  await head.release()
  await host.client.stop()
}
