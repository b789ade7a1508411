import type { AudioDevices } from "#audio/devices/audioDevices.ts"
import type { HostDevice } from "#audio/devices/contract.ts"
import type { DeviceChannel } from "#audio/devices/deviceChannel.ts"
import { level } from "#audio/level.ts"
import type { AudioDevice, AudioDevices as AudioDevicesView, DeviceCheckEvent, DeviceEvent } from "#contract/devices.ts"
import type { Actor } from "#core/actor.ts"
import { concatSamples } from "#core/concatSamples.ts"
import { AppError, errorInfo } from "#core/errors.ts"
import { createPushQueue } from "#core/queue.ts"
import type { DeviceService } from "#server/deps.ts"
import type { Settings } from "./settings.ts"
import { whenOpen } from "./whenOpen.ts"

export interface DeviceServiceDeps {
  devices: AudioDevices
  settings: Pick<Settings, "values" | "change" | "onChange">
  /** Sound lost since the core started. */
  lost(): { overruns: number; underruns: number }
}

const toneRate = 24_000

/** What the device routes call. */
export function createDeviceService({ devices, settings, lost }: DeviceServiceDeps): DeviceService {
  const view = async (actor: Actor, signal: AbortSignal): Promise<AudioDevicesView> => {
    const values = settings.values(actor)
    const listed = await devices.list(signal).then(
      (list) => ({ list, problem: null }),
      (error: unknown) => {
        signal.throwIfAborted()
        return { list: { hostApis: [], devices: [] as HostDevice[] }, problem: errorInfo(error) }
      },
    )
    const { list, problem } = listed
    const inputs = list.devices.filter(({ inputChannels }) => inputChannels > 0)
    const outputs = list.devices.filter(({ outputChannels }) => outputChannels > 0)
    const mic = { gain: values.microphoneGain, muted: values.isMicrophoneMuted }
    return {
      backend: problem === null ? "portaudio" : "none",
      host_apis: list.hostApis,
      inputs: inputs.map((device) => viewOf(device, device.isDefaultInput, mic.gain, mic.muted)),
      outputs: outputs.map((device) => viewOf(device, device.isDefaultOutput, values.volume, values.isMuted)),
      default: {
        input: inputs.find(({ isDefaultInput }) => isDefaultInput)?.id ?? null,
        output: outputs.find(({ isDefaultOutput }) => isDefaultOutput)?.id ?? null,
      },
      selected: { input: values.inputDevice, output: values.outputDevice },
      volume: values.volume,
      muted: values.isMuted,
      mic,
      open: devices.current()?.status() ?? null,
      lost: lost(),
      problem,
    }
  }

  return {
    view,
    async *events(actor, signal) {
      const queue = createPushQueue<DeviceEvent>(200)
      let following: { channel: DeviceChannel; end: () => void } | null = null
      const tell = (): void => {
        view(actor, signal).then(
          (now) => queue.push({ type: "devices", devices: now }),
          () => undefined,
        )
      }
      const follow = (channel: DeviceChannel | null): void => {
        following?.end()
        following = null
        if (channel) {
          const ends = [
            channel.onStatus(tell),
            channel.onLevel(({ rms, peak }) => queue.push({ type: "level", rms, peak })),
          ]
          following = {
            channel,
            end() {
              for (const end of ends) end()
            },
          }
        }
      }
      const ends = [
        devices.watch(tell),
        settings.onChange(tell),
        devices.onCurrent((channel) => {
          follow(channel)
          tell()
        }),
      ]
      const leave = (): void => queue.end()
      signal.addEventListener("abort", leave, { once: true })
      follow(devices.current())
      tell()
      try {
        yield* queue
      } finally {
        signal.removeEventListener("abort", leave)
        follow(null)
        for (const end of ends) end()
      }
    },
    async select(actor, selection) {
      const { devices: connected } = await devices.list(new AbortController().signal)
      for (const id of [selection.input, selection.output]) {
        if (id && !connected.some((device) => device.id === id))
          throw new AppError("audio.no-device", "No connected device has this id.", {
            remedy: "Take an id of GET /audio/devices.",
          })
      }
      await settings.change(actor, {
        ...(selection.input === undefined ? {} : { inputDevice: selection.input }),
        ...(selection.output === undefined ? {} : { outputDevice: selection.output }),
      })
    },
    set: (actor, changes) => settings.change(actor, changes),
    async tone(signal) {
      return await using(devices.open({ input: false }), async (channel) => {
        const opened = await whenOpen(channel, signal)
        await channel.sink.write(chime(), toneRate, signal)
        await channel.sink.drain(signal)
        return { output: opened.output?.name ?? null, playedMs: Math.round(channel.sink.playedMs()) }
      })
    },
    async *check({ seconds, play }, signal) {
      const channel = devices.open({ output: play })
      const levels = createPushQueue<DeviceCheckEvent>(100)
      const end = channel.onLevel(({ rms, peak }) => levels.push({ type: "level", rms, peak }))
      try {
        const opened = await whenOpen(channel, signal)
        const recording = record(channel, seconds, signal)
        recording.then(levels.end, levels.fail)
        yield* levels
        const samples = await recording
        if (play) {
          yield { type: "playing" }
          await channel.sink.write(samples, 16_000, signal)
          await channel.sink.drain(signal)
        }
        const { rms, peak } = level(samples)
        yield {
          type: "done",
          input: opened.input?.name ?? null,
          output: opened.output?.name ?? null,
          seconds,
          rms,
          peak,
          verdict: peak > 0.99 ? "clipped" : rms < 1e-4 ? "silent" : peak < 0.03 ? "quiet" : "good",
        }
      } finally {
        end()
        await channel.close()
      }
    },
  }
}

function viewOf(device: HostDevice, isDefault: boolean, volume: number, muted: boolean): AudioDevice {
  return {
    id: device.id,
    index: device.index,
    name: device.name,
    host_api: device.hostApi,
    max_input_channels: device.inputChannels,
    max_output_channels: device.outputChannels,
    default_samplerate: device.sampleRate,
    is_default: isDefault,
    volume,
    muted,
  }
}

async function using<T>(channel: DeviceChannel, use: (channel: DeviceChannel) => Promise<T>): Promise<T> {
  try {
    return await use(channel)
  } finally {
    await channel.close()
  }
}

async function record(channel: DeviceChannel, seconds: number, signal: AbortSignal): Promise<Float32Array> {
  const parts: Float32Array[] = []
  let length = 0
  for await (const { samples } of channel.source.frames(signal)) {
    parts.push(samples)
    length += samples.length
    if (length >= seconds * 16_000) break
  }
  return concatSamples(parts)
}

/** Two soft notes: a test tone that nobody takes for an alarm. */
function chime(): Float32Array {
  return Float32Array.from({ length: toneRate }, (_, at) => {
    const time = at / toneRate
    const second = Math.max(0, time - 0.4)
    const note = (hertz: number, since: number): number =>
      Math.sin(2 * Math.PI * hertz * since) * Math.exp(-since * 5) * Math.min(1, since * 200)
    return 0.35 * (note(523.25, time) + note(659.25, second))
  })
}
