import { describe, expect, it } from "vitest"
import { decodeAudio } from "#audio/decodeAudio.ts"
import { openWav, writeWav } from "#audio/wavFile.ts"
import { AppError } from "#core/errors.ts"
import { tone } from "../fakes/tones.ts"

const { signal } = new AbortController()

/** A WAV file of any layout; `encode` writes one sample. */
function wavBytes(options: {
  kind: number
  bits: number
  channels: number
  sampleRate: number
  frames: Float32Array[]
  encode: (view: DataView, at: number, value: number) => void
  isExtensible?: boolean
}): Uint8Array {
  const { kind, bits, channels, sampleRate, frames, encode, isExtensible = false } = options
  const formatBytes = isExtensible ? 40 : 16
  const sampleBytes = bits / 8
  const dataBytes = frames.length * channels * sampleBytes
  const bytes = new Uint8Array(28 + formatBytes + dataBytes)
  const view = new DataView(bytes.buffer)
  const text = (at: number, value: string) => bytes.set(Buffer.from(value, "latin1"), at)
  text(0, "RIFF")
  view.setUint32(4, bytes.length - 8, true)
  text(8, "WAVEfmt ")
  view.setUint32(16, formatBytes, true)
  view.setUint16(20, isExtensible ? 0xfffe : kind, true)
  view.setUint16(22, channels, true)
  view.setUint32(24, sampleRate, true)
  view.setUint32(28, sampleRate * channels * sampleBytes, true)
  view.setUint16(32, channels * sampleBytes, true)
  view.setUint16(34, bits, true)
  if (isExtensible) {
    view.setUint16(36, 22, true)
    view.setUint16(44, kind, true)
  }
  const data = 20 + formatBytes
  text(data, "data")
  view.setUint32(data + 4, dataBytes, true)
  frames.forEach((frame, index) => {
    frame.forEach((value, channel) => {
      encode(view, data + 8 + (index * channels + channel) * sampleBytes, value)
    })
  })
  return bytes
}

const mono = (samples: Float32Array) => [...samples].map((value) => Float32Array.of(value))
const codeOf = async (run: () => unknown): Promise<string | undefined> => {
  try {
    await run()
  } catch (error) {
    return error instanceof AppError ? error.code : String(error)
  }
  return undefined
}

describe("reading WAV", () => {
  const samples = tone(0.1, 16_000)
  it.each([
    [
      "8-bit",
      1,
      8,
      0.01,
      (view: DataView, at: number, value: number) => view.setUint8(at, Math.round(value * 127) + 128),
    ],
    ["16-bit", 1, 16, 1e-4, (view: DataView, at: number, value: number) => view.setInt16(at, value * 32_767, true)],
    [
      "24-bit",
      1,
      24,
      1e-6,
      (view: DataView, at: number, value: number) => {
        const whole = Math.round(value * 8_388_607)
        view.setUint16(at, whole & 0xffff, true)
        view.setInt8(at + 2, whole >> 16)
      },
    ],
    [
      "32-bit",
      1,
      32,
      1e-6,
      (view: DataView, at: number, value: number) => view.setInt32(at, value * 2_147_483_647, true),
    ],
    ["float", 3, 32, 1e-7, (view: DataView, at: number, value: number) => view.setFloat32(at, value, true)],
    ["double", 3, 64, 1e-7, (view: DataView, at: number, value: number) => view.setFloat64(at, value, true)],
  ])("reads %s samples", (_name, kind, bits, tolerance, encode) => {
    for (const isExtensible of [false, true]) {
      const bytes = wavBytes({
        kind,
        bits,
        channels: 1,
        sampleRate: 16_000,
        frames: mono(samples),
        encode,
        isExtensible,
      })
      const wav = openWav(bytes)
      const read = wav.read(0, wav.frames)
      expect(wav).toMatchObject({ sampleRate: 16_000, frames: samples.length, note: null })
      expect(Math.max(...read.map((value, index) => Math.abs(value - (samples[index] ?? 0))))).toBeLessThan(tolerance)
    }
  })

  it("mixes 5.1 down without the low-frequency channel", () => {
    const encode = (view: DataView, at: number, value: number) => view.setFloat32(at, value, true)
    const options = { kind: 3, bits: 32, channels: 6, sampleRate: 48_000, encode }
    const speech = openWav(
      wavBytes({ ...options, frames: Array.from({ length: 100 }, () => Float32Array.of(0, 0, 1, 0, 0, 0)) }),
    )
    const rumble = openWav(
      wavBytes({ ...options, frames: Array.from({ length: 100 }, () => Float32Array.of(0, 0, 0, 1, 0, 0)) }),
    )
    expect(speech.read(0, 1)[0]).toBeGreaterThan(0.2)
    expect(rumble.read(0, 1)[0]).toBe(0)
  })

  it("keeps what is there of a file that ends early, and says so", () => {
    const whole = writeWav(tone(1, 16_000), 16_000)
    const wav = openWav(whole.subarray(0, 44 + 16_000))
    expect(wav.frames).toBe(8000)
    expect(wav.note).toMatch(/ends early/)
  })

  it("reads to the end when a recorder never filled in the length", () => {
    const bytes = writeWav(tone(1, 16_000), 16_000)
    new DataView(bytes.buffer).setUint32(40, 0, true)
    expect(openWav(bytes).frames).toBe(16_000)
  })

  it("turns samples that are no numbers into silence", () => {
    const encode = (view: DataView, at: number, value: number) => view.setFloat32(at, value, true)
    const frames = [Float32Array.of(Number.NaN), Float32Array.of(Number.POSITIVE_INFINITY), Float32Array.of(0.5)]
    const wav = openWav(wavBytes({ kind: 3, bits: 32, channels: 1, sampleRate: 8000, frames, encode }))
    expect([...wav.read(0, 3)]).toEqual([0, 0, 0.5])
  })

  it("answers every damaged header with a typed error", async () => {
    const good = writeWav(tone(0.05, 16_000), 16_000)
    for (let at = 0; at < 44; at++)
      for (const value of [0, 0xff, 0x7f]) {
        const bad = Uint8Array.from(good)
        bad[at] = value
        expect([undefined, "audio.damaged", "audio.unsupported"]).toContain(
          await codeOf(() => {
            const wav = openWav(bad)
            wav.read(0, Math.min(wav.frames, 100))
          }),
        )
      }
    for (let length = 0; length < 44; length++)
      expect(["audio.damaged", "audio.unsupported"]).toContain(
        await codeOf(() => decodeAudio(good.slice(0, length), {}, signal)),
      )
  })
})

describe("files that are no recordings", () => {
  it.each([
    ["an empty file", new Uint8Array(), "audio.damaged"],
    ["text named .wav", Buffer.from("Dear diary, today I recorded nothing."), "audio.unsupported"],
    ["text named .mp3", Buffer.from("Dear diary, today I recorded nothing."), "audio.unsupported"],
    ["a header without sound", writeWav(new Float32Array(), 16_000), "audio.damaged"],
    ["an m4a file", Buffer.from("\0\0\0\u0020ftypM4A \0\0\0\0", "latin1"), "audio.unsupported"],
  ])("refuses %s", async (name, bytes, code) => {
    const filename = name.endsWith(".mp3") ? "note.mp3" : "note.wav"
    expect(await codeOf(() => decodeAudio(bytes, { filename }, signal))).toBe(code)
  })

  it("refuses a recording that is too long before it is decoded whole", async () => {
    const bytes = writeWav(tone(3, 8000), 8000)
    expect(await codeOf(() => decodeAudio(bytes, { maxDurationMs: 1000 }, signal))).toBe("audio.too-long")
  })

  it("reads 50 ms and 96 kHz", async () => {
    expect((await decodeAudio(writeWav(tone(0.05, 16_000), 16_000), {}, signal)).samples).toHaveLength(800)
    const fast = await decodeAudio(writeWav(tone(1, 96_000), 96_000), { sampleRate: 16_000 }, signal)
    expect(fast.samples).toHaveLength(16_000)
    expect(fast.durationMs).toBe(1000)
  })
})
