import { z } from "zod"
import { id, ok, timestamp } from "./common.ts"
import type { RouteTable } from "./route.ts"

export const recordingQuality = z.object({
  /** Speech against what lies between it. */
  snr_db: z.number(),
  /** Share of samples at full scale. */
  clipping: z.number(),
  duration_s: z.number(),
})
export type RecordingQuality = z.infer<typeof recordingQuality>

export const speakerProfile = z.object({
  id,
  name: z.string(),
  samples: z.number().int(),
  net_speech_s: z.number(),
  /** Enough speech for short commands: 15 s and more. */
  is_strong: z.boolean(),
  /** Made with another model than the one in use, or damaged: it must be recorded again. */
  is_outdated: z.boolean(),
  consented_at: timestamp,
  created_at: timestamp,
  updated_at: timestamp,
})
export type SpeakerProfile = z.infer<typeof speakerProfile>

const candidate = z.object({ id, name: z.string(), similarity: z.number() })
export const identification = z.object({
  /** Null: nobody who is known. */
  identified: z.object({ id, name: z.string() }).nullable(),
  similarity: z.number(),
  /** Least similarity that counts, for a clip of this length. */
  threshold: z.number(),
  /** How far the best is ahead of the next. */
  margin: z.number(),
  candidates: z.array(candidate),
  net_speech_s: z.number(),
})
export type Identification = z.infer<typeof identification>

const params = z.strictObject({ id })
const maxFileBytes = 50 * 1024 * 1024
const audioErrors = [
  "audio.damaged",
  "audio.unsupported",
  "audio.too-long",
  "model.missing",
  "speaker.too-short",
] as const

export const speakerRoutes = {
  "GET /audio/speakers": {
    summary: "Known voices.",
    scope: "audio",
    output: z.object({ speakers: z.array(speakerProfile) }),
  },
  "POST /audio/speaker/enroll": {
    summary: "Learn a voice from recordings of one person who agreed to it. The same name again adds to the profile.",
    scope: "audio",
    audit: "speaker.enroll",
    multipart: {
      fields: z.strictObject({ name: z.string().trim().min(1).max(80), consent: z.stringbool() }),
      maxFileBytes,
    },
    output: z.object({
      profile_id: id,
      samples: z.number().int(),
      net_speech_s: z.number(),
      embedding_dim: z.number().int(),
      quality: recordingQuality,
      is_strong: z.boolean(),
    }),
    status: 201,
    errors: [...audioErrors, "speaker.no-consent", "speaker.poor-quality", "speaker.outdated"],
  },
  "POST /audio/speaker/identify": {
    summary: "Who speaks in a recording. Nobody who is known is an answer, too.",
    scope: "audio",
    multipart: { fields: z.strictObject({}), maxFileBytes },
    output: identification,
    errors: audioErrors,
  },
  "PATCH /audio/speakers/:id": {
    summary: "Rename.",
    scope: "audio",
    params,
    body: z.strictObject({ name: z.string().trim().min(1).max(80) }),
    output: speakerProfile,
    errors: ["speaker.not-found", "request.conflict"],
  },
  "DELETE /audio/speakers/:id": {
    summary: "Forget a voice: no byte of it stays.",
    scope: "audio",
    audit: "speaker.forget",
    params,
    output: ok,
    errors: ["speaker.not-found"],
  },
} as const satisfies RouteTable
