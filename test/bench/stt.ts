/** Word error rate and speed of speech-to-text on the recordings beside the project, and the cost of partials. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { decodeAudio } from "#audio/decodeAudio.ts"
import { testdataDir } from "../models/modelFiles.ts"
import { startSpeechHost } from "../models/speechHost.ts"
import { wordErrors } from "../models/wordErrors.ts"

interface Clip {
  name: string
  reference: string
  samples: Float32Array
  seconds: number
}

const signal = new AbortController().signal
const folder = testdataDir()
if (!folder) {
  console.log("stt: not run (no recordings beside the project)")
  process.exit(0)
}

const clips: Clip[] = []
for (const [set, extension] of [
  ["ljspeech", ".flac"],
  ["harvard", ".wav"],
  ["other", ""],
] as const)
  for (const line of readFileSync(join(folder, "speech", set, "transcripts.tsv"), "utf8")
    .trim()
    .split("\n")) {
    const [name = "", reference = ""] = line.split("\t")
    const bytes = readFileSync(join(folder, "speech", set, name + extension))
    const { samples, durationMs } = await decodeAudio(bytes, { sampleRate: 16_000 }, signal)
    clips.push({ name, reference, samples, seconds: durationMs / 1000 })
  }

const host = startSpeechHost()
try {
  await host.stt.load(signal)
  for (const clip of clips.slice(0, 2)) await host.stt.transcribe(clip.samples, {}, signal)
  let errors = 0
  let words = 0
  let audio = 0
  let spent = 0
  for (const clip of clips) {
    const begin = performance.now()
    const { text, meanLogProbability } = await host.stt.transcribe(clip.samples.slice(), {}, signal)
    const took = (performance.now() - begin) / 1000
    const wrong = wordErrors(clip.reference, text)
    errors += wrong.errors
    words += wrong.words
    audio += clip.seconds
    spent += took
    if (wrong.errors > 0)
      console.log(`${clip.name}: ${wrong.errors}/${wrong.words} (${meanLogProbability.toFixed(2)}) ${text}`)
  }
  console.log(
    `stt: ${clips.length} clips, ${audio.toFixed(1)} s of speech, ${words} words: WER ${((100 * errors) / words).toFixed(2)} %, RTF ${(spent / audio).toFixed(4)} (voice activity included)`,
  )

  let partialMs = 0
  let partialSeconds = 0
  for (const clip of clips.slice(2, 7)) {
    partialSeconds += clip.seconds
    for (let end = 8000; end <= clip.samples.length; end += 8000) {
      const begin = performance.now()
      await host.stt.transcribe(clip.samples.slice(0, end), {}, signal)
      partialMs += performance.now() - begin
    }
  }
  console.log(`stt: partials every 500 ms cost ${(partialMs / partialSeconds).toFixed(0)} ms per second of speech`)
} finally {
  await host.client.stop()
}
