/** Speed of text-to-speech, and what a voice turn adds to its recogniser and its voice. */
import { readFileSync } from "node:fs"
import { decodeAudio } from "#audio/decodeAudio.ts"
import { createSamplesSource } from "#audio/samplesSource.ts"
import type { TurnEventBody } from "#contract/turns.ts"
import { createHibari } from "#engines/speech/hibari/createHibari.ts"
import type { SpeechToText, TextToSpeech } from "#engines/types.ts"
import { runVoiceTurn } from "#voice/runVoiceTurn.ts"
import { createMemorySink } from "../fakes/voiceFakes.ts"
import { modelFile } from "../models/modelFiles.ts"
import { startSpeechHost } from "../models/speechHost.ts"
import { measureFirstSound } from "./shared/firstSound.ts"

const signal = new AbortController().signal
const runs = 15
const sentences = [
  "Change the water filter every six months,",
  "Hold the reset button for ten seconds until the light turns blue.",
  "The meeting starts at nine thirty tomorrow morning in the main conference room.",
]
const answerText = "Change it every six months, or sooner if the water tastes odd. Then reset the light."
const fixture = (name: string): Buffer => readFileSync(new URL(`../fixtures/speech/${name}`, import.meta.url))
const at = (sorted: readonly number[], share: number): string =>
  (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(1)
const ascending = (values: number[]): number[] => values.sort((a, b) => a - b)

async function* answer(): AsyncGenerator<TurnEventBody> {
  for (const text of answerText.split(/(?<= )/)) yield { type: "text-delta", text }
}

const { client, vad, stt } = startSpeechHost()
const voice = createHibari({ client, model: { id: "hibari-heart", dir: modelFile("hibari-heart", "") } })
try {
  const loading = performance.now()
  await voice.load(signal)
  console.log(`tts: load ${(performance.now() - loading).toFixed(0)} ms`)
  await stt.load(signal)
  for (const sentence of sentences) {
    const times: number[] = []
    let seconds = 0
    for (let run = 0; run < runs; run++) {
      const begin = performance.now()
      const { samples, sampleRate } = await voice.synthesize(sentence, {}, signal)
      times.push(performance.now() - begin)
      seconds = samples.length / sampleRate
    }
    ascending(times)
    console.log(
      `tts: ${sentence.length} characters, ${seconds.toFixed(2)} s: p50 ${at(times, 0.5)} ms, p95 ${at(times, 0.95)} ms, RTF ${(Number(at(times, 0.5)) / 1000 / seconds).toFixed(4)} (${runs} runs)`,
    )
  }

  const toFirstAudio: number[] = []
  const added: number[] = []
  for (const { file } of JSON.parse(fixture("questions.json").toString()) as { file: string }[]) {
    const { samples } = await decodeAudio(fixture(file), { sampleRate: 16_000 }, signal)
    let engineMs = 0
    let hasSpoken = false
    let released = 0
    const timedStt: SpeechToText = {
      ...stt,
      async transcribe(...request) {
        const begin = performance.now()
        const transcript = await stt.transcribe(...request)
        // Partials come first; the last one is the final transcription.
        engineMs = performance.now() - begin
        return transcript
      },
    }
    const timedVoice: TextToSpeech = {
      ...voice,
      async synthesize(...request) {
        const begin = performance.now()
        const chunk = await voice.synthesize(...request)
        if (!hasSpoken) engineMs += performance.now() - begin
        hasSpoken = true
        return chunk
      },
    }
    const source = createSamplesSource(samples, 16_000)
    const speech = { tts: timedVoice, sink: createMemorySink(), streamId: null }
    for await (const event of runVoiceTurn({}, { source, vad, speechToText: timedStt, answer, speech }, signal)) {
      if (event.type === "listen-end") released = performance.now()
      if (event.type !== "caption" || event.index > 0) continue
      const waited = performance.now() - released
      toFirstAudio.push(waited)
      added.push(waited - engineMs)
    }
  }
  ascending(toFirstAudio)
  ascending(added)
  console.log(
    `voice: ${added.length} turns, key up to first audio without the model's own time: p50 ${at(toFirstAudio, 0.5)} ms, p95 ${at(toFirstAudio, 0.95)} ms; beyond recogniser and voice: p50 ${at(added, 0.5)} ms, p95 ${at(added, 0.95)} ms`,
  )
} finally {
  await client.stop()
}
await measureFirstSound()
