import { z } from "zod"
import { speechFormats } from "./audio.ts"
import { id, ok, timestamp } from "./common.ts"
import type { RouteTable } from "./route.ts"
import { recordingQuality } from "./speakers.ts"

/** What speaks in cloned voices here: an imported XTTS model, a server the person named, or nothing yet. */
export const cloningEngine = z.object({
  id: z.string(),
  kind: z.enum(["model", "server"]),
  name: z.string(),
  /** Two letters each. */
  languages: z.array(z.string()),
})

export const cloningStatus = z.object({
  engine: cloningEngine.nullable(),
  licence: z.object({
    id: z.string(),
    name: z.string(),
    url: z.string(),
    /** What it allows, in a sentence. */
    summary: z.string(),
    acceptedAt: timestamp.nullable(),
  }),
  /** What telling voices apart and hearing the phrase still lack; empty when a voice can be cloned as far as consent goes. */
  missing: z.array(z.enum(["speaker", "vad", "stt"])),
})
export type CloningStatus = z.infer<typeof cloningStatus>

export const voiceConsent = z.object({
  id,
  /** Whose voice. */
  name: z.string(),
  /** To be read aloud. */
  phrase: z.string(),
  state: z.enum(["asked", "given", "revoked"]),
  askedAt: timestamp,
  /** Until then the phrase may be read. */
  expiresAt: timestamp,
  givenAt: timestamp.nullable(),
  revokedAt: timestamp.nullable(),
})
export type VoiceConsent = z.infer<typeof voiceConsent>

export const clonedVoice = z.object({
  /** Also the id under which `/audio/tts` and personas speak with it. */
  id,
  name: z.string(),
  /** Whose voice it is. */
  person: z.string(),
  language: z.string(),
  consentId: id,
  createdAt: timestamp,
})
export type ClonedVoice = z.infer<typeof clonedVoice>

/** What a recording is worth as a sample. */
export const sampleVerdict = z.object({
  quality: recordingQuality,
  net_speech_s: z.number(),
  /** `good`: 6 s and more, quiet room. `usable`: it will do, but a longer or quieter one is better. */
  verdict: z.enum(["good", "usable"]),
})
export type SampleVerdict = z.infer<typeof sampleVerdict>

const params = z.strictObject({ id })
const maxFileBytes = 50 * 1024 * 1024
const text = z.string().trim().min(1).max(4000)
const language = z.string().trim().min(2).max(10).default("en")
const format = z.enum(speechFormats).default("wav")
const voiceName = z.string().trim().min(1).max(80)
const speechBytes = ["audio/wav", "audio/mpeg", "audio/ogg", "audio/flac", "audio/pcm"] as const
const sampleErrors = [
  "audio.damaged",
  "audio.unsupported",
  "audio.too-long",
  "model.missing",
  "speaker.too-short",
  "speaker.poor-quality",
] as const
const speakErrors = ["tts.empty-text", "tts.unknown-voice", "cloning.server", "cloning.language"] as const
const consentErrors = ["cloning.licence", "cloning.no-consent", "cloning.wrong-speaker", "cloning.not-found"] as const

export const cloningRoutes = {
  "GET /audio/cloning": {
    summary: "What speaks in cloned voices here, and whether its licence was accepted.",
    scope: "audio",
    output: cloningStatus,
  },
  "PUT /audio/cloning/licence": {
    summary: "Accept the licence of the cloning model, or take that back.",
    scope: "owner",
    audit: "cloning.licence",
    body: z.strictObject({ accepted: z.boolean() }),
    output: cloningStatus,
  },
  "POST /audio/consents": {
    summary: "Ask a person for their voice: gives the phrase they read aloud.",
    scope: "audio",
    body: z.strictObject({ name: voiceName }),
    output: voiceConsent,
    status: 201,
    errors: ["cloning.licence"],
  },
  "GET /audio/consents": {
    summary: "Consents asked for, given and taken back.",
    scope: "audio",
    output: z.object({ consents: z.array(voiceConsent) }),
  },
  "PUT /audio/consents/:id": {
    summary: "Give consent by the phrase read aloud. The recording is heard and not kept.",
    scope: "audio",
    audit: "consent.give",
    params,
    multipart: { fields: z.strictObject({}), maxFileBytes },
    output: voiceConsent,
    errors: [...sampleErrors, "cloning.licence", "cloning.wrong-phrase", "cloning.no-consent", "cloning.not-found"],
  },
  "DELETE /audio/consents/:id": {
    summary: "Take a consent back: its voices fall silent and are erased.",
    scope: "audio",
    audit: "consent.revoke",
    params,
    output: z.object({ erased: z.number().int() }),
    errors: ["cloning.not-found"],
  },
  "POST /audio/cloned_voices/check": {
    summary: "Whether a recording will do as a sample. Nothing is kept.",
    scope: "audio",
    multipart: { fields: z.strictObject({}), maxFileBytes },
    output: sampleVerdict,
    errors: sampleErrors,
  },
  "GET /audio/cloned_voices": {
    summary: "Cloned voices.",
    scope: "audio",
    output: z.object({ voices: z.array(clonedVoice) }),
  },
  "POST /audio/cloned_voices": {
    summary: "Clone a voice from a sample of the person who gave consent.",
    scope: "audio",
    audit: "voice.clone",
    multipart: { fields: z.strictObject({ voice_name: voiceName, consent_id: id, language }), maxFileBytes },
    output: clonedVoice,
    status: 201,
    errors: [...sampleErrors, ...consentErrors, "request.conflict"],
  },
  "DELETE /audio/cloned_voices/:id": {
    summary: "Erase a cloned voice: sample and all that was made of it. With its last voice a consent ends.",
    scope: "audio",
    audit: "voice.erase",
    params,
    output: ok,
    errors: ["cloning.not-found"],
  },
  "POST /audio/xtts_clone": {
    summary: "Speak a text in the voice of the sample `ref`; with `voice_name` the voice is kept.",
    scope: "audio",
    audit: "voice.clone",
    multipart: {
      fields: z.strictObject({ text, language, voice_name: voiceName.optional(), consent_id: id, format }),
      maxFileBytes,
    },
    bytes: speechBytes,
    errors: [...sampleErrors, ...consentErrors, ...speakErrors, "request.conflict"],
  },
  "POST /audio/speaker/clone_profile": {
    summary: "Speak a text in the cloned voice of a person.",
    scope: "audio",
    multipart: { fields: z.strictObject({ text, speaker: voiceName, format }), maxFileBytes },
    bytes: speechBytes,
    errors: [...speakErrors, "cloning.licence", "cloning.no-consent", "model.missing", "speaker.not-found"],
  },
  "POST /audio/speaker/identify_clone": {
    summary: "Speak a text in the cloned voice of whoever speaks in a recording.",
    scope: "audio",
    multipart: { fields: z.strictObject({ text, format }), maxFileBytes },
    bytes: speechBytes,
    errors: [...sampleErrors, ...speakErrors, "cloning.licence", "cloning.no-consent", "speaker.not-found"],
  },
} as const satisfies RouteTable
