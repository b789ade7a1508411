import { readFile } from "node:fs/promises"
import { BufferTarget, EncodedAudioPacketSource, EncodedPacket, Output, WebMOutputFormat } from "mediabunny"
import OpusScript from "opusscript"
import { afterAll, describe, expect, it } from "vitest"
import { createAudioCodecs } from "#audio/audioCodecs.ts"
import { decodeAudio } from "#audio/decodeAudio.ts"
import { resample } from "#audio/resample.ts"
import { s16FromSamples } from "#audio/samples.ts"
import { writeWav } from "#audio/wavFile.ts"
import { truncations } from "../fakes/hostileFiles.ts"
import { likeness, sweep, tone } from "../fakes/tones.ts"

const codecs = createAudioCodecs({ workerEntry: new URL("../../main/audio/codecWorker.ts", import.meta.url) })
const { signal } = new AbortController()
afterAll(() => codecs.close())

describe("encoding and decoding", () => {
  it.each([
    ["wav", 24_000, 0, 1],
    ["flac", 24_000, 0, 1],
    ["opus", 24_000, 100, 2],
    ["mp3", 24_000, 150, 1300],
    ["mp3", 16_000, 150, 1300],
    ["opus", 22_050, 100, 2],
  ] as const)("gives back what %s at %d Hz was made from", async (format, rate, longerMs, reach) => {
    const samples = sweep(2, rate)
    const { bytes } = await codecs.encodeAudio(samples, rate, format)
    const decoded = await codecs.decodeAudio(bytes, { sampleRate: rate }, signal)
    expect(decoded.durationMs).toBeGreaterThanOrEqual(1999)
    expect(decoded.durationMs).toBeLessThanOrEqual(2001 + longerMs)
    expect(decoded.note).toBeNull()
    expect(likeness(samples, decoded.samples, reach).value).toBeGreaterThan(0.98)
  })

  it("takes a file's bytes over instead of copying them, and copies a piece of a larger buffer", async () => {
    const whole = writeWav(tone(1, 8000), 8000)
    const larger = new Uint8Array(whole.length + 8)
    larger.set(whole, 8)
    expect((await codecs.decodeAudio(larger.subarray(8), {}, signal)).durationMs).toBe(1000)
    expect(larger.length).toBe(whole.length + 8)
    expect((await codecs.decodeAudio(whole, {}, signal)).durationMs).toBe(1000)
    expect(whole.length).toBe(0)
  })

  it("decodes Opus in WebM, as browsers record it", async () => {
    const samples = sweep(2, 48_000)
    const decoded = await codecs.decodeAudio(await webm(samples), { sampleRate: 48_000 }, signal)
    expect(decoded.durationMs).toBeGreaterThan(1900)
    expect(likeness(samples, decoded.samples, 500).value).toBeGreaterThan(0.98)
  })

  it("keeps what can be read of a file cut in the middle", async () => {
    const samples = sweep(4, 24_000)
    for (const format of ["flac", "opus", "mp3"] as const) {
      const { bytes } = await codecs.encodeAudio(samples, 24_000, format)
      const half = await codecs.decodeAudio(bytes.slice(0, bytes.length / 2), {}, signal)
      expect(half.durationMs, format).toBeGreaterThan(1000)
      expect(half.durationMs, format).toBeLessThan(3500)
    }
  })

  it("answers recordings cut at 50 places, and those that declare 1 GB, with sound or a typed error", async () => {
    const samples = sweep(1, 24_000)
    const endless = writeWav(samples, 24_000)
    new DataView(endless.buffer).setUint32(40, 1024 ** 3, true)
    const broken = [endless, ...truncations(writeWav(samples, 24_000), 50)]
    for (const format of ["flac", "opus", "mp3"] as const) {
      broken.push(...truncations((await codecs.encodeAudio(samples, 24_000, format)).bytes, 50))
    }
    for (const bytes of broken) {
      const outcome = await codecs.decodeAudio(bytes, {}, signal).then(
        ({ durationMs }) => durationMs <= 1500,
        (error) => ["audio.damaged", "audio.unsupported", "audio.empty"].includes(error.code) || error.code,
      )
      expect(outcome).toBe(true)
    }
  })

  it("answers flipped bytes with sound or a typed error, and works on", async () => {
    for (const format of ["flac", "opus", "mp3"] as const) {
      const { bytes } = await codecs.encodeAudio(sweep(1, 24_000), 24_000, format)
      for (let at = 40; at < bytes.length; at += Math.ceil(bytes.length / 12)) {
        const bad = Uint8Array.from(bytes)
        bad.fill(0xaa, at, at + 16)
        const outcome = await codecs.decodeAudio(bad, {}, signal).then(
          () => "sound",
          (error) => error.code,
        )
        expect(["sound", "audio.damaged", "audio.unsupported"]).toContain(outcome)
      }
    }
    expect((await codecs.decodeAudio(writeWav(tone(1, 8000), 8000), {}, signal)).durationMs).toBe(1000)
  })

  it("leaves a request that is aborted and serves the next", async () => {
    const controller = new AbortController()
    const long = writeWav(tone(120, 44_100), 44_100)
    const aborted = codecs.decodeAudio(long, { sampleRate: 16_000 }, controller.signal)
    const next = codecs.decodeAudio(writeWav(tone(1, 8000), 8000), {}, signal)
    controller.abort(new Error("changed my mind"))
    await expect(aborted).rejects.toThrow("changed my mind")
    expect((await next).durationMs).toBe(1000)
  })

  it("reads the committed recordings", async () => {
    for (const [name, seconds] of [
      ["LJ001-0008.flac", 1.8],
      ["LJ001-0020.opus", 4.8],
    ] as const) {
      const bytes = await readFile(new URL(`../fixtures/audio/${name}`, import.meta.url))
      const decoded = await decodeAudio(bytes, { sampleRate: 16_000 }, signal)
      expect(decoded.durationMs / 1000).toBeCloseTo(seconds, 0)
    }
  })
})

async function webm(samples: Float32Array): Promise<Uint8Array> {
  const target = new BufferTarget()
  const output = new Output({ format: new WebMOutputFormat(), target })
  const source = new EncodedAudioPacketSource("opus")
  output.addAudioTrack(source)
  await output.start()
  const encoder = new OpusScript(48_000, 1, OpusScript.Application.AUDIO)
  const pcm = await resample(samples, 48_000, 48_000)
  for (let at = 0; at + 960 <= pcm.length; at += 960) {
    const packet = encoder.encode(Buffer.from(s16FromSamples(pcm.subarray(at, at + 960))), 960)
    await source.add(new EncodedPacket(packet, "key", at / 48_000, 0.02), {
      decoderConfig: { codec: "opus", numberOfChannels: 1, sampleRate: 48_000 },
    })
  }
  await output.finalize()
  encoder.delete()
  return new Uint8Array(target.buffer ?? new ArrayBuffer(0))
}
