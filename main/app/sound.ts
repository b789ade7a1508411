import { type AudioDevices, createAudioDevices } from "#audio/devices/audioDevices.ts"
import type { AudioHostContract } from "#audio/devices/contract.ts"
import type { Clock } from "#core/clock.ts"
import { createHostClient } from "#core/host/client.ts"
import { createForkAdapter } from "#core/host/forkAdapter.ts"
import type { OrphanList } from "#core/host/orphans.ts"
import type { Logger } from "#core/logger.ts"
import type { DeviceService } from "#server/deps.ts"
import { createDeviceService } from "./deviceService.ts"
import { entryUrl } from "./entries.ts"
import type { Settings } from "./settings.ts"
import { createSoundChecks, type SoundChecks } from "./soundChecks.ts"

export interface SoundDeps {
  settings: Settings
  orphans: OrphanList
  count(name: string, by: number): void
  clock: Clock
  log: Logger
}

/** Requests of a running stream: it itself, what is played, and changes of volume. */
const concurrency = 16
/** A stream tells of itself fifty times a second. */
const stallMs = 15_000

/** The machine's own microphones and loudspeakers, with what the person chose in Settings. */
export function createSound({ settings, orphans, count, clock, log }: SoundDeps): {
  devices: AudioDevices
  service: DeviceService
  checks: SoundChecks
} {
  const client = (name: string) =>
    createHostClient<AudioHostContract>({
      name,
      adapter: createForkAdapter({ entry: entryUrl("audio"), log, orphans }),
      log,
      clock,
      concurrency,
      stallMs,
    })
  const lost = { overruns: 0, underruns: 0 }
  const devices = createAudioDevices({
    streaming: client("audio"),
    looking: client("audio-list"),
    selection() {
      const { inputDevice, outputDevice } = settings.values()
      return { input: inputDevice, output: outputDevice }
    },
    tuning() {
      const { microphoneGain, isMicrophoneMuted, volume, isMuted } = settings.values()
      return { gain: microphoneGain, isMicrophoneMuted, volume: isMuted ? 0 : volume }
    },
    onSettings: settings.onChange,
    count(name, by) {
      if (name === "audio.overruns") lost.overruns += by
      else if (name === "audio.underruns") lost.underruns += by
      count(name, by)
    },
    clock,
    log,
  })
  return {
    devices,
    checks: createSoundChecks(devices),
    service: createDeviceService({ devices, settings, lost: () => ({ ...lost }) }),
  }
}
