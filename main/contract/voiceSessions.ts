import { z } from "zod"
import { id, ok } from "./common.ts"
import { soundStatus } from "./devices.ts"
import type { RouteTable } from "./route.ts"

/** Where a hands-free conversation stands. */
export const conversationState = z.object({
  /** `asleep`: it waits for its phrase and takes no notice of anything else. */
  phase: z.enum(["asleep", "waiting", "listening", "thinking", "speaking", "ended"]),
  /** The turn that listens, thinks or speaks; its events come as every turn's do. */
  turnId: id.nullable(),
  /** Somebody talks over the assistant: its voice is lowered until it is clear whether they take the floor. */
  isDucked: z.boolean(),
  /** The machine's own devices, where the conversation runs on them. */
  sound: soundStatus.nullable().optional(),
})
export type ConversationState = z.infer<typeof conversationState>

const params = z.strictObject({ id })

export const voiceSessionRoutes = {
  "POST /api/voice/sessions": {
    summary:
      "Start a hands-free conversation. Its microphone arrives as frames on `/ws` under `streamId`; without one it is the machine's own, and so are the speakers: then it ends with the last reader of its events.",
    scope: "chat",
    body: z.strictObject({
      streamId: z.number().int().min(1).max(0xffffffff).optional(),
      conversationId: id.optional(),
      personaId: id.optional(),
      collectionIds: z.array(id).max(100).optional(),
      voice: z.string().max(100).optional(),
      /** Nothing of it is stored. */
      temporary: z.boolean().optional(),
      /** It sleeps until its phrase is said, and again when nobody goes on. Needs waking to be switched on. */
      wake: z.boolean().optional(),
    }),
    output: z.object({ sessionId: id }),
    status: 201,
    errors: [
      "model.missing",
      "conversation.not-found",
      "audio.no-addon",
      "audio.device-busy",
      "auth.missing-scope",
      "wake.off",
    ],
  },
  "GET /api/voice/sessions/:id/events": {
    summary: "What the conversation does: one state after the other. Ends with the conversation.",
    scope: "chat",
    params,
    stream: conversationState,
    errors: ["turn.not-found"],
  },
  "DELETE /api/voice/sessions/:id": {
    summary: "End the conversation. What is being said stops at once.",
    scope: "chat",
    params,
    output: ok,
    errors: ["turn.not-found"],
  },
} as const satisfies RouteTable
