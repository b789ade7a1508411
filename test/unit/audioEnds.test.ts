import { mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { decodeAudio } from "#audio/decodeAudio.ts"
import { s16FromSamples } from "#audio/samples.ts"
import { createSocketSink } from "#audio/socketSink.ts"
import { createSocketSource } from "#audio/socketSource.ts"
import { openWavSink } from "#audio/wavSink.ts"
import { openWavSource } from "#audio/wavSource.ts"
import type { Clock } from "#core/clock.ts"
import { likeness, sweep, tone } from "../fakes/tones.ts"

const { signal } = new AbortController()

async function collect<T>(values: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const value of values) all.push(value)
  return all
}

/** Time that moves only when somebody waits for it or the test says so. */
function heldClock(): Clock & { pass(ms: number): void; wait(ms: number, signal: AbortSignal): Promise<void> } {
  let now = 5000
  return {
    now: () => now,
    monotonic: () => now,
    pass(ms) {
      now += ms
    },
    async wait(ms) {
      now += ms
    },
  }
}

describe("socket source", () => {
  it("delivers the samples in order and ends when the key is released", async () => {
    const socket = createSocketSource()
    socket.push(s16FromSamples(Float32Array.of(0.1, 0.2)), 7)
    socket.push(s16FromSamples(Float32Array.of(0.3)), 8)
    socket.end()
    const frames = await collect(socket.source.frames(signal))
    expect(frames.map((frame) => [frame.seq, frame.sampleRate, frame.samples.length])).toEqual([
      [0, 16_000, 2],
      [1, 16_000, 1],
    ])
    expect(socket.push(s16FromSamples(Float32Array.of(0.4)), 9)).toBe(false)
  })

  it("counts what the network lost and what the queue dropped, and ignores repeats", () => {
    const socket = createSocketSource({ capacity: 2 })
    const bytes = s16FromSamples(Float32Array.of(0.1))
    expect([0, 1, 1, 5, 6].map((seq) => socket.push(bytes, seq))).toEqual([true, true, false, false, false])
    expect(socket.lost()).toEqual({ missing: 3, dropped: 2 })
  })

  it("stops at once when the turn is aborted", async () => {
    const controller = new AbortController()
    const reading = collect(createSocketSource().source.frames(controller.signal))
    controller.abort(new Error("released"))
    await expect(reading).rejects.toThrow("released")
  })
})

describe("socket sink", () => {
  it("runs at most two seconds ahead and drains when all is played", async () => {
    const clock = heldClock()
    const ahead: number[] = []
    let sentMs = 0
    const begin = clock.monotonic()
    const sink = createSocketSink({
      clock,
      wait: clock.wait,
      send: (bytes) => {
        sentMs += bytes.length / 48
        ahead.push(sentMs - (clock.monotonic() - begin))
      },
    })
    await sink.write(tone(10, 24_000), 24_000, signal)
    expect(sentMs).toBeCloseTo(10_000, 3)
    expect(Math.max(...ahead)).toBeLessThanOrEqual(2100)
    await sink.drain(signal)
    expect(sink.playedMs()).toBeCloseTo(10_000, 0)
    expect(clock.monotonic() - begin).toBeGreaterThanOrEqual(9999)
  })

  it("drops the rest at once when flushed, and knows what was heard", async () => {
    const clock = heldClock()
    const sent: number[] = []
    let flushes = 0
    const sink = createSocketSink({
      clock,
      wait: clock.wait,
      send: (bytes) => sent.push(bytes.length),
      sendFlush: () => {
        flushes++
      },
    })
    await sink.write(tone(1.5, 24_000), 24_000, signal)
    clock.pass(400)
    sink.flush()
    expect(flushes).toBe(1)
    expect(sink.playedMs()).toBe(400)
    clock.pass(1000)
    expect(sink.playedMs()).toBe(400)
    await sink.write(tone(0.2, 24_000), 24_000, signal)
    clock.pass(1000)
    expect(sink.playedMs()).toBe(600)
  })

  it("ends a write that waits when it is flushed", async () => {
    const clock = heldClock()
    let resume = (): void => {}
    const sent: number[] = []
    const sink = createSocketSink({
      clock,
      wait: () =>
        new Promise((resolve) => {
          resume = resolve
        }),
      send: (bytes) => sent.push(bytes.length),
    })
    const writing = sink.write(tone(5, 24_000), 24_000, signal)
    await new Promise((resolve) => setImmediate(resolve))
    const before = sent.length
    sink.flush()
    resume()
    await writing
    expect(before).toBeGreaterThan(0)
    expect(sent).toHaveLength(before)
  })

  it("believes the client's report more than the clock", async () => {
    const clock = heldClock()
    const sink = createSocketSink({ clock, wait: clock.wait, send: () => {} })
    await sink.write(tone(1, 24_000), 24_000, signal)
    clock.pass(500)
    sink.reportPlayed(300)
    expect(sink.playedMs()).toBe(300)
    clock.pass(5000)
    expect(sink.playedMs()).toBe(1000)
  })

  it("resamples to 24 kHz across writes", async () => {
    const clock = heldClock()
    let bytes = 0
    const seqs: number[] = []
    const send = (message: Uint8Array, seq: number) => {
      bytes += message.length
      seqs.push(seq)
    }
    const sink = createSocketSink({ clock, wait: clock.wait, send })
    for (let index = 0; index < 10; index++) await sink.write(tone(0.1, 22_050), 22_050, signal)
    await sink.drain(signal)
    expect(bytes / 2).toBe(24_000)
    expect(seqs).toEqual(seqs.map((_, index) => index))
  })
})

describe("sound files as microphone and speaker", () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "zenglow-audio-"))
  })
  afterEach(() => rm(folder, { recursive: true, force: true }))

  it("write what is spoken and read it back", async () => {
    const path = join(folder, "answer.wav")
    const sink = await openWavSink(path)
    const samples = sweep(1.5, 22_050)
    for (let at = 0; at < samples.length; at += 5000) await sink.write(samples.subarray(at, at + 5000), 22_050, signal)
    await sink.drain(signal)
    expect(sink.playedMs()).toBeCloseTo(1500, 0)
    await sink.close()
    const written = await decodeAudio(await readFile(path), {}, signal)
    expect(written.sampleRate).toBe(24_000)
    expect(likeness(sweep(1.5, 24_000), written.samples, 2).value).toBeGreaterThan(0.999)

    const source = await openWavSource(path, { decodeAudio }, signal)
    const frames = await collect(source.frames(signal))
    expect(frames.reduce((sum, frame) => sum + frame.samples.length, 0)).toBe(24_000)
    expect(frames.every((frame, index) => frame.seq === index && frame.sampleRate === 16_000)).toBe(true)
  })

  it("answer a missing file with a typed error", async () => {
    await expect(openWavSource(join(folder, "none.wav"), { decodeAudio }, signal)).rejects.toMatchObject({
      code: "audio.damaged",
    })
  })
})
