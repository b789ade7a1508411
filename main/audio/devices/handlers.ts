import { AppError } from "#core/errors.ts"
import type { HostHandlers } from "#core/host/types.ts"
import type { AudioHostContract } from "./contract.ts"
import { type DeviceStream, openDeviceStream } from "./deviceStream.ts"
import type { PortAudio } from "./portAudio.ts"

/** What the audio child does. `load` throws where there is no addon; it is asked again each time. */
export function createAudioHandlers(load: () => PortAudio): HostHandlers<AudioHostContract> {
  let running: DeviceStream | null = null
  const stream = (): DeviceStream => {
    if (running) return running
    throw new AppError("audio.no-device", "No device is open.", { remedy: "Start again." })
  }
  return {
    list: async () => load().list(),
    async run(plan, { emit, signal }) {
      if (running) throw new AppError("audio.device-busy", "The devices are in use.", { remedy: "Try again." })
      const opened = await openDeviceStream(plan, load(), emit)
      running = opened
      try {
        await opened.run(signal)
      } finally {
        running = null
      }
      return null
    },
    async play({ samples }) {
      stream().play(samples)
      return null
    },
    flush: async () => ({ playedMs: stream().flush() }),
    async tune(tuning) {
      stream().tune(tuning)
      return null
    },
  }
}
