import { z } from "zod"
import { id, ok, pageOf, pageQuery, timestamp } from "./common.ts"
import type { RouteTable } from "./route.ts"

/** Where a memory came from. Ids are null where it was not said in a conversation, or that conversation is gone. */
export const memorySource = z.object({
  kind: z.enum(["chat", "voice", "added"]),
  conversationId: id.nullable(),
  conversationTitle: z.string().nullable(),
  messageId: id.nullable(),
})

/** Something the person asked ZenGlow to remember, in one or a few sentences. */
export const memory = z.object({
  id,
  text: z.string(),
  /** 0..2. 1 counts like a passage of a document, 0 keeps it listed but out of every answer. */
  weight: z.number(),
  source: memorySource,
  createdAt: timestamp,
  updatedAt: timestamp,
})
export type Memory = z.infer<typeof memory>

/** What stands for the collection in a passage of the kind `memory`. */
export const memoryCollectionId = "memory"
export const longestMemory = 2000

const text = z.string().trim().min(1).max(longestMemory)
const weight = z.number().min(0).max(2)
const params = z.strictObject({ id })

export const memoryRoutes = {
  "GET /api/memory": {
    summary: "List memories, newest first; `q` finds words in them.",
    scope: "chat",
    query: pageQuery.extend({ q: z.string().max(200).optional() }),
    output: pageOf(memory).extend({ total: z.number().int() }),
  },
  "POST /api/memory": {
    summary: "Remember something. The same text again gives back the memory there is.",
    scope: "chat",
    body: z.strictObject({
      text,
      weight: weight.default(1),
      conversationId: id.optional(),
      messageId: id.optional(),
    }),
    output: memory,
    status: 201,
    errors: ["conversation.not-found"],
  },
  "PATCH /api/memory/:id": {
    summary: "Change a memory's text or weight.",
    scope: "chat",
    params,
    body: z.strictObject({ text: text.optional(), weight: weight.optional() }),
    output: memory,
    errors: ["memory.not-found", "request.conflict"],
  },
  "DELETE /api/memory/:id": {
    summary: "Forget for good: its bytes leave the database.",
    scope: "chat",
    audit: "memory.forget",
    params,
    output: ok,
    errors: ["memory.not-found"],
  },
  "DELETE /api/memory": {
    summary: "Forget everything, for good. Needs `confirm=all`.",
    scope: "chat",
    audit: "memory.forget-all",
    query: z.strictObject({ confirm: z.literal("all") }),
    output: z.object({ forgotten: z.number().int() }),
  },
} as const satisfies RouteTable
