import { existsSync, readFileSync } from "node:fs"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { decodeAudio } from "#audio/decodeAudio.ts"
import { resample } from "#audio/resample.ts"
import { concatSamples } from "#core/concatSamples.ts"
import type { WhisperTask } from "#engines/speech/contract.ts"
import { createHibari } from "#engines/speech/hibari/createHibari.ts"
import { createWhisper } from "#engines/speech/whisper.ts"
import { noise, tone } from "../fakes/tones.ts"
import { modelFile, sileroPath, whisperFiles } from "./modelFiles.ts"
import { startSpeechHost } from "./speechHost.ts"
import { wordErrors } from "./wordErrors.ts"

const signal = new AbortController().signal
const fixture = (path: string): URL => new URL(`../fixtures/${path}`, import.meta.url)
const clip = async (path: string): Promise<Float32Array> =>
  (await decodeAudio(readFileSync(fixture(path)), { sampleRate: 16_000 }, signal)).samples
/** What faster-whisper writes for the same samples with the same weights; see speech/README.md. */
const reference: Record<
  "whisper-tiny-en" | "whisper-base",
  Record<string, { text: string; noSpeech: number }>
> = JSON.parse(readFileSync(fixture("speech/whisper.json"), "utf8"))
const isInstalled = (id: keyof typeof reference): boolean =>
  existsSync(whisperFiles(id).decoderPath) && existsSync(sileroPath)
const hasVoice = existsSync(modelFile("hibari-heart", "hibari.onnx"))
const task: WhisperTask = { language: "en", isTranslation: false, hasTimestamps: false, prompt: "" }

const italic = "audio/LJ001-0030.opus"
const italicText = "a very few years saw the birth of roman character not only in italy but in germany and france"
const lowerCase = "audio/LJ001-0020.opus"
const lowerCaseText = "the lower case being in fact invented in the early middle ages"

describe.skipIf(!isInstalled("whisper-tiny-en"))("speech to text on Whisper tiny.en", () => {
  const host = startSpeechHost()
  const whisper = host.whisper("whisper-tiny-en")
  beforeAll(() => whisper.load(signal))
  afterAll(() => host.client.stop())

  it("writes what the reference implementation writes with the same weights", async () => {
    const files = whisperFiles("whisper-tiny-en")
    for (const [path, expected] of Object.entries(reference["whisper-tiny-en"])) {
      const decoded = await host.client.request(
        "whisper.transcribe",
        { files, samples: await clip(path), task },
        { signal },
      )
      expect(decoded, path).toMatchObject({ text: expected.text, language: "en", ended: "end-mark" })
      expect(Math.abs(decoded.noSpeechProbability - expected.noSpeech), path).toBeLessThan(0.003)
    }
  })

  it.each([
    ["nothing", new Float32Array()],
    ["50 ms", new Float32Array(800)],
    ["silence", new Float32Array(5 * 16_000)],
    ["faint noise", noise(5, 16_000, 0.005)],
    ["loud noise", noise(5, 16_000, 0.6)],
    ["a low tone", tone(4, 16_000, 200)],
    ["a click", Float32Array.from({ length: 32_000 }, (_, index) => (index > 16_000 && index < 16_400 ? 0.9 : 0))],
  ])("hears no words in %s", async (_name, samples) => {
    expect(await whisper.transcribe(samples, {}, signal)).toMatchObject({ text: "", segments: [] })
  })

  it.each([
    ["silence", new Float32Array(4 * 16_000)],
    ["noise", noise(8, 16_000, 0.1)],
    ["a low tone", tone(4, 16_000, 200)],
  ])("believes the network's own doubt where the voice detector took %s for speech", async (_name, samples) => {
    const regions = async () => [{ startMs: 0, endMs: samples.length / 16 }]
    const credulous = createWhisper({
      client: host.client,
      model: { id: "whisper-tiny-en", isMultilingual: false, ...whisperFiles("whisper-tiny-en") },
      vad: { ...host.vad, regions },
    })
    expect(await credulous.transcribe(samples, {}, signal)).toMatchObject({ text: "", segments: [] })
  })

  it("keeps the order and times of sentences in a recording that needs several windows", async () => {
    const [first, second] = [await clip(lowerCase), await clip(italic)]
    const pause = new Float32Array(8000)
    const long = concatSamples([...Array.from({ length: 3 }, () => [first, pause, second, pause]).flat()])
    expect(long.length).toBeGreaterThan(30 * 16_000)
    const { text, segments } = await whisper.transcribe(long, {}, signal)
    const wrong = wordErrors(Array.from({ length: 3 }, () => `${lowerCaseText} ${italicText}`).join(" "), text)
    expect(wrong.errors / wrong.words).toBeLessThanOrEqual(0.05)
    expect(segments.length).toBeGreaterThanOrEqual(4)
    for (const [index, segment] of segments.entries()) {
      expect(segment.endMs).toBeGreaterThan(segment.startMs)
      expect(segment.startMs).toBeGreaterThanOrEqual(segments[index - 1]?.endMs ?? 0)
    }
    expect(segments.at(-1)?.endMs).toBeLessThanOrEqual(long.length / 16)
    const period = (first.length + second.length + 2 * pause.length) / 16
    const starts = segments.filter(({ text: part }) => /^\W*a very few/i.test(part)).map(({ startMs }) => startMs)
    expect(starts.length).toBeGreaterThanOrEqual(2)
    for (const start of starts)
      expect(Math.abs((start % period) - (first.length + pause.length) / 16)).toBeLessThan(900)
  })

  it.skipIf(!hasVoice)("spells names as it is told", async () => {
    const voice = createHibari({
      client: host.client,
      model: { id: "hibari-heart", dir: modelFile("hibari-heart", "") },
    })
    const { samples, sampleRate } = await voice.synthesize("Ask Jon and Sara about the manual.", {}, signal)
    const audio = await resample(samples, sampleRate, 16_000)
    const plain = await whisper.transcribe(audio, {}, signal)
    const told = await whisper.transcribe(audio, { prompt: "Jon, Sara" }, signal)
    expect(plain.text).not.toContain("Jon and Sara")
    expect(told.text).toContain("Jon and Sara")
  })

  it.skipIf(!hasVoice)("understands what the product's own voice says, as a listener of another maker", async () => {
    const voice = createHibari({
      client: host.client,
      model: { id: "hibari-heart", dir: modelFile("hibari-heart", "") },
    })
    let errors = 0
    let words = 0
    for (const sentence of [
      "Change the water filter every six months, or sooner if the flow slows down.",
      "I found three documents that mention the quarterly budget report.",
      "Please remind me to call the dentist before the end of the week.",
      "He bought a loaf of bread, two apples, and a bottle of milk.",
    ]) {
      const { samples, sampleRate } = await voice.synthesize(sentence, {}, signal)
      const { text } = await whisper.transcribe(await resample(samples, sampleRate, 16_000), {}, signal)
      const wrong = wordErrors(sentence, text)
      errors += wrong.errors
      words += wrong.words
    }
    expect(errors / words).toBeLessThanOrEqual(0.03)
  })

  it("stops when it is aborted, serves the next request, and loads again after it was freed", async () => {
    const samples = await clip(lowerCase)
    const controller = new AbortController()
    const aborted = whisper.transcribe(samples, {}, controller.signal)
    controller.abort(new Error("released"))
    await expect(aborted).rejects.toThrow("released")
    await whisper.unload()
    expect(whisper.loadState()).toBe("unloaded")
    const { text } = await whisper.transcribe(samples, {}, signal)
    expect(wordErrors(lowerCaseText, text).errors).toBe(0)
    expect(whisper.loadState()).toBe("loaded")
  })
})

describe.skipIf(!isInstalled("whisper-base"))("speech to text on Whisper base", () => {
  const host = startSpeechHost()
  const whisper = host.whisper("whisper-base")
  beforeAll(() => whisper.load(signal))
  afterAll(() => host.client.stop())

  it("finds out the language and writes what the reference implementation writes", async () => {
    const files = whisperFiles("whisper-base")
    for (const [path, expected] of Object.entries(reference["whisper-base"])) {
      const input = { files, samples: await clip(path), task: { ...task, language: null } }
      const decoded = await host.client.request("whisper.transcribe", input, { signal })
      expect(decoded, path).toMatchObject({ text: expected.text, language: "en", ended: "end-mark" })
      expect(decoded.languageProbability).toBeGreaterThan(0.5)
    }
    expect(whisper.canTranslate).toBe(true)
  })
})
