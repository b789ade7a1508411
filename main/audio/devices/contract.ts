/** A device as PortAudio knows it now. Its index may be another device's a minute later; `id` stays. */
export interface HostDevice {
  id: string
  index: number
  name: string
  hostApi: string
  inputChannels: number
  outputChannels: number
  /** What the device runs at when nobody asks for another rate, in Hz. */
  sampleRate: number
  isDefaultInput: boolean
  isDefaultOutput: boolean
}

export interface DeviceList {
  hostApis: string[]
  devices: HostDevice[]
}

/** Which devices a stream opens: an id of `HostDevice`, or null for what the system takes by default. */
export interface StreamPlan {
  /** Absent: nothing is recorded. */
  input?: { id: string | null }
  /** Absent: nothing is played. */
  output?: { id: string | null }
  tuning: Tuning
}

/** What may change while a stream runs. */
export interface Tuning {
  /** Factor on what the microphone brings, 0..8. */
  gain: number
  isMicrophoneMuted: boolean
  /** Factor on what is played, 0..1: volume, mute and ducking together. */
  volume: number
}

export type StreamEvent =
  /** Both devices run. */
  | { type: "open"; input: OpenedDevice | null; output: OpenedDevice | null; echo: EchoGuard }
  /** 16 kHz mono, about 20 ms, after gain and echo cancellation. */
  | { type: "frames"; samples: Float32Array }
  /** Every 50 ms while something is played, and at the end of it: milliseconds that left for the device since the stream began. */
  | { type: "played"; ms: number; queuedMs: number }
  /** The device reported lost sound since the last such event. */
  | { type: "lost"; overruns: number; underruns: number }

export interface OpenedDevice {
  id: string
  name: string
  sampleRate: number
  channels: number
}

/** What keeps the assistant from hearing itself: an adaptive filter over what is played, or nothing, where nothing is played or heard. */
export type EchoGuard = "canceller" | "none"

/** The audio host's methods. One `run` at a time. */
export type AudioHostContract = {
  list: { input: null; output: DeviceList }
  /** Opens the devices and runs until it is cancelled. Rejects with `audio.no-device`, `audio.device-busy`, `audio.no-addon`. */
  run: { input: StreamPlan; output: null; event: StreamEvent }
  /** Appends speech to what is played; 24 kHz mono. */
  play: { input: { samples: Float32Array }; output: null }
  /** Drops what is not played yet. `playedMs` is what left for the device since the stream began. */
  flush: { input: null; output: { playedMs: number } }
  tune: { input: Tuning; output: null }
}

/** What `play` takes: the rate of the voices. */
export const playRate = 24_000
/** What `frames` brings: the rate of voice detection and speech-to-text. */
export const hearRate = 16_000
