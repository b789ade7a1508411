import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import { AppError } from "#core/errors.ts"
import type { DeviceList } from "./contract.ts"
import { deviceIds } from "./deviceId.ts"

/** Options of one direction of a stream, as naudiodon takes them. */
export interface DirectionOptions {
  deviceId: number
  sampleRate: number
  channelCount: number
  /** 1: 32-bit float. */
  sampleFormat: 1
  /** Buffers kept between PortAudio and us. */
  maxQueue: number
  framesPerBuffer: number
  /** Report what PortAudio says of lost sound with the next read or write. */
  closeOnError: boolean
}

/** An open stream. Reads and writes wait on a thread of libuv's pool; `quit` ends them. */
export interface DeviceIo {
  start(): void
  read(bytes: number): Promise<{ buf?: Uint8Array; err?: string; finished?: boolean }>
  /** Resolves when the queue has room; with a text when sound was lost. */
  write(chunk: Buffer): Promise<string | undefined>
  quit(mode: "WAIT" | "ABORT"): Promise<void>
}

export interface PortAudio {
  list(): DeviceList
  open(options: { inOptions?: DirectionOptions; outOptions?: DirectionOptions }): DeviceIo
}

interface Addon {
  getDevices(): {
    id: number
    name: string
    maxInputChannels: number
    maxOutputChannels: number
    defaultSampleRate: number
    hostAPIName: string
  }[]
  getHostAPIs(): {
    defaultHostAPI: number
    HostAPIs: { id: number; name: string; deviceCount: number; defaultInput: number; defaultOutput: number }[]
  }
  create(options: { inOptions?: DirectionOptions; outOptions?: DirectionOptions }): DeviceIo
}

/**
 * PortAudio through naudiodon's addon. Its JavaScript is left out: it wraps the addon in Node streams that cannot be flushed, and loads a
 * crash handler bound to one version of Node. Throws `audio.no-addon`.
 */
export function loadPortAudio(): PortAudio {
  const addon = loadAddon()
  return {
    list() {
      const { HostAPIs, defaultHostAPI } = asked(() => addon.getHostAPIs())
      const main = HostAPIs.find(({ id }) => id === defaultHostAPI) ?? HostAPIs[0]
      const raw = asked(() => addon.getDevices()).map((device) => ({
        index: device.id,
        name: device.name,
        hostApi: device.hostAPIName,
        inputChannels: device.maxInputChannels,
        outputChannels: device.maxOutputChannels,
        sampleRate: device.defaultSampleRate,
        isDefaultInput: device.id === main?.defaultInput,
        isDefaultOutput: device.id === main?.defaultOutput,
      }))
      const ids = deviceIds(raw)
      return {
        hostApis: HostAPIs.filter(({ deviceCount }) => deviceCount > 0).map(({ name }) => name),
        devices: raw.map((device, at) => ({ id: ids[at] as string, ...device })),
      }
    },
    open: (options) => addon.create(options),
  }
}

/** PortAudio refuses to begin where a system has no sound at all. */
function asked<T>(ask: () => T): T {
  try {
    return ask()
  } catch (cause) {
    throw new AppError("audio.no-device", "The system's sound cannot be reached.", {
      remedy: "Connect a microphone and a loudspeaker, or start the system's sound service.",
      cause,
    })
  }
}

function loadAddon(): Addon {
  const load = createRequire(import.meta.url)
  try {
    const folder = dirname(load.resolve("naudiodon/package.json"))
    return load(join(folder, "build", "Release", "naudiodon.node")) as Addon
  } catch (cause) {
    throw new AppError("audio.no-addon", "This machine's sound devices cannot be reached: their addon is not built.", {
      remedy: "Install a C++ compiler and run `npm run sound`, or use the window's own microphone and speakers.",
      cause,
    })
  }
}
