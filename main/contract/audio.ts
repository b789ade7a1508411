import { z } from "zod"
import { timestamp } from "./common.ts"
import type { RouteTable } from "./route.ts"

/** Times in seconds. Those of words are estimated. */
export const segment = z.object({
  start: z.number(),
  end: z.number(),
  text: z.string(),
  words: z.array(z.object({ word: z.string(), start: z.number(), end: z.number() })).optional(),
  /** Whose voice it was, where voices are known. */
  speaker: z.string().optional(),
  /** Mean log-probability per token. */
  avg_logprob: z.number().optional(),
  no_speech_prob: z.number().optional(),
  compression_ratio: z.number().optional(),
})
export type TranscriptionSegment = z.infer<typeof segment>
export const transcription = z.object({
  model: z.string(),
  language: z.string(),
  transcript: z.string(),
  segments: z.array(segment),
  duration_s: z.number(),
  timings: z.object({ decode_ms: z.number(), vad_ms: z.number(), stt_ms: z.number() }),
})
export type Transcription = z.infer<typeof transcription>

export const voice = z.object({
  id: z.string(),
  name: z.string(),
  language: z.string(),
  model: z.string(),
  isDefault: z.boolean(),
  isInstalled: z.boolean(),
  /** The copy of a person's voice, made with their consent. */
  isCloned: z.boolean(),
})
export type Voice = z.infer<typeof voice>

export const speechFormats = ["wav", "mp3", "opus", "flac", "pcm"] as const
const upload = {
  fields: z.strictObject({ language: z.string().max(20).optional(), prompt: z.string().max(2000).optional() }),
  maxFileBytes: 200 * 1024 * 1024,
}
const audioErrors = ["audio.damaged", "audio.unsupported", "audio.too-long", "model.missing"] as const
const speechBytes = ["audio/wav", "audio/mpeg", "audio/ogg", "audio/flac", "audio/pcm"] as const

export const speechRequest = z.strictObject({
  text: z.string().trim().min(1).max(4000),
  voice: z.string().max(100).optional(),
  speed: z.number().min(0.5).max(2).default(1),
  format: z.enum(speechFormats).default("wav"),
  stream: z.boolean().default(false),
})

export const audioRoutes = {
  "POST /audio/transcribe": {
    summary: "Speech to text. Silence and noise give an empty transcript.",
    scope: "audio",
    multipart: upload,
    output: transcription,
    errors: audioErrors,
  },
  "POST /audio/tts": {
    summary: "Text to speech: audio bytes, or base64 JSON with `Accept: application/json`.",
    scope: "audio",
    body: speechRequest,
    bytes: speechBytes,
    errors: ["tts.unknown-voice", "tts.empty-text", "model.missing"],
  },
  "GET /audio/tts/voices": {
    summary: "Voices.",
    scope: "audio",
    output: z.object({ voices: z.array(voice), default: z.string().nullable() }),
  },
  "POST /leonardo/listen": {
    summary: "The assistant listens: as /audio/transcribe.",
    scope: "audio",
    multipart: upload,
    output: transcription,
    errors: audioErrors,
  },
  "POST /leonardo/speak": {
    summary: "The assistant speaks: as /audio/tts with its own voice.",
    scope: "audio",
    body: speechRequest,
    bytes: speechBytes,
    errors: ["tts.empty-text", "model.missing"],
  },
  "POST /leonardo/think": {
    summary: "The assistant answers in text.",
    scope: "chat",
    body: z.strictObject({ text: z.string().trim().min(1).max(8000), collection_ids: z.array(z.string()).optional() }),
    output: z.object({ text: z.string(), model: z.string().nullable(), found: z.boolean(), latency_ms: z.number() }),
  },
  "POST /leonardo/analyze-and-speak": {
    summary: "Think, then speak the answer.",
    scope: "audio",
    body: z.strictObject({ text: z.string().trim().min(1).max(8000), format: z.enum(speechFormats).default("wav") }),
    bytes: speechBytes,
    errors: ["model.missing"],
  },
  "GET /leonardo/status": {
    summary: "Whether the assistant can think, listen and speak.",
    scope: "audio",
    output: z.object({
      can_think: z.boolean(),
      can_listen: z.boolean(),
      can_speak: z.boolean(),
      models: z.record(z.string(), z.string().nullable()),
      timestamp,
    }),
  },
} as const satisfies RouteTable
