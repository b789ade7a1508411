import { z } from "zod"
import { answerRoute } from "./backends.ts"
import { id, ok, pageOf, pageQuery, timestamp } from "./common.ts"
import type { RouteTable } from "./route.ts"
import { shared } from "./sharing.ts"
import { citedSpan, passage, usage } from "./turns.ts"

export const message = z.object({
  id,
  conversationId: id,
  /** The message this one answers or follows; siblings share a parent and are branches. */
  parentId: id.nullable(),
  role: z.enum(["user", "assistant"]),
  text: z.string(),
  reasoning: z.string(),
  /** Why an assistant message ended. Null for user messages and while it is being written. */
  endReason: z.enum(["complete", "length", "aborted", "error", "no-speech", "not-found"]).nullable(),
  error: z.object({ code: z.string(), message: z.string(), remedy: z.string().optional() }).nullable(),
  model: z.string().nullable(),
  passages: z.array(passage),
  spans: z.array(citedSpan),
  /** The turn's waterfall. */
  timings: z.array(z.object({ name: z.string(), startMs: z.number(), endMs: z.number() })),
  usage: usage.nullable(),
  /** Spoken turns: characters of `text` that were heard before an interruption. Null when all or nothing was spoken. */
  heardChars: z.number().int().nullable(),
  kind: z.enum(["text", "voice"]),
  /** Spoken questions: whose voice it was. Null: nobody who is known. Absent: not asked, or the voice was forgotten since. */
  speaker: z.object({ id, name: z.string() }).nullable().optional(),
  /** Where an answer was written and why there. Absent: on this computer, without a choice. */
  sent: answerRoute.optional(),
  feedback: z.enum(["up", "down"]).nullable(),
  createdAt: timestamp,
})
export type Message = z.infer<typeof message>

export const conversation = z.object({
  id,
  title: z.string(),
  /** False once the person renamed it: a title made by itself never replaces theirs. */
  titleIsAutomatic: z.boolean(),
  personaId: id.nullable(),
  collectionIds: z.array(id).nullable(),
  model: z.string().nullable(),
  /** Leaf of the branch shown. */
  activeMessageId: id.nullable(),
  messageCount: z.number().int(),
  ...shared,
  createdAt: timestamp,
  updatedAt: timestamp,
})
export type Conversation = z.infer<typeof conversation>

export const searchHit = z.object({
  conversationId: id,
  conversationTitle: z.string(),
  messageId: id,
  role: z.enum(["user", "assistant"]),
  /** Text around the match; matched words stand between U+E000 and U+E001. */
  snippet: z.string(),
  createdAt: timestamp,
})
export type SearchHit = z.infer<typeof searchHit>

const conversationParams = z.strictObject({ id })
const notFound = ["conversation.not-found"] as const

export const conversationRoutes = {
  "GET /api/conversations": {
    summary: "List conversations, newest first.",
    scope: "chat",
    query: pageQuery.extend({ q: z.string().max(200).optional() }),
    output: pageOf(conversation),
  },
  "POST /api/conversations": {
    summary: "Create an empty conversation.",
    scope: "chat",
    body: z.strictObject({
      title: z.string().max(200).optional(),
      personaId: id.optional(),
      collectionIds: z.array(id).optional(),
    }),
    output: conversation,
    status: 201,
  },
  "GET /api/conversations/search": {
    summary: "Full-text search over all messages.",
    scope: "chat",
    query: z.strictObject({
      q: z.string().min(1).max(200),
      limit: z.coerce.number().int().min(1).max(100).default(20),
    }),
    output: z.object({ items: z.array(searchHit) }),
  },
  "POST /api/conversations/import": {
    summary: "Import a conversation exported as JSON.",
    scope: "chat",
    body: z.strictObject({
      format: z.literal("zenglow-conversation"),
      version: z.literal(1),
      conversation: z.unknown(),
      messages: z.array(z.unknown()).max(100_000),
    }),
    maxBodyBytes: 256 * 1024 * 1024,
    output: conversation,
    status: 201,
  },
  "POST /api/conversations/import/files": {
    summary:
      "Import chats from files: a ChatGPT data export (zip or conversations.json), Jan's thread.json with messages.jsonl (loose or zipped), or ZenGlow's own JSON. What is here already is skipped.",
    scope: "chat",
    multipart: { fields: z.strictObject({}), maxFileBytes: 512 * 1024 * 1024 },
    output: z.object({
      imported: z.array(z.object({ id, title: z.string() })),
      skipped: z.array(z.object({ title: z.string(), reason: z.string() })),
    }),
    errors: ["request.too-large"],
  },
  "GET /api/conversations/:id": {
    summary: "One conversation.",
    scope: "chat",
    params: conversationParams,
    output: conversation,
    errors: notFound,
  },
  "PATCH /api/conversations/:id": {
    summary: "Rename, or change persona, collections, model or the branch shown.",
    scope: "chat",
    params: conversationParams,
    body: z.strictObject({
      title: z.string().min(1).max(200).optional(),
      personaId: id.nullable().optional(),
      collectionIds: z.array(id).nullable().optional(),
      model: z.string().max(200).nullable().optional(),
      activeMessageId: id.optional(),
    }),
    output: conversation,
    errors: notFound,
  },
  "DELETE /api/conversations/:id": {
    summary: "Delete a conversation. It can be restored for 30 days with POST …/restore.",
    scope: "chat",
    audit: "conversation.delete",
    params: conversationParams,
    output: ok,
    errors: notFound,
  },
  "POST /api/conversations/:id/restore": {
    summary: "Undo a deletion.",
    scope: "chat",
    params: conversationParams,
    output: conversation,
    errors: notFound,
  },
  "GET /api/conversations/:id/messages": {
    summary: "Messages of a conversation, all branches, oldest first.",
    scope: "chat",
    params: conversationParams,
    query: z.strictObject({
      cursor: z.string().max(200).optional(),
      limit: z.coerce.number().int().min(1).max(20_000).default(20_000),
    }),
    output: pageOf(message),
    errors: notFound,
  },
  "GET /api/conversations/:id/export": {
    summary: "Export as Markdown (`md`) or JSON (`json`).",
    scope: "chat",
    audit: "conversation.export",
    params: conversationParams,
    query: z.strictObject({ format: z.enum(["md", "json"]).default("md") }),
    bytes: ["text/markdown; charset=utf-8", "application/json"],
    errors: notFound,
  },
  "POST /api/messages/:id/feedback": {
    summary: "Thumb up or down for an answer; null takes it back.",
    scope: "chat",
    params: conversationParams,
    body: z.strictObject({ feedback: z.enum(["up", "down"]).nullable() }),
    output: message,
    errors: ["message.not-found"],
  },
} as const satisfies RouteTable
