import { AppError } from "#core/errors.ts"
import type { HostDevice, OpenedDevice } from "./contract.ts"
import type { DeviceIo, DirectionOptions, PortAudio } from "./portAudio.ts"

export interface OpenDirection {
  io: DeviceIo
  opened: OpenedDevice
  /** Frames per block: 10 ms. */
  blockFrames: number
}

/** Blocks of 10 ms between us and the device: what a pause of our process may last, and what an interruption still lets out. */
export const playQueueBlocks = 6
/** Half a second of microphone may wait for us before PortAudio's own thread has to. */
const hearQueueBlocks = 50

/**
 * Opens a device for one direction: at its own rate, with one channel for a microphone and two for loudspeakers where it can, else with
 * what it can. Throws `audio.no-device` where it is gone and `audio.device-busy` where it cannot be opened.
 */
export function openDirection(
  portAudio: PortAudio,
  devices: readonly HostDevice[],
  direction: "input" | "output",
  id: string | null,
): OpenDirection {
  const device = find(devices, direction, id)
  const isInput = direction === "input"
  let failure: unknown
  for (const sampleRate of unique([device.sampleRate, 48_000, 44_100, 16_000])) {
    for (const channels of channelChoices(isInput ? device.inputChannels : device.outputChannels, isInput)) {
      const blockFrames = Math.round(sampleRate / 100)
      const options: DirectionOptions = {
        deviceId: device.index,
        sampleRate,
        channelCount: channels,
        sampleFormat: 1,
        maxQueue: isInput ? hearQueueBlocks : playQueueBlocks,
        framesPerBuffer: isInput ? 2 * blockFrames : blockFrames,
        closeOnError: true,
      }
      try {
        const io = portAudio.open(isInput ? { inOptions: options } : { outOptions: options })
        return { io, opened: { id: device.id, name: device.name, sampleRate, channels }, blockFrames }
      } catch (error) {
        failure = error
      }
    }
  }
  throw new AppError("audio.device-busy", `${device.name} cannot be opened.`, {
    remedy:
      "Close the program that uses it, allow ZenGlow to use it in the system's settings, or choose another device.",
    details: { id: device.id },
    cause: failure,
  })
}

function find(devices: readonly HostDevice[], direction: "input" | "output", id: string | null): HostDevice {
  const isInput = direction === "input"
  const usable = devices.filter((device) => (isInput ? device.inputChannels : device.outputChannels) > 0)
  const found =
    id === null
      ? (usable.find((device) => (isInput ? device.isDefaultInput : device.isDefaultOutput)) ?? usable[0])
      : usable.find((device) => device.id === id)
  if (found) return found
  const what = isInput ? "microphone" : "loudspeaker"
  throw new AppError("audio.no-device", id === null ? `There is no ${what}.` : `The chosen ${what} is not connected.`, {
    remedy: "Connect one, or choose another in Settings, Sound.",
  })
}

function channelChoices(most: number, isInput: boolean): number[] {
  return unique([isInput ? 1 : Math.min(2, most), isInput ? Math.min(2, most) : 1, Math.min(8, most)]).filter(
    (count) => count > 0 && count <= most,
  )
}

const unique = (values: number[]): number[] => [...new Set(values)]
