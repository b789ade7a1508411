import { entryUrl } from "#app/entries.ts"
import { type AudioDevices, createAudioDevices } from "#audio/devices/audioDevices.ts"
import type { AudioHostContract, DeviceList, HostDevice, Tuning } from "#audio/devices/contract.ts"
import type { ChannelStatus, DeviceChannel } from "#audio/devices/deviceChannel.ts"
import { systemClock } from "#core/clock.ts"
import { createHostClient } from "#core/host/client.ts"
import { createForkAdapter } from "#core/host/forkAdapter.ts"
import { silentLogger } from "#core/logger.ts"
import type { SoundServer } from "../fakes/soundServer.ts"

/** The product's devices over a test's own sound server. */
export interface DeviceBench {
  devices: AudioDevices
  counts: Record<string, number>
  list(): Promise<DeviceList>
  device(name: string): Promise<HostDevice>
  select(selection: { input?: string | null; output?: string | null }): void
  tune(tuning: Partial<Tuning>): void
}

export function createDeviceBench({ env }: SoundServer): DeviceBench {
  const client = (name: string) =>
    createHostClient<AudioHostContract>({
      name,
      adapter: createForkAdapter({ entry: entryUrl("audio"), env: { ...process.env, ...env } }),
      log: silentLogger,
      concurrency: 16,
    })
  const settings = new Set<() => void>()
  const counts: Record<string, number> = {}
  let selection: { input: string | null; output: string | null } = { input: null, output: null }
  let tuning: Tuning = { gain: 1, isMicrophoneMuted: false, volume: 1 }
  const tell = (): void => {
    for (const listener of settings) listener()
  }
  const devices = createAudioDevices({
    streaming: client("audio"),
    looking: client("audioLook"),
    selection: () => selection,
    tuning: () => tuning,
    onSettings: (listener) => {
      settings.add(listener)
      return () => settings.delete(listener)
    },
    count: (name, by) => {
      counts[name] = (counts[name] ?? 0) + by
    },
    clock: systemClock,
    log: silentLogger,
  })
  const list = () => devices.list(new AbortController().signal)
  return {
    devices,
    counts,
    list,
    async device(name) {
      const found = (await list()).devices.find((device) => device.name === name)
      if (!found) throw new Error(`There is no device ${name}.`)
      return found
    },
    select(changes) {
      selection = { ...selection, ...changes }
      tell()
    },
    tune(changes) {
      tuning = { ...tuning, ...changes }
      tell()
    },
  }
}

/** Resolves with the first status that fits. */
export function untilStatus(channel: DeviceChannel, fits: (status: ChannelStatus) => boolean): Promise<ChannelStatus> {
  return new Promise((resolve) => {
    const check = (status: ChannelStatus): void => {
      if (!fits(status)) return
      unsubscribe()
      resolve(status)
    }
    const unsubscribe = channel.onStatus(check)
    check(channel.status())
  })
}

/** What a channel's microphone hears, as it comes. */
export function listenTo(channel: DeviceChannel): {
  /** Resolves once a stretch of sound was heard that fits. */
  until(fits: (samples: Float32Array) => boolean): Promise<void>
  stop(): void
} {
  const over = new AbortController()
  const waiting = new Set<(samples: Float32Array) => void>()
  const read = async (): Promise<void> => {
    for await (const { samples } of channel.source.frames(over.signal))
      for (const listener of waiting) listener(samples)
  }
  read().catch(() => undefined)
  return {
    until: (fits) =>
      new Promise((resolve) => {
        const listener = (samples: Float32Array): void => {
          if (!fits(samples)) return
          waiting.delete(listener)
          resolve()
        }
        waiting.add(listener)
      }),
    stop: () => over.abort(),
  }
}
