import type { ChannelStatus, DeviceChannel } from "#audio/devices/deviceChannel.ts"
import { AppError } from "#core/errors.ts"
import { untilAborted } from "#core/untilAborted.ts"

/** Drivers that have slept take seconds. */
const openMs = 15_000

/** The first status with a device in it. Throws the problem when none comes. */
export async function whenOpen(channel: DeviceChannel, signal: AbortSignal): Promise<ChannelStatus> {
  let end = (): void => undefined
  let timer: NodeJS.Timeout | undefined
  const opened = new Promise<ChannelStatus>((resolve, reject) => {
    end = channel.onStatus((status) => {
      if (status.input || status.output) resolve(status)
    })
    timer = setTimeout(() => {
      const { problem } = channel.status()
      reject(
        new AppError("audio.no-device", problem?.message ?? "No device could be opened.", {
          remedy: problem?.remedy ?? "Connect one, or choose another in Settings, Sound.",
        }),
      )
    }, openMs)
  })
  try {
    return await untilAborted(opened, signal)
  } finally {
    end()
    clearTimeout(timer)
  }
}
