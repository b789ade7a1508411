import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest"
import { createDeviceService } from "#app/deviceService.ts"
import { createSoundChecks } from "#app/soundChecks.ts"
import type { DeviceChannel } from "#audio/devices/deviceChannel.ts"
import { level } from "#audio/level.ts"
import { settingValues } from "#contract/settings.ts"
import { concatSamples } from "#core/concatSamples.ts"
import { type SoundServer, startSoundServer, whyNoSoundServer } from "../fakes/soundServer.ts"
import { clip } from "../fakes/spokenClip.ts"
import { tone } from "../fakes/tones.ts"
import { createDeviceBench, type DeviceBench, listenTo, untilStatus } from "./deviceBench.ts"

const reason = whyNoSoundServer()
if (reason) process.stderr.write(`Tests with sound devices are skipped: ${reason}.\n`)
const never = new AbortController().signal
const isLoud = (samples: Float32Array): boolean => level(samples).rms > 0.05

describe.skipIf(reason)("devices of the machine", () => {
  let server: SoundServer
  let bench: DeviceBench

  beforeAll(async () => {
    server = await startSoundServer()
    await server.plug("microphone", "desk")
    await server.plug("loudspeaker", "room")
    await server.setDefault("desk", "room")
  })
  afterAll(() => server?.close())

  const open = async (options: { input?: boolean; output?: boolean } = {}): Promise<DeviceChannel> => {
    const channel = bench.devices.open(options)
    onTestFinished(() => channel.close())
    await untilStatus(channel, (status) => status.input !== null || status.output !== null)
    return channel
  }
  const fresh = (): void => {
    const made = createDeviceBench(server)
    bench = made
    onTestFinished(() => made.devices.close())
  }

  it("lists them with ids that stay when others come and go", async () => {
    fresh()
    onTestFinished(() => server.unplug("aaa_headset"))
    const before = await bench.list()
    expect(before.devices.map(({ name }) => name).sort()).toEqual(["default", "desk", "room"])
    await server.plug("microphone", "aaa_headset")
    const during = await bench.list()
    expect(during.devices).toHaveLength(4)
    for (const device of before.devices)
      expect(during.devices.find(({ id }) => id === device.id)?.name).toBe(device.name)
    await server.unplug("aaa_headset")
    expect((await bench.list()).devices.map(({ id }) => id)).toEqual(before.devices.map(({ id }) => id))
  })

  it("hears the microphone and plays into the loudspeaker, and an interruption ends what is played", async () => {
    fresh()
    const channel = await open()
    const ears = listenTo(channel)
    onTestFinished(ears.stop)
    const heard = ears.until(isLoud)
    await server.say("desk", tone(1, 16_000), 16_000)
    await heard

    const recording = await server.record("room")
    await channel.sink.write(tone(0.5, 24_000), 24_000, never)
    await channel.sink.drain(never)
    expect(channel.sink.playedMs()).toBeCloseTo(500, -2)
    const writing = channel.sink.write(tone(20, 24_000), 24_000, never)
    await untilLoud(recording.heard, 1)
    channel.sink.flush()
    await writing
    const sound = await recording.stop()
    const loud = sound.filter((sample) => Math.abs(sample) > 0.05).length / 16_000
    expect(loud).toBeGreaterThan(0.5)
    expect(loud).toBeLessThan(4)
  })

  it("acts on volume, mute and gain", async () => {
    fresh()
    const channel = await open()
    const recording = await server.record("room")
    const loudness = async (): Promise<number> => {
      const from = recording.heard().length
      await channel.sink.write(tone(0.6, 24_000), 24_000, never)
      await channel.sink.drain(never)
      await untilQuiet(recording.heard, from + 8000)
      const sizes = recording.heard().subarray(from).map(Math.abs).sort()
      // The loudest, but for the few milliseconds in which a change fades in.
      return sizes.at(-800) as number
    }
    expect(await loudness()).toBeCloseTo(0.5, 1)
    bench.tune({ volume: 0.2 })
    expect(await loudness()).toBeCloseTo(0.1, 1)
    bench.tune({ volume: 0 })
    expect(await loudness()).toBeLessThan(0.01)
    await recording.stop()

    const ears = listenTo(channel)
    onTestFinished(ears.stop)
    bench.tune({ gain: 4 })
    const amplified = ears.until((samples) => level(samples).peak > 0.3)
    await server.say("desk", tone(1, 16_000, 440, 0.1), 16_000)
    await amplified
    bench.tune({ isMicrophoneMuted: true })
    let isHeard = false
    void ears
      .until((samples) => isLoud(samples))
      .then(() => {
        isHeard = true
      })
    await ears.until((samples) => samples.every((sample) => sample === 0))
    isHeard = false
    await server.say("desk", tone(0.5, 16_000), 16_000)
    expect(isHeard).toBe(false)
  })

  it("falls back when the chosen devices go, and returns when they are back", async () => {
    fresh()
    const unplugBoth = async (): Promise<void> => {
      await server.unplug("headset")
      await server.unplug("earphones")
    }
    const plugBoth = async (): Promise<void> => {
      await server.plug("microphone", "headset")
      await server.plug("loudspeaker", "earphones")
    }
    onTestFinished(unplugBoth)
    await plugBoth()
    bench.select({ input: (await bench.device("headset")).id, output: (await bench.device("earphones")).id })
    const channel = await open()
    expect(channel.status()).toMatchObject({ input: { name: "headset" }, output: { name: "earphones" }, problem: null })

    const pulledAt = performance.now()
    await unplugBoth()
    const fallen = await untilStatus(
      channel,
      ({ input, output }) => input?.name !== "headset" && output?.name === "default",
    )
    show("on other devices after", pulledAt)
    expect(fallen.input?.name).toBe("default")
    expect(fallen.problem).toMatchObject({ code: "audio.no-device" })
    const ears = listenTo(channel)
    onTestFinished(ears.stop)
    const heard = ears.until(isLoud)
    await server.say("desk", tone(1, 16_000), 16_000)
    await heard

    const pluggedAt = performance.now()
    await plugBoth()
    await untilStatus(channel, ({ input, output }) => input?.name === "headset" && output?.name === "earphones")
    show("back on the chosen ones after", pluggedAt)
  })

  // Needs a quiet machine: lost blocks move the echo.
  it.skipIf(!process.env.ZENGLOW_TEST_FULL)("takes the loudspeaker's echo out of the microphone", async () => {
    fresh()
    const stopLeak = await server.leak("room", "desk", 0.5)
    onTestFinished(stopLeak)
    const channel = await open()
    expect(channel.status().echo).toBe("canceller")
    const speech = await clip("warranty")
    const heard: Float32Array[] = []
    const listening = new AbortController()
    void (async () => {
      for await (const { samples } of channel.source.frames(listening.signal)) heard.push(samples)
    })().catch(() => undefined)
    for (let turn = 0; turn < 4; turn++) await channel.sink.write(speech, 16_000, never)
    await channel.sink.drain(never)
    listening.abort()
    // Half of what was played is what the microphone got of it.
    const echoes = level(speech).rms / 2
    const rest = level(concatSamples(heard).slice(-2 * speech.length)).rms
    expect(20 * Math.log10(echoes / rest)).toBeGreaterThan(6)
  })

  it("plays the test tone, and records and plays back, on real devices", async () => {
    fresh()
    const service = createDeviceService({
      devices: bench.devices,
      settings: {
        values: () => settingValues.parse({}),
        change: async () => undefined,
        onChange: () => () => undefined,
      },
      lost: () => ({ overruns: 0, underruns: 0 }),
    })
    const recording = await server.record("room")
    expect(await service.tone(never)).toEqual({ output: "default", playedMs: 1000 })
    await untilLoud(recording.heard, 0.1)
    await untilQuiet(recording.heard, 16_000)
    const before = recording.heard().length

    const verdicts: string[] = []
    for (const spoken of [await clip("warranty"), null]) {
      let saying: Promise<void> | null = null
      for await (const event of service.check({ seconds: 3, play: true }, never)) {
        // The device is open: whoever checks it speaks now.
        if (event.type === "level" && spoken) saying ??= server.say("desk", spoken, 16_000)
        if (event.type === "done") verdicts.push(`${event.input}: ${event.verdict}`)
      }
      await saying
    }
    expect(verdicts).toEqual(["default: good", "default: silent"])
    const played = (await recording.stop()).subarray(before)
    expect(level(played).peak, "what was recorded is played back").toBeGreaterThan(0.1)
  })

  it("shares the microphone with other programs, and its own with one conversation", async () => {
    fresh()
    const channel = await open()
    expect(() => bench.devices.open()).toThrow(expect.objectContaining({ code: "audio.device-busy" }))
    const other = await server.hearMicrophone("desk")
    const ears = listenTo(channel)
    onTestFinished(ears.stop)
    const heard = ears.until(isLoud)
    await server.say("desk", tone(1, 16_000), 16_000)
    await heard
    expect(isLoud(await other.stop())).toBe(true)
  })

  it("goes on when a device comes back with another rate", async () => {
    fresh()
    onTestFinished(() => server.unplug("usb"))
    await server.plug("microphone", "usb")
    bench.select({ input: (await bench.device("usb")).id })
    const channel = await open()
    await server.unplug("usb")
    await untilStatus(channel, ({ input }) => input?.name === "default")
    await server.plug("microphone", "usb", 44_100)
    await untilStatus(channel, ({ input }) => input?.name === "usb")
    const ears = listenTo(channel)
    onTestFinished(ears.stop)
    const heard = ears.until(isLoud)
    await server.say("usb", tone(1, 16_000), 16_000)
    await heard
  })

  it("lets doctor open them, and say that a microphone is silent", async () => {
    fresh()
    const checks = createSoundChecks(bench.devices)
    expect(await checks.devices(never)).toMatchObject({ inputs: 2, outputs: 2 })
    expect(await checks.opens("output", never)).toBeNull()
    expect(await checks.opens("input", never)).toMatchObject({ message: "The microphone brings nothing but silence." })
    let isSpeaking = true
    const saying = (async () => {
      while (isSpeaking) await server.say("desk", tone(1, 16_000), 16_000)
    })()
    await expect
      .poll(() => checks.opens("input", never), { timeout: 30_000 })
      .toBeNull()
      .finally(() => {
        isSpeaking = false
      })
    await saying
    expect(bench.devices.current()).toBeNull()
  })

  it("says so without any device, lets nobody wait, and takes the first that comes", async () => {
    fresh()
    await server.unplug("desk")
    await server.unplug("room")
    await server.setDefault(null, null)
    onTestFinished(async () => {
      await server.plug("loudspeaker", "room")
      await server.setDefault("desk", "room")
    })
    const channel = bench.devices.open()
    onTestFinished(() => channel.close())
    const status = await untilStatus(channel, ({ problem }) => problem !== null)
    expect(status).toMatchObject({ input: null, output: null, problem: { code: "audio.no-device" } })
    const ears = listenTo(channel)
    onTestFinished(ears.stop)
    // Silence goes on, so that a turn that was listening ends.
    await ears.until((samples) => samples.every((sample) => sample === 0))
    const written = channel.sink.write(tone(2, 24_000), 24_000, never)
    await expect(written.then(() => channel.sink.drain(never))).rejects.toMatchObject({ code: "audio.no-device" })
    await server.plug("microphone", "desk")
    await server.setDefault("desk", null)
    await untilStatus(channel, ({ input }) => input?.name === "default" || input?.name === "desk")
  })

  const cycles = process.env.ZENGLOW_TEST_FULL ? 100 : 20
  it(`leaves nothing open after ${cycles} times of opening and closing`, { timeout: 600_000 }, async () => {
    fresh()
    const before = await server.openStreams()
    for (let cycle = 0; cycle < cycles; cycle++) {
      const channel = bench.devices.open()
      if (cycle % 4 !== 3) await untilStatus(channel, ({ input }) => input !== null)
      await channel.close()
      expect(bench.devices.current()).toBeNull()
    }
    expect(await server.openStreams()).toBe(before)
  })
})

/** A figure for whoever asks for it (`ZENGLOW_TEST_SHOW`); no test depends on times. */
function show(what: string, since: number): void {
  if (process.env.ZENGLOW_TEST_SHOW) process.stderr.write(`${what} ${Math.round(performance.now() - since)} ms\n`)
}

/** Until a recording holds so many seconds of sound. */
async function untilLoud(heard: () => Float32Array, seconds: number): Promise<void> {
  await expect
    .poll(() => heard().filter((sample) => Math.abs(sample) > 0.05).length / 16_000, { timeout: 15_000 })
    .toBeGreaterThan(seconds)
}

/** Until a recording has gone beyond `length` and ends in a third of a second of silence. */
async function untilQuiet(heard: () => Float32Array, length: number): Promise<void> {
  const isQuiet = (): boolean => heard().length > length && level(heard().slice(-5300)).peak < 0.002
  await expect.poll(isQuiet, { timeout: 15_000 }).toBe(true)
}
