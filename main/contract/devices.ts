import { z } from "zod"
import type { RouteTable } from "./route.ts"

/** One microphone or loudspeaker of the machine the core runs on. */
export const audioDevice = z.object({
  /** Stays through unplugging and renumbering; `index` does not. */
  id: z.string(),
  index: z.number().int(),
  name: z.string(),
  host_api: z.string(),
  max_input_channels: z.number().int(),
  max_output_channels: z.number().int(),
  default_samplerate: z.number(),
  is_default: z.boolean(),
  /** Of what is played or heard through it, 0..1; microphones: their gain, 0..4. */
  volume: z.number(),
  muted: z.boolean(),
})
export type AudioDevice = z.infer<typeof audioDevice>

export const soundProblem = z.object({ code: z.string(), message: z.string(), remedy: z.string().optional() })

/** What is open now. */
export const soundStatus = z.object({
  input: z.object({ id: z.string(), name: z.string() }).nullable(),
  output: z.object({ id: z.string(), name: z.string() }).nullable(),
  /** What keeps the assistant from hearing itself: `canceller`, an adaptive filter over what is played. */
  echo: z.enum(["canceller", "none"]),
  /** Why nothing, or another device than the chosen one, is open. */
  problem: soundProblem.nullable(),
})
export type SoundStatus = z.infer<typeof soundStatus>

export const audioDevices = z.object({
  /** `none`: the addon is missing, and sound goes through windows alone. */
  backend: z.enum(["portaudio", "none"]),
  host_apis: z.array(z.string()),
  inputs: z.array(audioDevice),
  outputs: z.array(audioDevice),
  default: z.object({ input: z.string().nullable(), output: z.string().nullable() }),
  /** The chosen ones; null: the default. A device that is not connected stays chosen. */
  selected: z.object({ input: z.string().nullable(), output: z.string().nullable() }),
  volume: z.number(),
  muted: z.boolean(),
  mic: z.object({ gain: z.number(), muted: z.boolean() }),
  /** Null: nothing is open. */
  open: soundStatus.nullable(),
  /** Sound that devices reported as lost since the core started. */
  lost: z.object({ overruns: z.number().int(), underruns: z.number().int() }),
  problem: soundProblem.nullable(),
})
export type AudioDevices = z.infer<typeof audioDevices>

/** `level` about 20 times a second while something is open; `devices` at first and after every change. */
export const deviceEvent = z.discriminatedUnion("type", [
  z.object({ type: z.literal("devices"), devices: audioDevices }),
  z.object({ type: z.literal("level"), rms: z.number(), peak: z.number() }),
])
export type DeviceEvent = z.infer<typeof deviceEvent>

/** A check of the microphone: levels while it records, `playing` while the recording is played back, then what it was like. */
export const deviceCheckEvent = z.discriminatedUnion("type", [
  z.object({ type: z.literal("level"), rms: z.number(), peak: z.number() }),
  z.object({ type: z.literal("playing") }),
  z.object({
    type: z.literal("done"),
    input: z.string().nullable(),
    output: z.string().nullable(),
    seconds: z.number(),
    peak: z.number(),
    rms: z.number(),
    verdict: z.enum(["good", "silent", "quiet", "clipped"]),
  }),
])
export type DeviceCheckEvent = z.infer<typeof deviceCheckEvent>

const deviceErrors = ["audio.no-addon", "audio.no-device", "audio.device-busy"] as const
const choice = z.string().max(100).nullable().optional()

export const deviceRoutes = {
  "GET /audio/devices": {
    summary: "Microphones and loudspeakers of the machine, what is chosen, and what is open.",
    scope: "audio",
    output: audioDevices,
  },
  "GET /audio/devices/events": {
    summary: "Devices that come and go, and the level of an open microphone, as they happen.",
    scope: "audio",
    stream: deviceEvent,
  },
  "PUT /audio/devices/selection": {
    summary:
      "Choose microphone and loudspeaker by id; null takes the system's default. Acts at once, also in a conversation.",
    scope: "audio",
    body: z.strictObject({ input: choice, output: choice }),
    output: audioDevices,
    errors: ["audio.no-device", "access.denied"],
  },
  "PUT /audio/volume": {
    summary: "Volume of what is played, 0..1.",
    scope: "audio",
    body: z.strictObject({ volume: z.number().min(0).max(1) }),
    output: audioDevices,
  },
  "PUT /audio/mute": {
    summary: "Silence what is played, or let it be heard again.",
    scope: "audio",
    body: z.strictObject({ muted: z.boolean() }),
    output: audioDevices,
  },
  "PUT /audio/mic": {
    summary: "Gain of the machine's microphone, 0..4, and whether it is muted.",
    scope: "audio",
    body: z.strictObject({ gain: z.number().min(0).max(4).optional(), muted: z.boolean().optional() }),
    output: audioDevices,
    errors: ["access.denied"],
  },
  "POST /audio/devices/tone": {
    summary: "Play a short tone on the chosen loudspeaker.",
    scope: "audio",
    output: z.object({ output: z.string().nullable(), played_ms: z.number() }),
    errors: deviceErrors,
  },
  "POST /audio/devices/check": {
    summary: "Record the chosen microphone for some seconds and play it back. Nothing is kept.",
    scope: "owner",
    body: z.strictObject({
      seconds: z.number().min(1).max(10).default(3),
      play: z.boolean().default(true),
    }),
    stream: deviceCheckEvent,
    errors: deviceErrors,
  },
} as const satisfies RouteTable
