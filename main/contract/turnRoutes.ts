import { z } from "zod"
import { ok } from "./common.ts"
import type { RouteTable } from "./route.ts"
import { turnCreated, turnEventWire, turnParams, turnRequest } from "./turns.ts"

export const turnRoutes = {
  "POST /api/turns": {
    summary: "Start a text or voice turn. Its events come on /ws (channel `turn:<id>`) and by GET …/events.",
    scope: "chat",
    body: turnRequest,
    output: turnCreated,
    status: 201,
    errors: ["conversation.not-found", "message.not-found", "collection.not-found", "request.invalid"],
  },
  "GET /api/turns/:turnId/events": {
    summary: "Events of a turn from the start, or after `Last-Event-ID`.",
    scope: "chat",
    params: turnParams,
    stream: turnEventWire,
    errors: ["turn.not-found"],
  },
  "POST /api/turns/:turnId/release": {
    summary: "Key up: no more audio comes, transcribe and answer.",
    scope: "chat",
    params: turnParams,
    output: ok,
    errors: ["turn.not-found"],
  },
  "POST /api/turns/:turnId/heard": {
    summary:
      "How much speech the listener has heard, in milliseconds since speech-start. Sent by a client that plays the audio itself.",
    scope: "chat",
    params: turnParams,
    body: z.strictObject({ playedMs: z.number().min(0) }),
    output: ok,
    errors: ["turn.not-found"],
  },
  "DELETE /api/turns/:turnId": {
    summary: "Abort: generation, synthesis and playback stop together; what was written is kept.",
    scope: "chat",
    params: turnParams,
    output: ok,
    errors: ["turn.not-found"],
  },
} as const satisfies RouteTable
