import { readFileSync } from "node:fs"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { joinVoices } from "#app/joinVoices.ts"
import { decodeAudio } from "#audio/decodeAudio.ts"
import { resample } from "#audio/resample.ts"
import { createSamplesSource } from "#audio/samplesSource.ts"
import type { Pronunciation } from "#contract/settings.ts"
import type { TurnEventBody } from "#contract/turns.ts"
import { createHibari } from "#engines/speech/hibari/createHibari.ts"
import { runVoiceTurn } from "#voice/runVoiceTurn.ts"
import { createMemorySink } from "../fakes/voiceFakes.ts"
import { modelFile } from "./modelFiles.ts"
import { startSpeechHost } from "./speechHost.ts"
import { wordErrors } from "./wordErrors.ts"

const fixture = (name: string): URL => new URL(`../fixtures/speech/${name}`, import.meta.url)
const readJson = <T>(name: string): T => JSON.parse(readFileSync(fixture(name), "utf8"))
const voiceFolder = {
  engine: "hibari",
  dir: modelFile("hibari-heart", ""),
  weights: "hibari.onnx",
  style: null,
  threads: 1,
} as const
const signal = new AbortController().signal

const sentences = [
  "Change the water filter every six months, or sooner if the flow slows down.",
  "Hold the reset button for ten seconds until the light turns blue.",
  "The meeting starts at nine thirty tomorrow morning in the main conference room.",
  "Please remind me to call the dentist before the end of the week.",
  "I found three documents that mention the quarterly budget report.",
  "Would you like me to summarize the conversation for you?",
  "He bought a loaf of bread, two apples, and a bottle of milk.",
  "Scientists discovered a new planet orbiting a distant star last year.",
  "Do not forget to save your work before closing the application.",
  "The quick brown fox jumps over the lazy dog near the river.",
]

describe("the Hibari voice", () => {
  const { client, vad, stt } = startSpeechHost()
  const voice = createHibari({ client, model: { id: "hibari-heart", dir: voiceFolder.dir } })
  beforeAll(() => voice.load(signal))
  afterAll(() => client.stop())

  it("reads every sentence of the reference with the reference's phonemes", async () => {
    for (const { text, phonemes } of readJson<{ text: string; phonemes: string[] }[]>("phonemes.json")) {
      const read = await client.request("tts.phonemize", { ...voiceFolder, text, phonemes: {} }, { signal })
      expect(read.phonemes, text).toEqual(phonemes)
    }
  })

  it("is understood: speech recognition gets at most 3 % of the words wrong", async () => {
    let errors = 0
    let words = 0
    for (const sentence of sentences) {
      const { samples, sampleRate } = await voice.synthesize(sentence, {}, signal)
      const { text } = await stt.transcribe(await resample(samples, sampleRate, 16_000), {}, signal)
      const scored = wordErrors(sentence, text)
      errors += scored.errors
      words += scored.words
    }
    expect(errors / words).toBeLessThanOrEqual(0.03)
  })

  it("sounds the same every time, at the common loudness, without clipping", async () => {
    const first = await voice.synthesize(sentences[0] ?? "", {}, signal)
    const second = await voice.synthesize(sentences[0] ?? "", {}, signal)
    expect(second.samples).toEqual(first.samples)
    expect(first.sampleRate).toBe(24_000)
    const peak = first.samples.reduce((highest, sample) => Math.max(highest, Math.abs(sample)), 0)
    const rms = Math.sqrt(first.samples.reduce((sum, sample) => sum + sample * sample, 0) / first.samples.length)
    expect(peak).toBeLessThan(1)
    expect(20 * Math.log10(rms)).toBeGreaterThan(-26)
    expect(20 * Math.log10(rms)).toBeLessThan(-18)
  })

  it("says a word as the person's dictionary has it, respelled or by its sounds", async () => {
    const said = async (text: string, dictionary: Pronunciation[] = []) =>
      (await joinVoices([voice], () => dictionary)?.synthesize(text, {}, signal))?.samples
    const plain = await said("Ask Niamh about it.")
    const respelled = await said("Ask Niamh about it.", [{ word: "niamh", say: "Neev" }])
    expect(respelled).toEqual(await said("Ask Neev about it."))
    expect(respelled).not.toEqual(plain)
    const bySounds = await said("Ask Niamh about it.", [{ word: "niamh", say: "/niːv/" }])
    expect(bySounds).not.toEqual(plain)
    const { text } = await stt.transcribe(await resample(bySounds ?? new Float32Array(), 24_000, 16_000), {}, signal)
    expect(text).toMatch(/n(ee|ea|e|i)[vf]/i)
  })

  it("speaks twice as fast at rate 2 and half as fast at rate .5", async () => {
    const seconds = async (rate: number): Promise<number> =>
      (await voice.synthesize(sentences[1] ?? "", { rate }, signal)).samples.length / 24_000
    const normal = await seconds(1)
    expect((await seconds(2)) / normal).toBeCloseTo(0.5, 1)
    expect((await seconds(0.5)) / normal).toBeCloseTo(2, 0)
  })

  it("speaks a text of many sentences whole", async () => {
    const { samples } = await voice.synthesize(sentences.join(" "), {}, signal)
    const { text } = await stt.transcribe(await resample(samples, 24_000, 16_000), {}, signal)
    expect(wordErrors(sentences.join(" "), text).errors).toBeLessThanOrEqual(6)
  })

  it("lists its voices and refuses others, and texts without a word", async () => {
    expect(voice.voices()).toEqual([
      { id: "heart", name: "Heart (American, female)", language: "en-US", model: "hibari-heart" },
    ])
    await expect(voice.synthesize("Hello.", { voice: "nobody" }, signal)).rejects.toMatchObject({
      code: "tts.unknown-voice",
    })
    await expect(voice.synthesize(" … ", {}, signal)).rejects.toMatchObject({ code: "tts.empty-text" })
  })

  it("says which model is missing when it is not installed", async () => {
    const absent = createHibari({ client, model: { id: "hibari-heart", dir: modelFile("no-such-voice", "") } })
    expect(absent.voices()).toEqual([])
    await expect(absent.synthesize("Hello.", {}, signal)).rejects.toMatchObject({ code: "model.missing" })
  })

  it("stops between clauses when aborted, and goes on with the next request", async () => {
    const turn = new AbortController()
    const long = voice.synthesize(sentences.join(" "), {}, turn.signal)
    turn.abort()
    await expect(long).rejects.toBe(turn.signal.reason)
    expect((await voice.synthesize("Hello there.", {}, signal)).samples.length).toBeGreaterThan(12_000)
  })

  it("carries a whole voice turn from a recorded question to a spoken answer", async () => {
    const answerText = "Change it every six months, or sooner if the water tastes odd. Then reset the light."
    let errors = 0
    let words = 0
    for (const { file, text } of readJson<{ file: string; text: string }[]>("questions.json")) {
      const { samples } = await decodeAudio(readFileSync(fixture(file)), { sampleRate: 16_000 }, signal)
      async function* answer(question: string): AsyncGenerator<TurnEventBody> {
        const scored = wordErrors(text, question)
        errors += scored.errors
        words += scored.words
        for (const part of answerText.split(/(?<= )/)) yield { type: "text-delta", text: part }
      }
      const sink = createMemorySink()
      const source = createSamplesSource(samples, 16_000)
      const speech = { tts: voice, sink, streamId: null }
      const turn = runVoiceTurn({}, { source, vad, speechToText: stt, answer, speech }, signal)
      const types: string[] = []
      for await (const event of turn) types.push(event.type)
      expect(types.filter((type) => type === "caption")).toHaveLength(3)
      expect(types.at(-1)).toBe("speech-end")
      expect(sink.writtenMs()).toBeGreaterThan(3000)
    }
    // Another voice and the recogniser's own share: 4.4 % when this was written.
    expect(errors / words).toBeLessThanOrEqual(0.06)
  })
})
