/**
 * Word error rate and speed of every installed speech-to-text model on the recordings beside the project, one after the other on each
 * clip, and the cost of Moonshine's partials.
 */
import { existsSync } from "node:fs"
import type { SpeechToText } from "#engines/types.ts"
import { testdataDir, whisperFiles } from "../models/modelFiles.ts"
import { startSpeechHost } from "../models/speechHost.ts"
import { wordErrors } from "../models/wordErrors.ts"
import { type SpeechClip, speechClips } from "./shared/speechClips.ts"

const signal = new AbortController().signal
const folder = testdataDir()
if (!folder) {
  console.log("stt: not run (no recordings beside the project)")
  process.exit(0)
}

const clips: SpeechClip[] = []
for await (const clip of speechClips(folder, signal)) clips.push(clip)

const host = startSpeechHost()
const engines: SpeechToText[] = [host.stt]
for (const id of ["whisper-tiny-en", "whisper-base"] as const) {
  if (existsSync(whisperFiles(id).decoderPath)) engines.push(host.whisper(id))
  else console.log(`stt: ${id} not run (not installed)`)
}
// The child keeps one Whisper: they would push each other out, so the clips are heard by Moonshine and one of them at a time.
const rounds = engines.length === 1 ? [engines] : engines.slice(1).map((engine) => [host.stt, engine])

try {
  for (const round of rounds) {
    const totals = new Map(round.map((engine) => [engine, { errors: 0, words: 0, spent: 0 }]))
    for (const engine of round) await engine.transcribe(clips[0]?.samples.slice() ?? new Float32Array(), {}, signal)
    for (const clip of clips)
      for (const engine of round) {
        const begin = performance.now()
        const { text } = await engine.transcribe(clip.samples.slice(), { language: "en" }, signal)
        const total = totals.get(engine)
        if (!total) continue
        total.spent += (performance.now() - begin) / 1000
        const wrong = wordErrors(clip.reference, text)
        total.errors += wrong.errors
        total.words += wrong.words
        if (wrong.errors > 0) console.log(`${engine.modelId} ${clip.name}: ${wrong.errors}/${wrong.words} ${text}`)
      }
    const audio = clips.reduce((sum, { seconds }) => sum + seconds, 0)
    for (const [engine, { errors, words, spent }] of totals)
      console.log(
        `stt: ${engine.modelId}: ${clips.length} clips, ${audio.toFixed(1)} s of speech, ${words} words: WER ${((100 * errors) / words).toFixed(2)} %, RTF ${(spent / audio).toFixed(4)} (one thread, voice activity included)`,
      )
  }

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
  console.log(
    `stt: partials of ${host.stt.modelId} every 500 ms cost ${(partialMs / partialSeconds).toFixed(0)} ms per second of speech`,
  )
} finally {
  await host.client.stop()
}
