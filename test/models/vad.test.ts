import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { decodeAudio } from "#audio/decodeAudio.ts"
import { concatSamples } from "#core/concatSamples.ts"
import { createSileroVad } from "#engines/speech/sileroVad.ts"
import { noise, tone } from "../fakes/tones.ts"
import { moonshineFiles, sileroPath } from "./modelFiles.ts"
import { startSpeechHost } from "./speechHost.ts"

const signal = new AbortController().signal

describe.skipIf(!existsSync(sileroPath))("voice activity on Silero v6", () => {
  let host: ReturnType<typeof startSpeechHost>
  let speech: Float32Array
  beforeAll(async () => {
    host = startSpeechHost()
    const bytes = readFileSync(new URL("../fixtures/audio/LJ001-0020.opus", import.meta.url))
    speech = (await decodeAudio(bytes, { sampleRate: 16_000 }, signal)).samples
  })
  afterAll(() => host.client.stop())

  it("finds speech between silences, with room around it", async () => {
    const before = 4 * 16_000
    const samples = concatSamples([new Float32Array(before), speech, new Float32Array(3 * 16_000)])
    const regions = await host.vad.regions(samples, signal)
    expect(regions).toHaveLength(1)
    expect(regions[0]?.startMs).toBeGreaterThan(3600)
    expect(regions[0]?.startMs).toBeLessThan(4200)
    expect(regions[0]?.endMs).toBeGreaterThan(8000)
    expect(regions[0]?.endMs).toBeLessThan(9300)
  })

  it("finds nothing in silence, noise and tones", async () => {
    for (const samples of [new Float32Array(80_000), noise(5, 16_000, 0.1), tone(5, 16_000), tone(5, 16_000, 180)])
      expect(await host.vad.regions(samples, signal)).toEqual([])
  })

  it("gives a stream the same probabilities however it is cut, and keeps streams apart", async () => {
    const [whole, pieces, other] = await Promise.all([
      host.vad.open(signal),
      host.vad.open(signal),
      host.vad.open(signal),
    ])
    const expected = await whole.push(speech, signal)
    const actual: number[] = []
    for (let at = 0; at < speech.length; at += 700) {
      actual.push(...(await pieces.push(speech.subarray(at, at + 700), signal)))
      await other.push(noise(0.05, 16_000), signal)
    }
    expect(actual).toHaveLength(Math.floor(speech.length / 512))
    expect(actual).toEqual(expected)
    expect(Math.max(...actual)).toBeGreaterThan(0.9)
    await Promise.all([whole.close(), pieces.close(), other.close()])
  })

  it("refuses missing, damaged and foreign files without losing its child", async () => {
    const folder = mkdtempSync(join(tmpdir(), "zenglow-vad-"))
    try {
      const cut = join(folder, "cut.onnx")
      const text = join(folder, "text.onnx")
      writeFileSync(cut, readFileSync(sileroPath).subarray(0, 100_000))
      writeFileSync(text, "this is not a network")
      for (const [modelPath, code] of [
        [join(folder, "none.onnx"), "model.missing"],
        [cut, "model.corrupt"],
        [text, "model.corrupt"],
        [moonshineFiles.encoderPath, "model.incompatible"],
      ] as const) {
        const vad = createSileroVad({ client: host.client, model: { id: "bad", modelPath } })
        await expect(vad.load(signal)).rejects.toMatchObject({ code })
        expect(vad.loadState()).toBe("unloaded")
      }
      expect(await host.vad.regions(new Float32Array(16_000), signal)).toEqual([])
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })

  it("frees the model and loads it again", async () => {
    await host.vad.load(signal)
    await host.vad.unload()
    expect(host.vad.loadState()).toBe("unloaded")
    expect((await host.vad.regions(speech, signal)).length).toBeGreaterThan(0)
  })
})
