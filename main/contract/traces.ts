import { z } from "zod"
import { id, timestamp } from "./common.ts"
import { otlpTraces } from "./otlp.ts"
import type { RouteTable } from "./route.ts"

/** One piece of work of a turn. Times are milliseconds since the turn began. */
export const traceSpan = z.object({
  spanId: z.string(),
  parentSpanId: z.string().nullable(),
  /** By the OpenTelemetry GenAI conventions where they have one: `chat <model>`, `retrieval`. */
  name: z.string(),
  /** Stage of the turn it stands for. Null: a request to a child process, or the turn itself. */
  stage: z.string().nullable(),
  /** Process that did it: `core`, `llm`, `onnx`, `speech`. */
  process: z.string(),
  kind: z.enum(["internal", "client", "server"]),
  startMs: z.number(),
  endMs: z.number(),
  status: z.enum(["unset", "ok", "error"]),
  attributes: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.array(z.string())])),
})
export type TraceSpan = z.infer<typeof traceSpan>

export const traceSummary = z.object({
  /** W3C trace id: the turn's id without its dashes. */
  traceId: z.string(),
  turnId: id,
  conversationId: id,
  messageId: id,
  requestId: z.string().nullable(),
  kind: z.enum(["text", "voice"]),
  reason: z.string(),
  errorCode: z.string().nullable(),
  model: z.string().nullable(),
  startedAt: timestamp,
  durationMs: z.number(),
})
export type TraceSummary = z.infer<typeof traceSummary>

/** What a turn cost: time by stage, and tokens. */
export const traceBudget = z.object({
  /** `share` of the turn's own time, 0..1; stages overlap where one streams into the next. */
  stages: z.array(z.object({ name: z.string(), ms: z.number(), share: z.number() })),
  promptTokens: z.number().int(),
  cachedTokens: z.number().int(),
  completionTokens: z.number().int(),
  /** Tokens of the model's window that were used, and all it has. Null: no model wrote. */
  contextTokens: z.number().int().nullable(),
  contextLimit: z.number().int().nullable(),
})

export const trace = traceSummary.extend({ budget: traceBudget, spans: z.array(traceSpan) })
export type Trace = z.infer<typeof trace>

export const traceRoutes = {
  "GET /api/traces": {
    summary: "Traces of the latest turns, newest first: the machine's owner sees everybody's, others their own.",
    scope: "chat",
    query: z.strictObject({ limit: z.coerce.number().int().min(1).max(200).default(50) }),
    output: z.object({ items: z.array(traceSummary) }),
  },
  "GET /api/traces/export": {
    summary: "Traces as OTLP JSON, as an OpenTelemetry collector takes them; one turn's, or all that are kept.",
    scope: "chat",
    audit: "trace.export",
    query: z.strictObject({ id: id.optional() }),
    output: otlpTraces,
    errors: ["trace.not-found"],
  },
  "GET /api/traces/:id": {
    summary: "One turn's trace: spans across processes, and what was spent. By trace, turn or message id.",
    scope: "chat",
    params: z.strictObject({ id }),
    output: trace,
    errors: ["trace.not-found"],
  },
} as const satisfies RouteTable
