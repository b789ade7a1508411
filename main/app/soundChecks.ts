import type { AudioDevices } from "#audio/devices/audioDevices.ts"
import { errorInfo } from "#core/errors.ts"
import { untilAborted } from "#core/untilAborted.ts"
import { whenOpen } from "./whenOpen.ts"

/** What doctor asks about the machine's own sound. */
export interface SoundChecks {
  /** Null: the addon is missing, and windows bring their own devices. */
  devices(signal: AbortSignal): Promise<{ backend: string; inputs: number; outputs: number } | null>
  /** Opens the chosen device for a moment. Null: it works. */
  opens(direction: "input" | "output", signal: AbortSignal): Promise<{ message: string; remedy: string } | null>
}

/** Half a second: a device that works is never silent to the last bit for so long. */
const heardSamples = 8000

export function createSoundChecks(devices: AudioDevices): SoundChecks {
  return {
    async devices(signal) {
      try {
        const list = await devices.list(signal)
        return {
          backend: `PortAudio (${list.hostApis.join(", ") || "no host"})`,
          inputs: list.devices.filter(({ inputChannels }) => inputChannels > 0).length,
          outputs: list.devices.filter(({ outputChannels }) => outputChannels > 0).length,
        }
      } catch (error) {
        if (errorInfo(error).code === "audio.no-addon") return null
        throw error
      }
    },
    async opens(direction, signal) {
      // A conversation that has them shows that they work.
      if (devices.current()) return null
      const channel = devices.open({ input: direction === "input", output: direction === "output" })
      try {
        await whenOpen(channel, signal)
        if (direction === "output") return null
        let heard = 0
        let isSilent = true
        for await (const { samples } of channel.source.frames(signal)) {
          heard += samples.length
          isSilent &&= samples.every((sample) => sample === 0)
          if (!isSilent || heard >= heardSamples) break
        }
        return isSilent
          ? {
              message: "The microphone brings nothing but silence.",
              remedy: "Allow ZenGlow to use it in the system's privacy settings, and check its mute switch.",
            }
          : null
      } catch (error) {
        signal.throwIfAborted()
        const { message, remedy } = errorInfo(error)
        return { message, remedy: remedy ?? "Choose another device in Settings, Sound." }
      } finally {
        await untilAborted(channel.close(), AbortSignal.timeout(5000)).catch(() => undefined)
      }
    },
  }
}
