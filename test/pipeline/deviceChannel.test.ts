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

it("without the addon says what to do, and opens nothing", async () => {
  const { devices } = bench(null)
  await expect(devices.list(never)).rejects.toMatchObject({ code: "audio.no-addon" })
  const channel = devices.open()
  const status = await untilStatus(channel, ({ problem }) => problem !== null)
  expect(status).toMatchObject({ input: null, output: null, problem: { code: "audio.no-addon", remedy: "Build it." } })
  await channel.close()
})
