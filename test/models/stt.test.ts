import { existsSync, readFileSync } from "node:fs"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { decodeAudio } from "#audio/decodeAudio.ts"
import { concatSamples } from "#core/concatSamples.ts"
import { music, noise, tone } from "../fakes/tones.ts"
import { moonshineFiles, sileroPath } from "./modelFiles.ts"
import { startSpeechHost } from "./speechHost.ts"
import { wordErrors } from "./wordErrors.ts"

const isInstalled = existsSync(moonshineFiles.encoderPath) && existsSync(sileroPath)
const signal = new AbortController().signal
const sentences = {
  "LJ001-0008.flac": "has never been surpassed",
  "LJ001-0020.opus": "the lower case being in fact invented in the early middle ages",
  "LJ001-0030.opus": "a very few years saw the birth of roman character not only in italy but in germany and france",
}
type Name = keyof typeof sentences

describe.skipIf(!isInstalled)("speech to text on Moonshine tiny", () => {
  let host: ReturnType<typeof startSpeechHost>
  const clips = {} as Record<Name, Float32Array>
  beforeAll(async () => {
    host = startSpeechHost()
    await host.stt.load(signal)
    for (const name of Object.keys(sentences) as Name[]) {
      const bytes = readFileSync(new URL(`../fixtures/audio/${name}`, import.meta.url))
      clips[name] = (await decodeAudio(bytes, { sampleRate: 16_000 }, signal)).samples
    }
  })
  afterAll(() => host.client.stop())

  it("understands read sentences with at most one word wrong in twenty", async () => {
    let errors = 0
    let words = 0
    for (const name of Object.keys(sentences) as Name[]) {
      const { text, meanLogProbability } = await host.stt.transcribe(clips[name], {}, signal)
      const wrong = wordErrors(sentences[name], text)
      errors += wrong.errors
      words += wrong.words
      expect(meanLogProbability).toBeGreaterThan(-0.3)
    }
    expect(errors / words).toBeLessThanOrEqual(0.05)
  })

  it.each([
    ["nothing", new Float32Array()],
    ["50 ms", new Float32Array(800)],
    ["silence", new Float32Array(5 * 16_000)],
    ["faint noise", noise(5, 16_000, 0.005)],
    ["noise", noise(5, 16_000, 0.1)],
    ["loud noise", noise(5, 16_000, 0.6)],
    ["a low tone", tone(4, 16_000, 200)],
    ["a high tone", tone(4, 16_000, 1500)],
    ["music", music(8, 16_000)],
    ["a click", Float32Array.from({ length: 32_000 }, (_, index) => (index > 16_000 && index < 16_400 ? 0.9 : 0))],
  ])("hears no words in %s", async (_name, samples) => {
    expect(await host.stt.transcribe(samples, {}, signal)).toMatchObject({ text: "", segments: [] })
  })

  it("takes a clip of 0.3 s for what it is: a word, part of one, or nothing", async () => {
    const clip = clips["LJ001-0020.opus"].subarray(8000, 8000 + 4800)
    const { text } = await host.stt.transcribe(clip, {}, signal)
    expect(text.split(/\s+/).length).toBeLessThanOrEqual(2)
  })

  it("hears one of two people who speak at once, or both, and goes on", async () => {
    const [one, two] = [clips["LJ001-0020.opus"], clips["LJ001-0030.opus"]]
    const both = one.map((sample, at) => 0.6 * (sample + (two[at] ?? 0)))
    const { text } = await host.stt.transcribe(both, {}, signal)
    // No more words than both said in that time, so nothing is invented in a loop.
    expect(text.split(/\s+/).length).toBeLessThan(30)
    const after = await host.stt.transcribe(one, {}, signal)
    expect(wordErrors(sentences["LJ001-0020.opus"], after.text).errors).toBeLessThanOrEqual(1)
  })

  it("says the same of a growing buffer as of the whole at once", async () => {
    const fresh = startSpeechHost()
    try {
      const clip = clips["LJ001-0030.opus"]
      const partials: string[] = []
      for (let end = 16_000; end < clip.length; end += 8000)
        partials.push((await host.stt.transcribe(clip.slice(0, end), {}, signal)).text)
      const grown = await host.stt.transcribe(clip, {}, signal)
      const whole = await fresh.stt.transcribe(clip, {}, signal)
      // How sure it was of each word differs in the third figure: the beginning was decoded from a shorter recording.
      const said = ({ text, segments }: typeof whole) => ({
        text,
        segments: segments.map((segment) => ({ text: segment.text, startMs: segment.startMs, endMs: segment.endMs })),
      })
      expect(said(grown)).toEqual(said(whole))
      expect(partials.at(-1)?.slice(0, 20)).toBe(grown.text.slice(0, 20))
    } finally {
      await fresh.client.stop()
    }
  })

  it("keeps the order and places of speech in a recording of more than a minute", async () => {
    const pause = new Float32Array(3 * 16_000)
    const order: Name[] = ["LJ001-0020.opus", "LJ001-0030.opus", "LJ001-0020.opus", "LJ001-0030.opus"]
    const long = concatSamples([
      new Float32Array(20 * 16_000),
      ...order.flatMap((name) => [clips[name], pause]),
      new Float32Array(20 * 16_000),
    ])
    const { text, segments } = await host.stt.transcribe(long, {}, signal)
    const wrong = wordErrors(order.map((name) => sentences[name]).join(" "), text)
    expect(wrong.errors / wrong.words).toBeLessThanOrEqual(0.06)
    expect(segments).toHaveLength(order.length)
    expect(segments[0]?.startMs).toBeGreaterThan(19_000)
    for (const [index, segment] of segments.entries())
      expect(segment.startMs).toBeGreaterThanOrEqual(segments[index - 1]?.endMs ?? 0)
  })

  it("finds two sentences in half an hour, and invents none", async () => {
    const seconds = 30 * 60
    const long = new Float32Array(seconds * 16_000)
    long.set(clips["LJ001-0020.opus"], 10 * 16_000)
    long.set(clips["LJ001-0030.opus"], (seconds - 60) * 16_000)
    const { text, segments } = await host.stt.transcribe(long, {}, signal)
    const wrong = wordErrors(`${sentences["LJ001-0020.opus"]} ${sentences["LJ001-0030.opus"]}`, text)
    expect(wrong.errors / wrong.words).toBeLessThanOrEqual(0.06)
    expect(segments).toHaveLength(2)
    expect(segments[1]?.startMs).toBeGreaterThan((seconds - 62) * 1000)
  })

  it("cuts speech without pauses between words", async () => {
    const name = "LJ001-0030.opus"
    const run = clips[name].subarray(4000, clips[name].length - 6000)
    const long = concatSamples([run, run, run, run])
    const { text } = await host.stt.transcribe(long, {}, signal)
    const wrong = wordErrors(Array.from({ length: 4 }, () => sentences[name]).join(" "), text)
    expect(wrong.errors / wrong.words).toBeLessThanOrEqual(0.12)
  })

  it("stops when it is aborted and serves the next request", async () => {
    const controller = new AbortController()
    const clip = clips["LJ001-0030.opus"]
    const aborted = host.stt.transcribe(concatSamples([clip, clip, clip]), {}, controller.signal)
    controller.abort(new Error("released"))
    await expect(aborted).rejects.toThrow("released")
    expect((await host.stt.transcribe(clip, {}, signal)).text).not.toBe("")
  })

  it("loads again after its child was killed", async () => {
    const pid = host.client.status().pid
    const gone = new Promise<void>((resolve) => {
      const unsubscribe = host.client.onStatus((status) => {
        if (status.pid === pid) return
        unsubscribe()
        resolve()
      })
    })
    process.kill(pid as number, "SIGKILL")
    await gone
    expect(host.stt.loadState()).toBe("unloaded")
    expect((await host.stt.transcribe(clips["LJ001-0008.flac"], {}, signal)).text).not.toBe("")
    expect(host.stt.loadState()).toBe("loaded")
  })
})
