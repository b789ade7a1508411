import { z } from "zod"
import { ok, timestamp } from "./common.ts"
import type { RouteTable } from "./route.ts"

/** How a server is spoken to: OpenAI's chat completions, Ollama's own protocol, or a Supabase edge function. */
export const backendKind = z.enum(["openai", "ollama", "edge"])
export type BackendKind = z.infer<typeof backendKind>

/** Names that mean something else before a slash, or of themselves. */
const reserved = new Set(["rag", "in-process", "auto"])
export const backendName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,39}$/, "small letters, digits and - only")
  .refine((name) => !reserved.has(name), "this name is taken")

const fields = {
  kind: backendKind,
  /** http or https, with its path if it has one; without a password. */
  baseUrl: z.url({ protocol: /^https?$/ }).max(500),
  /** The model that is used when none is named. An edge function's name is its model. */
  model: z.string().trim().min(1).max(200).nullable(),
  /** What its context holds. Null: the server is asked. */
  contextTokens: z.number().int().min(256).max(1_048_576).nullable(),
  /** Whether its name may lead to an address of a private network. */
  allowsPrivate: z.boolean(),
  /** Consent: passages of documents, memories and chats about them may be sent there. */
  allowsDocuments: z.boolean(),
  isEnabled: z.boolean(),
}

export const backendHealth = z.object({
  /** `resting`: it failed again and again, and is left alone until `retryAt`. */
  state: z.enum(["unknown", "ok", "failing", "resting"]),
  failures: z.number().int(),
  lastOkAt: timestamp.nullable(),
  lastError: z.object({ code: z.string(), message: z.string(), at: timestamp }).nullable(),
  retryAt: timestamp.nullable(),
  /** Mean time to the first token, in milliseconds. Null: not measured. */
  firstTokenMs: z.number().nullable(),
})
export type BackendHealth = z.infer<typeof backendHealth>

export const backend = z.object({ name: backendName, ...fields })
export type Backend = z.infer<typeof backend>

const servedModel = z.object({ id: z.string(), contextTokens: z.number().int().nullable() })

export const backendView = backend.extend({
  host: z.string(),
  hasKey: z.boolean(),
  /** False: it is this computer itself. */
  leavesMachine: z.boolean(),
  health: backendHealth,
  /** What it listed when it was last tried. */
  models: z.array(servedModel),
})
export type BackendView = z.infer<typeof backendView>

/** Where an answer was written and why there. */
export const answerRoute = z.object({
  backend: z.string(),
  model: z.string(),
  /** Host that the question was sent to. Null: it stayed on this computer. */
  sentTo: z.string().nullable(),
  confidence: z.number(),
  reasons: z.array(z.string()),
  alternatives: z.array(z.string()),
  /** For feedback. */
  decisionId: z.string(),
  /** Who was to answer and did not: `documents` were not allowed to go there, or it was `down`. Absent: nobody else was. */
  instead: z.object({ of: z.string(), why: z.enum(["documents", "down"]) }).optional(),
})
export type AnswerRoute = z.infer<typeof answerRoute>

const params = z.strictObject({ name: z.string().max(40) })
/** Kept as the secret `backend:<name>`; null forgets it. */
const key = z.string().min(1).max(16_384).nullable().optional()
const errors = ["backend.not-found", "backend.refused", "request.conflict"] as const

export const backendRoutes = {
  "GET /api/backends": {
    summary: "Other servers that models answer from, with their health. Never a key.",
    scope: "models",
    output: z.object({ items: z.array(backendView) }),
  },
  "POST /api/backends": {
    summary: "Add a server. Nothing is sent to it until it is tested or used.",
    scope: "owner",
    audit: "backend.add",
    body: z.strictObject({
      name: backendName,
      kind: fields.kind,
      baseUrl: fields.baseUrl,
      model: fields.model.default(null),
      contextTokens: fields.contextTokens.default(null),
      allowsPrivate: z.boolean().default(false),
      allowsDocuments: z.boolean().default(false),
      isEnabled: z.boolean().default(true),
      key,
    }),
    output: backendView,
    status: 201,
    errors,
  },
  "PATCH /api/backends/:name": {
    summary: "Change a server.",
    scope: "owner",
    audit: "backend.change",
    params,
    body: z.strictObject({ ...z.strictObject(fields).partial().shape, key }),
    output: backendView,
    errors,
  },
  "DELETE /api/backends/:name": {
    summary: "Forget a server and its key.",
    scope: "owner",
    audit: "backend.remove",
    params,
    output: ok,
    errors: ["backend.not-found"],
  },
  "POST /api/backends/:name/test": {
    summary: "Ask a server for its models.",
    scope: "owner",
    params,
    output: z.object({
      ok: z.boolean(),
      latencyMs: z.number(),
      models: z.array(servedModel),
      error: z.object({ code: z.string(), message: z.string(), remedy: z.string().optional() }).nullable(),
    }),
    errors: ["backend.not-found"],
  },
} as const satisfies RouteTable
