import { z } from "zod"
import { id, ok, timestamp } from "./common.ts"
import type { RouteTable } from "./route.ts"

export const settingOrigin = z.enum(["flag", "env", "file", "default"])

/** A word of the person's own dictionary. */
export const pronunciation = z.strictObject({
  word: z.string().trim().min(1).max(60),
  /** A respelling, or sounds of the International Phonetic Alphabet between slashes. */
  say: z.string().trim().min(1).max(120),
  /** Of the voices it is for, BCP 47. Absent: of all. */
  language: z.string().max(20).optional(),
})
export type Pronunciation = z.infer<typeof pronunciation>

/** What the person can change in the window. Values set by flag or environment are shown, and locked. */
export const settingValues = z.strictObject({
  theme: z.enum(["system", "light", "dark"]).default("system"),
  language: z.string().max(20).default("en"),
  chatModel: z.string().max(200).nullable().default(null),
  embedModel: z.string().max(200).nullable().default(null),
  sttModel: z.string().max(200).nullable().default(null),
  ttsModel: z.string().max(200).nullable().default(null),
  voice: z.string().max(100).nullable().default(null),
  /** An XTTS server that speaks in cloned voices. Null: an imported model does. */
  cloningServer: z
    .url({ protocol: /^https?$/ })
    .max(500)
    .nullable()
    .default(null),
  /** How that server is spoken to. */
  cloningProtocol: z.enum(["coqui", "xtts-api", "openai"]).default("coqui"),
  speechRate: z.number().min(0.5).max(2).default(1),
  /** Silence after a spoken sentence, in milliseconds. */
  sentencePauseMs: z.number().int().min(0).max(1500).default(150),
  /** How words are read aloud. */
  pronunciations: z.array(pronunciation).max(500).default([]),
  /** Playback volume, 0..1. */
  volume: z.number().min(0).max(1).default(1),
  isMuted: z.boolean().default(false),
  /** Ids of the machine's own devices (`/audio/devices`). Null: the system's default. */
  inputDevice: z.string().max(100).nullable().default(null),
  outputDevice: z.string().max(100).nullable().default(null),
  /** Factor on what the machine's microphone brings. */
  microphoneGain: z.number().min(0).max(4).default(1),
  isMicrophoneMuted: z.boolean().default(false),
  speakAnswers: z.boolean().default(false),
  /** Spoken answers begin with a sentence of the documents, where one answers by itself. A persona may say otherwise. */
  quickAnswers: z.boolean().default(true),
  /** The same by persona, by its id, before what its file says. */
  personaQuickAnswers: z.record(z.string().max(64), z.boolean()).default({}),
  /** The sound of spoken questions is kept, sealed, for the tuning page. Of this person alone; switched off, it is erased. */
  keepTurnSound: z.boolean().default(false),
  /** Conversations may be woken by a phrase. */
  wakeEnabled: z.boolean().default(false),
  /** Ids of the phrases that are listened for. */
  wakePhrases: z.array(z.string().max(100)).max(4).default(["hey-zenglow"]),
  /** 0..1: how readily a phrase counts as heard. */
  wakeSensitivity: z.number().min(0).max(1).default(0.5),
  personaId: z.string().max(64).default("default"),
  temperature: z.number().min(0).max(2).default(0.3),
  answerTokens: z.number().int().min(32).max(8192).default(512),
  /** Passages given to the model. */
  topK: z.number().int().min(1).max(20).default(4),
  /** Tokens of a passage, at most what the embedding model reads. Changed, all documents are split anew. */
  passageTokens: z.number().int().min(64).max(480).default(200),
  /** Minutes without use after which a model's memory is freed. 0: never. */
  unloadAfterMinutes: z.number().int().min(0).max(1440).default(15),
  offline: z.boolean().default(false),
  /** Hours between backups that are made by themselves. 0: none. */
  backupEveryHours: z.number().int().min(0).max(720).default(24),
  /** Of those, how many are kept. */
  backupsKept: z.number().int().min(1).max(100).default(7),
  firstRunDone: z.boolean().default(false),
})
export type SettingValues = z.infer<typeof settingValues>

export const setting = z.object({
  name: z.string(),
  value: z.unknown(),
  defaultValue: z.unknown(),
  origin: settingOrigin,
  isLocked: z.boolean(),
})
export type Setting = z.infer<typeof setting>

export const persona = z.object({
  id,
  name: z.string(),
  description: z.string(),
  systemPrompt: z.string(),
  voice: z.string().nullable(),
  temperature: z.number().nullable(),
  /** Spoken answers begin with a quoted sentence. Null or absent: as the settings say. */
  quickAnswers: z.boolean().nullable().optional(),
})
export type Persona = z.infer<typeof persona>

export const apiKey = z.object({
  id,
  name: z.string(),
  scopes: z.array(z.string()),
  prefix: z.string(),
  createdAt: timestamp,
  lastUsedAt: timestamp.nullable(),
  isFirstRun: z.boolean(),
  /** On whose behalf it acts. Absent: the owner's. */
  personId: id.optional(),
})
export type ApiKey = z.infer<typeof apiKey>

export const settingsRoutes = {
  "GET /api/settings": {
    summary: "All settings with the origin of each value.",
    scope: "chat",
    output: z.object({ items: z.array(setting), dataDir: z.string() }),
  },
  "PATCH /api/settings": {
    summary:
      "Change settings; null resets one to its default. Whoever is not the owner changes how it looks and sounds to them.",
    scope: "chat",
    audit: "settings.change",
    body: z.record(z.string(), z.unknown()),
    output: z.object({ items: z.array(setting), dataDir: z.string() }),
    errors: ["config.invalid", "access.denied"],
  },
  "GET /api/personas": { summary: "Personas.", scope: "chat", output: z.object({ items: z.array(persona) }) },
  "GET /api/keys": {
    summary: "Named keys (without their secret).",
    scope: "owner",
    output: z.object({ items: z.array(apiKey) }),
  },
  "POST /api/keys": {
    summary: "Create a key. The secret is shown once.",
    scope: "owner",
    audit: "key.create",
    body: z.strictObject({
      name: z.string().trim().min(1).max(80),
      scopes: z.array(z.enum(["chat", "rag", "audio", "models", "ops", "dataset", "admin"])).min(1),
      /** On whose behalf it acts, never beyond their role. Default: the caller. */
      personId: id.optional(),
    }),
    output: z.object({ key: apiKey, secret: z.string() }),
    status: 201,
  },
  "DELETE /api/keys/:id": {
    summary: "Revoke a key.",
    scope: "owner",
    audit: "key.revoke",
    params: z.strictObject({ id }),
    output: ok,
    errors: ["request.not-found"],
  },
  "POST /api/tickets": {
    summary: "A single-use ticket for opening a window on this core.",
    scope: "owner",
    audit: "session.ticket",
    output: z.object({ ticket: z.string() }),
    status: 201,
  },
  "POST /api/session": {
    summary: "Trade a single-use ticket for a session bearer.",
    scope: "public",
    audit: "session.open",
    body: z.strictObject({ ticket: z.string().min(16).max(200) }),
    output: z.object({ token: z.string(), expiresAt: timestamp }),
    errors: ["auth.bad-ticket"],
  },
} as const satisfies RouteTable
