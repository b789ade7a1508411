import { z } from "zod"
import { id, ok } from "./common.ts"
import type { RouteTable } from "./route.ts"

/** Where a hands-free conversation stands. */
export const conversationState = z.object({
  phase: z.enum(["waiting", "listening", "thinking", "speaking", "ended"]),
  /** The turn that listens, thinks or speaks; its events come as every turn's do. */
  turnId: id.nullable(),
  /** Somebody talks over the assistant: its voice is lowered until it is clear whether they take the floor. */
  isDucked: z.boolean(),
})
export type ConversationState = z.infer<typeof conversationState>

const params = z.strictObject({ id })

export const voiceSessionRoutes = {
  "POST /api/voice/sessions": {
    summary: "Start a hands-free conversation: its microphone arrives as frames on `/ws` under `streamId`.",
    scope: "chat",
    body: z.strictObject({
      streamId: z.number().int().min(1).max(0xffffffff),
      conversationId: id.optional(),
      personaId: id.optional(),
      collectionIds: z.array(id).max(100).optional(),
      voice: z.string().max(100).optional(),
      /** Nothing of it is stored. */
      temporary: z.boolean().optional(),
    }),
    output: z.object({ sessionId: id }),
    status: 201,
    errors: ["model.missing", "conversation.not-found"],
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
