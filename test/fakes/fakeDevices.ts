import type { AudioDevices } from "#contract/devices.ts"
import type { DeviceService } from "#server/deps.ts"

/** A machine that has a desk microphone and one loudspeaker. */
export function fakeDeviceView(): AudioDevices {
  const device = (id: string, name: string, isInput: boolean) => ({
    id,
    index: isInput ? 0 : 1,
    name,
    host_api: "ALSA",
    max_input_channels: isInput ? 1 : 0,
    max_output_channels: isInput ? 0 : 2,
    default_samplerate: 48_000,
    is_default: true,
    volume: 1,
    muted: false,
  })
  return {
    backend: "portaudio",
    host_apis: ["ALSA"],
    inputs: [device("d1", "Desk microphone", true)],
    outputs: [device("d2", "Speakers", false)],
    default: { input: "d1", output: "d2" },
    selected: { input: null, output: null },
    volume: 1,
    muted: false,
    mic: { gain: 1, muted: false },
    open: null,
    lost: { overruns: 0, underruns: 0 },
    problem: null,
  }
}

export function fakeDevices(): DeviceService {
  const view = fakeDeviceView()
  return {
    view: async () => view,
    async *events() {
      yield { type: "devices", devices: view }
      yield { type: "level", rms: 0.1, peak: 0.2 }
    },
    select: async () => undefined,
    set: async () => undefined,
    tone: async () => ({ output: "Speakers", playedMs: 1000 }),
    async *check({ seconds }) {
      yield { type: "level", rms: 0.1, peak: 0.2 }
      yield { type: "playing" }
      yield {
        type: "done",
        input: "Desk microphone",
        output: "Speakers",
        seconds,
        rms: 0.1,
        peak: 0.2,
        verdict: "good",
      }
    },
  }
}
