import { z } from "zod"
import type { RouteTable } from "./route.ts"

/** What happens while somebody's phrase is waited for. */
export const wakeEvent = z.discriminatedUnion("type", [
  /** A few times a second: how close what was just heard comes to a phrase. */
  z.object({ type: z.literal("score"), score: z.number(), threshold: z.number() }),
  /** A phrase was said, and its words were read. */
  z.object({ type: z.literal("detected"), phraseId: z.string(), phrase: z.string() }),
  /** It sounded like the phrase and was not: other words, or the product's own voice. */
  z.object({
    type: z.literal("rejected"),
    phraseId: z.string(),
    reason: z.enum(["words", "own-speech"]),
    /** What was understood; "" where nothing was read. */
    text: z.string(),
  }),
  /** Listening began or ended, was switched on or off, or what was heard was cleared: ask for the status. */
  z.object({ type: z.literal("changed") }),
])
export type WakeEvent = z.infer<typeof wakeEvent>

export const wakePhrase = z.object({
  id: z.string(),
  phrase: z.string(),
  licence: z.string(),
  /** It can be listened for now. */
  is_installed: z.boolean(),
  /** It is listened for when waking is on. */
  is_chosen: z.boolean(),
})

export const wakeStatus = z.object({
  enabled: z.boolean(),
  /** The first phrase that is listened for; null when none can be. */
  model: z.string().nullable(),
  /** A phrase was heard; true until it is cleared. */
  detected: z.boolean(),
  /** Which one, and when. */
  phrase: z.string().nullable(),
  detected_at: z.number().nullable(),
  /** A microphone is listened to for the phrase right now. */
  backend_active: z.boolean(),
  phrases: z.array(wakePhrase),
  sensitivity: z.number(),
  /** Why it cannot listen, in words; null when it can. */
  reason: z.string().nullable(),
})
export type WakeStatus = z.infer<typeof wakeStatus>

/** Waking by a phrase. What happens is pushed on the channel `wake` of `/ws`. */
export const wakeRoutes = {
  "GET /wake/status": {
    summary: "Whether a phrase is listened for, and whether one was heard since it was last cleared.",
    scope: "audio",
    output: wakeStatus,
  },
  "POST /wake/enable": {
    summary:
      "Switch waking on or off; `model` chooses the phrase. Sessions that wait for it end when it is switched off.",
    scope: "owner",
    audit: "wake.enable",
    body: z.object({ enabled: z.boolean(), model: z.string().max(100).optional() }),
    output: wakeStatus,
    errors: ["model.missing", "model.not-found"],
  },
  "POST /wake/clear": {
    summary: "Forget what was heard.",
    scope: "audio",
    output: wakeStatus,
  },
} as const satisfies RouteTable
