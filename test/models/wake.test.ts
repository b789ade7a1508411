import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { resample } from "#audio/resample.ts"
import { createHibari } from "#engines/speech/hibari/createHibari.ts"
import { createWakeHead, wakeHeadFile } from "#engines/speech/wakeHead.ts"
import { createWakeWord } from "#engines/speech/wakeWord.ts"
import type { WakePhrase } from "#engines/types.ts"
import { createOwnSpeech } from "#voice/ownSpeech.ts"
import { openWakeGuard } from "#voice/wakeGuard.ts"
import { modelFile, moonshineFiles, wakeFiles } from "./modelFiles.ts"
import { startSpeechHost } from "./speechHost.ts"

const isInstalled =
  existsSync(wakeFiles.melPath) &&
  existsSync(modelFile("hibari-heart", "hibari.onnx")) &&
  existsSync(moonshineFiles.encoderPath)
const signal = new AbortController().signal

describe.skipIf(!isInstalled)("the wake phrase on the real feature models", () => {
  let host: ReturnType<typeof startSpeechHost>
  let wakeWord: ReturnType<typeof createWakeWord>
  const file = wakeHeadFile.parse(JSON.parse(readFileSync(wakeFiles.headPath, "utf8")))
  const phrase: WakePhrase = { ...file, headPath: wakeFiles.headPath }
  const clips: Record<"phrase" | "near", Float32Array> = { phrase: new Float32Array(), near: new Float32Array() }
  const folder = mkdtempSync(join(tmpdir(), "zenglow-wake-"))

  beforeAll(async () => {
    host = startSpeechHost()
    wakeWord = createWakeWord({ client: host.client, model: { id: "wake-features", ...wakeFiles } })
    const voice = createHibari({
      client: host.client,
      model: { id: "hibari-heart", dir: join(modelFile("hibari-heart", "voices.json"), "..") },
    })
    const say = async (text: string): Promise<Float32Array> => {
      const { samples, sampleRate } = await voice.synthesize(text, {}, signal)
      const heard = await resample(samples, sampleRate, 16_000)
      const whole = new Float32Array(heard.length + 32_000)
      whole.set(heard, 16_000)
      return whole
    }
    clips.phrase = await say("Hey Zen Glow.")
    clips.near = await say("The hen is below, and they will send more on Wednesday.")
  })
  afterAll(async () => {
    await host.client.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  const scores = async (samples: Float32Array, size: number): Promise<number[]> => {
    const stream = await wakeWord.open([phrase], signal)
    const all: number[] = []
    for (let at = 0; at < samples.length; at += size)
      for (const [score = 0] of await stream.push(samples.slice(at, at + size), signal)) all.push(score)
    await stream.close()
    return all
  }

  it("tells the phrase from other words, and from silence", async () => {
    expect(Math.max(...(await scores(clips.phrase, 16_000)))).toBeGreaterThan(file.threshold)
    expect(Math.max(...(await scores(clips.near, 16_000)))).toBeLessThan(file.threshold)
    expect(Math.max(...(await scores(new Float32Array(48_000), 16_000)))).toBeLessThan(0.1)
  })

  it("gives the same scores for a whole recording as for pieces of any size", async () => {
    const whole = await scores(clips.phrase, clips.phrase.length)
    expect(whole.length).toBe(Math.floor(clips.phrase.length / 1280))
    for (const size of [1111, 320, 5003]) expect(await scores(clips.phrase, size)).toEqual(whole)
  })

  it("wakes once, by its sound and its words, and not while the product itself says it", async () => {
    const own = createOwnSpeech(() => 0)
    const events: string[] = []
    const guard = await openWakeGuard(
      {
        wakeWord,
        phrases: [phrase],
        speechToText: host.stt,
        ownSpeech: own,
        sensitivity: () => 0.5,
        onEvent: (event) => {
          if (event.type !== "score") events.push(event.type === "rejected" ? event.reason : event.type)
        },
      },
      signal,
    )
    for (let at = 0; at < clips.phrase.length; at += 320) await guard.push(clips.phrase.slice(at, at + 320), signal)
    expect(events).toEqual(["detected"])
    own.note("Hey Zen Glow.", 2000)
    for (let at = 0; at < clips.phrase.length; at += 320) await guard.push(clips.phrase.slice(at, at + 320), signal)
    expect(events).toEqual(["detected", "own-speech"])
    await guard.close()
  })

  it("refuses a head whose file is damaged, is cut off, or is not there, before anybody listens", async () => {
    const open = (headPath: string) => wakeWord.open([{ ...phrase, headPath }], signal)
    const text = readFileSync(wakeFiles.headPath, "utf8")
    const damaged = JSON.parse(text)
    damaged.whole.weights = `AAAA${damaged.whole.weights.slice(4)}`
    writeFileSync(join(folder, "damaged.json"), JSON.stringify(damaged))
    writeFileSync(join(folder, "short.json"), text.slice(0, text.length / 2))
    await expect(open(join(folder, "damaged.json"))).rejects.toMatchObject({ code: "model.corrupt" })
    await expect(open(join(folder, "short.json"))).rejects.toMatchObject({ code: "model.corrupt" })
    await expect(open(join(folder, "nowhere.json"))).rejects.toMatchObject({ code: "model.missing" })
    expect(() => createWakeHead({ ...file, sha256: "0".repeat(64) })).toThrow("damaged")
  })
})
