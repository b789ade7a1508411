import { createHash } from "node:crypto"
import type { Trace, TraceSpan } from "#contract/traces.ts"
import type { StageTiming } from "#contract/turns.ts"
import type { HostCall } from "#core/host/types.ts"
import type { TurnSummary } from "../turnMeter.ts"

/** A trace and what only its export or its access check needs. */
export interface HeldTrace {
  trace: Trace
  personId: string
  /** Process ids by process name. */
  pids: Record<string, number>
}

type Attributes = TraceSpan["attributes"]

/** Stages that belong to one operation of the GenAI conventions become children of a span for it. */
const operations = [
  { key: "chat", stages: ["first-token", "generate"] },
  { key: "speak", stages: ["first-clause", "first-audio", "last-audio"] },
] as const

/** What single stages are called; those of the GenAI conventions have their operation's name. */
const stageNames: Partial<Record<StageTiming["name"], string>> = {
  listen: "listen",
  stt: "speech_to_text",
  embed: "embeddings",
  search: "retrieval",
  support: "check_answer",
}

/**
 * The spans of one turn: the turn, its stages from the waterfall that is kept with the answer, and below them every request to a child
 * process, with what the child itself measured. Names follow OpenTelemetry's GenAI conventions (semantic-conventions 1.45); nothing
 * that was asked or answered is in them.
 */
export function buildTrace(
  summary: TurnSummary,
  calls: readonly HostCall[],
  origin: { personId: string; requestId: string | null } | null,
  version: string,
): HeldTrace {
  const traceId = summary.turnId.replaceAll("-", "").toLowerCase()
  const durationMs = rounded(summary.endedAt - summary.startedAt)
  const spans: TraceSpan[] = []
  const add = (span: Omit<TraceSpan, "spanId">): TraceSpan => {
    const whole = { ...span, spanId: spanIdOf(traceId, spans.length) }
    spans.push(whole)
    return whole
  }
  const inside = (ms: number): number => rounded(Math.min(durationMs, Math.max(0, ms)))

  const root = add({
    parentSpanId: null,
    name: "invoke_agent ZenGlow",
    stage: null,
    process: "core",
    kind: "internal",
    startMs: 0,
    endMs: durationMs,
    status: summary.errorCode ? "error" : "ok",
    attributes: {
      "gen_ai.operation.name": "invoke_agent",
      "gen_ai.provider.name": "zenglow",
      "gen_ai.agent.name": "ZenGlow",
      "gen_ai.agent.version": version,
      "gen_ai.conversation.id": summary.conversationId,
      "zenglow.turn.kind": summary.kind,
      "zenglow.turn.reason": summary.reason,
      ...(origin?.requestId ? { "zenglow.request.id": origin.requestId } : {}),
      ...(summary.errorCode ? { "error.type": summary.errorCode } : {}),
    },
  })

  const zeroMs = summary.zeroAt - summary.startedAt
  const stages = summary.timings.map(({ name, startMs, endMs }) => ({
    name,
    startMs: inside(zeroMs + startMs),
    endMs: inside(zeroMs + endMs),
  }))
  const parents = new Map<string, TraceSpan>()
  for (const { key, stages: names } of operations) {
    const own = stages.filter(({ name }) => (names as readonly string[]).includes(name))
    if (own.length === 0) continue
    const startMs = Math.min(...own.map((stage) => stage.startMs))
    const endMs = Math.max(...own.map((stage) => stage.endMs))
    const isChat = key === "chat" && summary.model !== null
    const span = add({
      parentSpanId: root.spanId,
      name: isChat ? `chat ${summary.model}` : key === "chat" ? "quote" : "text_to_speech",
      stage: null,
      process: "core",
      kind: "internal",
      startMs,
      endMs,
      status: "unset",
      attributes: isChat ? chatAttributes(summary, stages, startMs) : { "zenglow.operation": key },
    })
    for (const name of names) parents.set(name, span)
  }
  for (const { name, startMs, endMs } of stages) {
    add({
      parentSpanId: parents.get(name)?.spanId ?? root.spanId,
      name: stageNames[name] ?? name.replaceAll("-", "_"),
      stage: name,
      process: "core",
      kind: "internal",
      startMs,
      endMs,
      status: "unset",
      attributes: { "zenglow.stage": name, ...stageAttributes(name, summary) },
    })
  }

  const stageSpans = spans.slice(1)
  const pids: Record<string, number> = { core: process.pid }
  for (const call of calls) {
    const startMs = inside(call.askedAt - summary.startedAt)
    const endMs = inside(call.endedAt - summary.startedAt)
    const client = add({
      parentSpanId: around({ startMs, endMs }, stageSpans)?.spanId ?? root.spanId,
      name: `${call.host} ${call.method}`,
      stage: null,
      process: "core",
      kind: "client",
      startMs,
      endMs,
      status: statusOf(call.outcome),
      attributes: callAttributes(call),
    })
    if (!call.ran) continue
    if (call.pid !== null) pids[call.host] = call.pid
    const ranMs = inside(Math.max(call.ran.startedAt - summary.startedAt, client.startMs))
    add({
      parentSpanId: client.spanId,
      name: call.method,
      stage: null,
      process: call.host,
      kind: "server",
      startMs: ranMs,
      endMs: rounded(Math.min(client.endMs, ranMs + call.ran.durationMs)),
      status: statusOf(call.outcome),
      attributes: { "rpc.method": call.method },
    })
  }

  return {
    personId: origin?.personId ?? "",
    pids,
    trace: {
      traceId,
      turnId: summary.turnId,
      conversationId: summary.conversationId,
      messageId: summary.messageId,
      requestId: origin?.requestId ?? null,
      kind: summary.kind,
      reason: summary.reason,
      errorCode: summary.errorCode,
      model: summary.model,
      startedAt: Math.round(summary.startedAt),
      durationMs,
      budget: {
        stages: stages.map(({ name, startMs, endMs }) => ({
          name,
          ms: rounded(endMs - startMs),
          share: durationMs === 0 ? 0 : Math.round(((endMs - startMs) / durationMs) * 1000) / 1000,
        })),
        promptTokens: summary.promptTokens,
        cachedTokens: summary.cachedTokens,
        completionTokens: summary.completionTokens,
        contextTokens: summary.context?.tokens ?? null,
        contextLimit: summary.context?.limit ?? null,
      },
      spans,
    },
  }
}

function chatAttributes(
  summary: TurnSummary,
  stages: readonly { name: string; endMs: number }[],
  startMs: number,
): Attributes {
  const firstToken = stages.find(({ name }) => name === "first-token")
  return {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "zenglow",
    "gen_ai.request.model": summary.model ?? "",
    "gen_ai.response.model": summary.model ?? "",
    "gen_ai.response.finish_reasons": [summary.reason === "length" ? "length" : "stop"],
    "gen_ai.usage.input_tokens": summary.promptTokens,
    "gen_ai.usage.cache_read.input_tokens": summary.cachedTokens,
    "gen_ai.usage.output_tokens": summary.completionTokens,
    ...(firstToken ? { "gen_ai.response.time_to_first_chunk": (firstToken.endMs - startMs) / 1000 } : {}),
    ...(summary.context ? { "zenglow.context.limit": summary.context.limit } : {}),
  }
}

function stageAttributes(name: StageTiming["name"], summary: TurnSummary): Attributes {
  switch (name) {
    case "embed":
      return { "gen_ai.operation.name": "embeddings", "gen_ai.provider.name": "zenglow" }
    case "search":
      return {
        "gen_ai.operation.name": "retrieval",
        "gen_ai.provider.name": "zenglow",
        "zenglow.retrieval.passages": summary.passages,
        ...(summary.found === null ? {} : { "zenglow.retrieval.found": summary.found }),
      }
    default:
      return {}
  }
}

const callAttributes = (call: HostCall): Attributes => ({
  "rpc.system.name": "zenglow",
  "rpc.method": call.method,
  "zenglow.host": call.host,
  "zenglow.queue_ms": call.sentAt === null ? 0 : rounded(Math.max(0, call.sentAt - call.askedAt)),
  ...(statusOf(call.outcome) === "error" ? { "error.type": call.outcome } : {}),
})

/** An abort is what somebody wanted, not a failure. */
const statusOf = (outcome: string): TraceSpan["status"] =>
  outcome === "ok" ? "ok" : outcome === "aborted" ? "unset" : "error"

/** Event times are rounded to milliseconds. */
const slackMs = 2

/** The shortest span that holds this time. */
function around(time: { startMs: number; endMs: number }, spans: readonly TraceSpan[]): TraceSpan | undefined {
  return spans
    .filter(({ startMs, endMs }) => startMs - slackMs <= time.startMs && time.endMs <= endMs + slackMs)
    .toSorted((a, b) => a.endMs - a.startMs - (b.endMs - b.startMs))[0]
}

/** Eight bytes, never zero: the same turn always has the same ones. */
const spanIdOf = (traceId: string, index: number): string =>
  createHash("sha256").update(`${traceId}/${index}`).digest("hex").slice(0, 16)

const rounded = (ms: number): number => Math.round(ms * 100) / 100
