import type { AuditRow } from "#contract/audit.ts"
import type { EgressEntry } from "#contract/egress.ts"
import type { LogLine } from "#contract/ops.ts"
import type { RouteInput, RouteOutput } from "#contract/route.ts"
import type { RouteKey, Routes } from "#contract/routes.ts"
import type { TimelineEvent } from "#contract/timeline.ts"
import type { Trace, TraceSpan } from "#contract/traces.ts"
import { metricFrameAt, type SeedState } from "./seed.ts"

type Handlers = {
  [K in RouteKey]?: (input: RouteInput<Routes[K]>, files: string[]) => RouteOutput<Routes[K]>
}

const minute = 60_000

/** Logs, audit log, timeline, traces, doctor and support bundle of the stand-in core. */
export function activityHandlers(state: SeedState, now: number, notFound: () => never): Handlers {
  const isEmpty = state === "empty"
  return {
    "GET /logs/recent": ({ query }) => {
      if (isEmpty) return { lines: [], next: 0 }
      const lines = seedLines(now).filter(
        (line) =>
          (query.component === undefined || line.component === query.component) &&
          (query.level === undefined || ranks.indexOf(line.level) >= ranks.indexOf(query.level)) &&
          (query.request === undefined || line.request_id === query.request) &&
          (query.text === undefined || JSON.stringify(line).toLowerCase().includes(query.text.toLowerCase())),
      )
      return { lines, next: lines.at(-1)?.id ?? 0 }
    },
    "GET /api/timeline": ({ query }) => ({
      items: isEmpty ? [] : seedTimeline(now).filter(({ kind }) => query.kind === undefined || kind === query.kind),
      next: null,
    }),
    "GET /api/audit": ({ query }) => ({
      items: isEmpty
        ? []
        : seedAudit(now).filter(
            (row) =>
              (query.action === undefined || row.action.startsWith(query.action)) &&
              (query.outcome === undefined || row.outcome === query.outcome),
          ),
      next: null,
    }),
    "GET /api/backups": () => ({
      items: isEmpty
        ? []
        : (["scheduled", "manual", "before-restore"] as const).map((reason, index) => ({
            id: `2026-11-2${3 - index}T08-00-00-000Z`,
            at: now - (index * 24 + 3) * 60 * minute,
            reason,
            version: "0.1.0",
            schemaVersion: 15,
            files: 214,
            sizeBytes: 84_300_000,
          })),
      running: state === "working" ? { doing: "create", progress: 0.4 } : null,
      nextAt: isEmpty ? null : now + 21 * 60 * minute,
      problem: state === "error" ? "The disk is full: no backup was made, and nothing was changed." : null,
    }),
    "GET /api/egress": ({ query }) => {
      const items = isEmpty
        ? []
        : seedEgress(now).filter(({ reason }) => query.reason === undefined || reason === query.reason)
      const sent = items.filter(({ outcome }) => outcome !== "refused")
      return {
        isOffline: state === "error",
        totals: {
          connections: sent.length,
          refused: items.length - sent.length,
          sentBytes: sent.reduce((sum, entry) => sum + (entry.sentBytes ?? 0), 0),
          receivedBytes: sent.reduce((sum, entry) => sum + (entry.receivedBytes ?? 0), 0),
        },
        items,
        next: null,
      }
    },
    "GET /api/audit/verify": () =>
      state === "error"
        ? { isIntact: false, entries: 2, brokenAt: 3, problem: "changed" }
        : { isIntact: true, entries: 1204, brokenAt: null, problem: null },
    "GET /diagnostics/doctor": () => ({
      findings: [
        { code: "node.version", status: "ok", message: "Node 24.1.0.", remedy: null, ms: 0 },
        { code: "database.integrity", status: "ok", message: "Sound; schema 15.", remedy: null, ms: 12 },
        { code: "network.reachable", status: "not-run", message: "Offline was asked for.", remedy: null, ms: 0 },
        ...(state === "error"
          ? ([
              {
                code: "disk.space",
                status: "error",
                message: "0.02 GB free.",
                remedy: "Free disk space: nothing more can be kept.",
                ms: 1,
              },
            ] as const)
          : []),
      ],
      ok: state !== "error",
    }),
    "GET /diagnostics/bundle/preview": ({ query }) => ({
      files: [
        { name: "README.txt", text: "What ZenGlow says of itself.\n", sizeBytes: 29 },
        { name: "log.jsonl", text: `${JSON.stringify(seedLines(now)[0])}\n`, sizeBytes: 220 },
      ],
      hidden: query.hide ? [{ word: query.hide, count: 2 }] : [],
    }),
    "GET /metrics/history": () => ({
      items: isEmpty ? [] : Array.from({ length: 120 }, (_, step) => metricFrameAt(step, now - (121 - step) * minute)),
    }),
    "GET /api/traces/:id": ({ params }) => (isEmpty ? notFound() : seedTrace(params.id, now)),
    "GET /api/traces/export": () => ({ resourceSpans: [] }),
  }
}

const ranks: LogLine["level"][] = ["debug", "info", "warn", "error"]
const seedLines = (now: number): LogLine[] => {
  const line = (
    id: number,
    level: LogLine["level"],
    component: string,
    msg: string,
    fields: Record<string, unknown> = {},
    request_id: string | null = null,
  ): LogLine => ({ id, ts: now - (40 - id) * 1500, level, component, msg, request_id, fields })
  const request = "01932c07-aaaa-7222-8333-444455556666"
  return [
    line(1, "info", "core", "ZenGlow is ready", { port: 9071 }),
    line(2, "info", "llm", "engine host started", { host: "llm", hostPid: 418 }),
    line(3, "info", "llm", "model loaded", { model: "qwen2.5-coder-1.5b", loadMs: 1840 }, request),
    line(4, "warn", "rag", "a file could not be read", { path: "Letters/2019 scan.pdf", code: "document.no-text" }),
    line(5, "info", "jobs", "ingest finished", { documents: 12, ms: 8412 }),
    line(6, "error", "llm", "engine host ended unexpectedly", { reason: "signal SIGSEGV", crashes: 1 }, request),
    line(7, "info", "llm", "engine host started", { host: "llm", hostPid: 522 }),
  ]
}

const seedTimeline = (now: number): TimelineEvent[] => {
  const event = (
    id: string,
    agoMinutes: number,
    kind: TimelineEvent["kind"],
    name: string,
    title: string | null,
    rest: Partial<TimelineEvent> = {},
  ): TimelineEvent => ({
    id,
    at: now - agoMinutes * minute,
    kind,
    event: name,
    outcome: "ok",
    personId: "owner",
    subjectId: title === null ? null : "conversation-1",
    title,
    count: 1,
    ...rest,
  })
  return [
    event("t1", 2, "turn", "turn.answered", "Changing the filter"),
    event("t2", 14, "turn", "turn.spoken", "Names for the boat", { outcome: "failed" }),
    event("t3", 35, "document", "document.added", "Coffee machine manual", { count: 12 }),
    event("t4", 60, "system", "access.denied", null, { outcome: "denied", personId: "anonymous" }),
    event("t5", 26 * 60, "model", "model-pull", "Qwen2.5 Coder 1.5B"),
    event("t6", 27 * 60, "build", "reindex", "Search index"),
    event("t7", 28 * 60, "people", "people.add", null),
    event("t8", 75 * 60, "document", "collection.delete", null),
  ]
}

const seedAudit = (now: number): AuditRow[] => {
  const row = (
    seq: number,
    action: string,
    subject: string,
    outcome: AuditRow["outcome"] = "ok",
    detail: string | null = null,
  ) => ({
    seq,
    id: `audit-${seq}`,
    personId: outcome === "denied" ? "anonymous" : "owner",
    at: now - (10 - seq) * 17 * minute,
    action,
    subject,
    outcome,
    requestId: null,
    detail,
  })
  return [
    row(4, "document.delete", "01932c07-1111-7222-8333-444455556666"),
    row(3, "access.denied", "GET /api/conversations", "denied", "auth.bad-key (and 12 more before)"),
    row(2, "key.create", "scripts"),
    row(1, "session.open", ""),
  ]
}

const seedEgress = (now: number): EgressEntry[] => {
  const entry = (id: string, agoMinutes: number, rest: Partial<EgressEntry>): EgressEntry => ({
    id,
    at: now - agoMinutes * minute,
    endedAt: now - agoMinutes * minute + 900,
    reason: "web-page",
    host: "www.example.org",
    port: 443,
    personId: "owner",
    sentBytes: 0,
    receivedBytes: 48_120,
    outcome: "done",
    detail: null,
    ...rest,
  })
  return [
    entry("e4", 3, { outcome: "refused", detail: "offline", receivedBytes: 0 }),
    entry("e3", 40, {}),
    entry("e2", 26 * 60, { reason: "model-download", host: "pypi (pip)", port: null, sentBytes: null, personId: null }),
    entry("e1", 27 * 60, { reason: "model-check", host: "huggingface.co", receivedBytes: 0, outcome: "failed" }),
  ]
}

function seedTrace(id: string, now: number): Trace {
  const span = (
    spanId: string,
    parentSpanId: string | null,
    name: string,
    startMs: number,
    endMs: number,
    rest: Partial<TraceSpan> = {},
  ): TraceSpan => ({
    spanId,
    parentSpanId,
    name,
    stage: null,
    process: "core",
    kind: "internal",
    startMs,
    endMs,
    status: "unset",
    attributes: {},
    ...rest,
  })
  return {
    traceId: "01932c07111172228333444455556666",
    turnId: "01932c07-1111-7222-8333-444455556666",
    conversationId: "conversation-1",
    messageId: id,
    requestId: "01932c07-aaaa-7222-8333-444455556666",
    kind: "text",
    reason: "complete",
    errorCode: null,
    model: "qwen2.5-coder-1.5b",
    startedAt: now,
    durationMs: 4300,
    budget: {
      stages: [{ name: "generate", ms: 3000, share: 0.7 }],
      promptTokens: 812,
      cachedTokens: 400,
      completionTokens: 64,
      contextTokens: 876,
      contextLimit: 8192,
    },
    spans: [
      span("1", null, "invoke_agent ZenGlow", 0, 4300),
      span("2", "1", "embeddings", 4, 26, { stage: "embed" }),
      span("3", "2", "onnx embed.run", 5, 25, { kind: "client", attributes: { "rpc.method": "embed.run" } }),
      span("4", "3", "embed.run", 6, 24, { kind: "server", process: "onnx" }),
      span("5", "1", "retrieval", 26, 41, { stage: "search" }),
      span("6", "1", "chat qwen2.5-coder-1.5b", 41, 4140),
      span("7", "6", "first_token", 41, 1140, { stage: "first-token" }),
      span("8", "6", "generate", 1140, 4140, { stage: "generate" }),
      span("9", "6", "llm generate", 44, 4139, { kind: "client", attributes: { "rpc.method": "generate" } }),
      span("a", "9", "generate", 46, 4138, { kind: "server", process: "llm" }),
      span("b", "1", "check_answer", 4140, 4290, { stage: "support" }),
    ],
  }
}
