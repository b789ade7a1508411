import { z } from "zod"
import { id, ok, timestamp } from "./common.ts"
import type { RouteTable } from "./route.ts"

/** What is measured while somebody's microphone is listened to, each beside what it is held against. Pushed on the channel `listening` of `/ws`. */
export const listeningEvent = z.discriminatedUnion("type", [
  /** About ten times a second: how sure the detector is that somebody speaks. */
  z.object({ type: z.literal("speech"), score: z.number(), threshold: z.number() }),
  /** In a pause, hands-free: how long it has been silent, and how long it must be. `completion`: how finished it sounds, 0..1; null: not known. */
  z.object({
    type: z.literal("pause"),
    silenceMs: z.number(),
    waitMs: z.number(),
    completion: z.number().nullable(),
  }),
  /** Once for each question, where voices are known: how close it came to the nearest. */
  z.object({
    type: z.literal("speaker"),
    similarity: z.number(),
    threshold: z.number(),
    name: z.string().nullable(),
  }),
])
export type ListeningEvent = z.infer<typeof listeningEvent>

/** What was heard of a spoken question, kept because its person asked for it (setting `keepTurnSound`). */
export const turnSound = z.object({
  /** The question's. */
  messageId: id,
  durationMs: z.number(),
  createdAt: timestamp,
})
export type TurnSound = z.infer<typeof turnSound>

const params = z.strictObject({ id })

export const tuningRoutes = {
  "GET /api/voice/sounds": {
    summary: "Spoken questions whose sound is kept, newest first.",
    scope: "chat",
    output: z.object({ items: z.array(turnSound) }),
  },
  "GET /api/voice/sounds/:id": {
    summary: "What was heard of a spoken question, by the id of its message.",
    scope: "chat",
    audit: "voice.listen",
    params,
    bytes: ["audio/wav"],
    errors: ["message.not-found", "secrets.damaged"],
  },
  "DELETE /api/voice/sounds/:id": {
    summary: "Erase the sound of a spoken question; its text stays.",
    scope: "chat",
    audit: "voice.forget-sound",
    params,
    output: ok,
    errors: ["message.not-found"],
  },
} as const satisfies RouteTable
