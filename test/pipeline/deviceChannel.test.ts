import { expect, it, onTestFinished } from "vitest"
import { createAudioDevices } from "#audio/devices/audioDevices.ts"
import type { AudioHostContract } from "#audio/devices/contract.ts"
import { createAudioHandlers } from "#audio/devices/handlers.ts"
import { systemClock } from "#core/clock.ts"
import { AppError } from "#core/errors.ts"
import { createHostClient } from "#core/host/client.ts"
import { createInlineAdapter } from "#core/host/inlineAdapter.ts"
import { silentLogger } from "#core/logger.ts"
import { untilStatus } from "../devices/deviceBench.ts"
import { createFakePortAudio, type FakePortAudio, fakeDevice } from "../fakes/fakePortAudio.ts"
import { tone } from "../fakes/tones.ts"

const never = new AbortController().signal

function bench(portAudio: FakePortAudio | null) {
  const load = () => {
    if (portAudio) return portAudio
    throw new AppError("audio.no-addon", "It is not built.", { remedy: "Build it." })
  }
  const client = (name: string) =>
    createHostClient<AudioHostContract>({
      name,
      adapter: createInlineAdapter(createAudioHandlers(load)),
      log: silentLogger,
      concurrency: 16,
    })
  const settings = new Set<() => void>()
  let selection: { input: string | null; output: string | null } = { input: null, output: null }
  const devices = createAudioDevices({
    streaming: client("audio"),
    looking: client("audio-list"),
    selection: () => selection,
    tuning: () => ({ gain: 1, isMicrophoneMuted: false, volume: 1 }),
    onSettings: (listener) => {
      settings.add(listener)
      return () => settings.delete(listener)
    },
    count: () => undefined,
    clock: systemClock,
    log: silentLogger,
    lookEveryMs: 20,
  })
  onTestFinished(() => devices.close())
  return {
    devices,
    select(chosen: Partial<typeof selection>) {
      selection = { ...selection, ...chosen }
      for (const listener of settings) listener()
    },
  }
}

const machine = () =>
  createFakePortAudio([
    fakeDevice("desk", "input", true),
    fakeDevice("headset", "input"),
    fakeDevice("room", "output", true),
    fakeDevice("earphones", "output"),
  ])

it("takes the default when the chosen device is in another program's hands, and says so", async () => {
  const portAudio = machine()
  const { devices, select } = bench(portAudio)
  portAudio.blocked.add("headset")
  select({ input: "id-headset" })
  const channel = devices.open()
  const status = await untilStatus(channel, ({ input }) => input !== null)
  expect(status).toMatchObject({
    input: { name: "desk" },
    output: { name: "room" },
    problem: { code: "audio.no-device" },
  })
  await channel.close()
  expect([...portAudio.opened]).toEqual([])
})

it("moves at once when another device is chosen, and what was not played yet is played there", async () => {
  const portAudio = machine()
  const { devices, select } = bench(portAudio)
  const channel = devices.open()
  await untilStatus(channel, ({ output }) => output?.name === "room")
  const speaking = channel.sink.write(tone(1, 24_000), 24_000, never).then(() => channel.sink.drain(never))
  select({ output: "id-earphones" })
  await untilStatus(channel, ({ output }) => output?.name === "earphones")
  await speaking
  expect(channel.sink.playedMs()).toBe(1000)
  await channel.close()
})

it("leaves a microphone that brings nothing for another", async () => {
  const portAudio = machine()
  const { devices, select } = bench(portAudio)
  select({ input: "id-headset" })
  const channel = devices.open({ output: false })
  await untilStatus(channel, ({ input }) => input?.name === "headset")
  await channel.source.frames(never)[Symbol.asyncIterator]().next()
  portAudio.dead.add("headset")
  const status = await untilStatus(channel, ({ input }) => input?.name === "desk")
  expect(status.problem?.code).toBe("audio.no-device")
  await channel.close()
})

it("says the rest of a word on another loudspeaker when its own vanishes in mid-word", async () => {
  const portAudio = machine()
  const { devices, select } = bench(portAudio)
  select({ output: "id-earphones" })
  const channel = devices.open()
  await untilStatus(channel, ({ output }) => output?.name === "earphones")
  const speaking = channel.sink.write(tone(1, 24_000), 24_000, never).then(() => channel.sink.drain(never))
  await expect.poll(() => portAudio.soundMs("earphones")).toBeGreaterThan(200)
  portAudio.unplug("earphones")
  const status = await untilStatus(channel, ({ output }) => output?.name === "room")
  expect(status.problem).toMatchObject({ code: "audio.no-device" })
  await speaking
  const whole = portAudio.soundMs("earphones") + portAudio.soundMs("room")
  expect(whole, "nothing is left out, and little is said twice").toBeGreaterThanOrEqual(1000)
  expect(whole).toBeLessThan(1300)
  await channel.close()
  expect([...portAudio.opened]).toEqual([])
})

it("brings silence from a microphone that vanishes in mid-word, until another takes over", async () => {
  const portAudio = machine()
  portAudio.devices = portAudio.devices.filter(({ name }) => name !== "headset")
  const { devices } = bench(portAudio)
  const channel = devices.open({ output: false })
  await untilStatus(channel, ({ input }) => input?.name === "desk")
  const frames = channel.source.frames(never)[Symbol.asyncIterator]()
  await frames.next()
  portAudio.unplug("desk")
  await untilStatus(channel, ({ problem }) => problem?.code === "audio.no-device")
  // The turn that listens hears its pause, and ends.
  for (let heardMs = 0; heardMs < 500; heardMs += 20) expect((await frames.next()).done).toBe(false)
  portAudio.devices = [...portAudio.devices, fakeDevice("spare", "input", true)]
  await untilStatus(channel, ({ input }) => input?.name === "spare")
  expect((await frames.next()).done).toBe(false)
  await channel.close()
})

it("says what to do when it is not permitted to open any microphone", async () => {
  const portAudio = machine()
  for (const name of ["desk", "headset"]) portAudio.blocked.add(name)
  const { devices } = bench(portAudio)
  const channel = devices.open({ output: false })
  const status = await untilStatus(channel, ({ problem }) => problem?.code === "audio.device-busy")
  expect(status.input).toBeNull()
  expect(status.problem?.remedy).toContain("allow ZenGlow to use it in the system's settings")
  await channel.close()
})

it("keeps nobody waiting for a loudspeaker that takes no sound", async () => {
  const portAudio = machine()
  portAudio.devices = portAudio.devices.filter(({ name }) => name !== "earphones")
  const { devices } = bench(portAudio)
  const channel = devices.open({ input: false })
  await untilStatus(channel, ({ output }) => output?.name === "room")
  portAudio.dead.add("room")
  const speaking = channel.sink.write(tone(2, 24_000), 24_000, never).then(() => channel.sink.drain(never))
  await expect(speaking).rejects.toMatchObject({ code: "audio.no-device" })
  await channel.close()
})

it("leaves no device open after a hundred times of opening and closing, at whatever moment", async () => {
  const portAudio = machine()
  const { devices } = bench(portAudio)
  for (let cycle = 0; cycle < 100; cycle++) {
    const channel = devices.open()
    if (cycle % 3 === 0) await untilStatus(channel, ({ input }) => input !== null)
    else if (cycle % 3 === 1) await devices.list(never)
    await channel.close()
    expect([...portAudio.opened]).toEqual([])
    expect(devices.current()).toBeNull()
  }
})

it("without the addon says what to do, and opens nothing", async () => {
  const { devices } = bench(null)
  await expect(devices.list(never)).rejects.toMatchObject({ code: "audio.no-addon" })
  const channel = devices.open()
  const status = await untilStatus(channel, ({ problem }) => problem !== null)
  expect(status).toMatchObject({ input: null, output: null, problem: { code: "audio.no-addon", remedy: "Build it." } })
  await channel.close()
})
