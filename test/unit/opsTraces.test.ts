import * as conventions from "@opentelemetry/semantic-conventions/incubating"
import { expect, it } from "vitest"
import { otlpTraces } from "#contract/otlp.ts"
import { trace as traceSchema } from "#contract/traces.ts"
import type { StageTiming } from "#contract/turns.ts"
import { ownerActor } from "#core/actor.ts"
import type { HostCall } from "#core/host/types.ts"
import { createTraces } from "#ops/traces/createTraces.ts"
import type { TurnSummary } from "#ops/turnMeter.ts"
import { readOtlp } from "../fakes/otlpReader.ts"

const startedAt = 1_800_000_000_000
const turnId = "01932c07-1111-7222-8333-444455556666"

const timings: StageTiming[] = [
  { name: "embed", startMs: 2, endMs: 12 },
  { name: "search", startMs: 12, endMs: 20 },
  { name: "first-token", startMs: 20, endMs: 220 },
  { name: "generate", startMs: 220, endMs: 720 },
  { name: "support", startMs: 720, endMs: 760 },
]
const summary = (overrides: Partial<TurnSummary> = {}): TurnSummary => ({
  turnId,
  conversationId: "conversation",
  messageId: "message",
  kind: "text",
  startedAt,
  endedAt: startedAt + 800,
  zeroAt: startedAt,
  timings,
  model: "small",
  context: { tokens: 120, limit: 4096 },
  passages: 3,
  reason: "complete",
  stages: [],
  promptTokens: 100,
  cachedTokens: 40,
  completionTokens: 20,
  tokensPerSecond: 40,
  found: true,
  errorCode: null,
  ...overrides,
})
const call = (overrides: Partial<HostCall> = {}): HostCall => ({
  turnId,
  host: "llm",
  pid: 77,
  method: "generate",
  askedAt: startedAt + 25,
  sentAt: startedAt + 30,
  endedAt: startedAt + 719,
  ran: { startedAt: startedAt + 31, durationMs: 685 },
  outcome: "ok",
  ...overrides,
})
const open = (personId = "owner", capacity?: number) =>
  createTraces({ version: "1.2.3", originOf: () => ({ personId, requestId: "request-1" }), capacity })

it("puts stages under the turn, and a child's work under the stage it was done for", () => {
  const traces = open()
  traces.onHostCall(call())
  traces.onHostCall(
    call({
      host: "onnx",
      pid: 78,
      method: "embed.run",
      askedAt: startedAt + 3,
      sentAt: startedAt + 3,
      endedAt: startedAt + 11,
      ran: { startedAt: startedAt + 4, durationMs: 6.5 },
    }),
  )
  traces.onTurn(summary())
  const found = traceSchema.parse(traces.get(ownerActor, "message"))
  expect(found.traceId).toBe(turnId.replaceAll("-", ""))
  expect(found.requestId).toBe("request-1")
  const parentOf = (name: string) => {
    const span = found.spans.find((one) => one.name === name)
    return found.spans.find((one) => one.spanId === span?.parentSpanId)?.name
  }
  expect(parentOf("retrieval")).toBe("invoke_agent ZenGlow")
  expect(parentOf("first_token")).toBe("chat small")
  expect(parentOf("onnx embed.run")).toBe("embeddings")
  expect(parentOf("embed.run")).toBe("onnx embed.run")
  expect(parentOf("generate")).toBe("chat small")
  expect(found.spans.find((span) => span.process === "llm")).toMatchObject({ kind: "server", startMs: 31, endMs: 716 })
  for (const span of found.spans) {
    const parent = found.spans.find((one) => one.spanId === span.parentSpanId)
    expect(span.startMs).toBeGreaterThanOrEqual(parent?.startMs ?? 0)
    expect(span.endMs).toBeLessThanOrEqual(parent?.endMs ?? found.durationMs)
  }
  expect(found.budget).toMatchObject({
    promptTokens: 100,
    completionTokens: 20,
    contextTokens: 120,
    contextLimit: 4096,
  })
  expect(found.budget.stages.find(({ name }) => name === "generate")).toEqual({
    name: "generate",
    ms: 500,
    share: 0.625,
  })
})

it("counts a spoken turn's stages from the key going up", () => {
  const traces = open()
  const spoken: StageTiming[] = [
    { name: "listen", startMs: -3000, endMs: 0 },
    { name: "stt", startMs: 0, endMs: 400 },
  ]
  traces.onTurn(
    summary({ kind: "voice", zeroAt: startedAt + 3000, endedAt: startedAt + 5000, timings: spoken, model: null }),
  )
  const { spans } = traces.get(ownerActor, turnId)
  expect(spans.find(({ stage }) => stage === "listen")).toMatchObject({ startMs: 0, endMs: 3000 })
  expect(spans.find(({ stage }) => stage === "stt")).toMatchObject({ startMs: 3000, endMs: 3400 })
})

it("is what an OpenTelemetry collector reads: every field known to the protocol, every attribute to the conventions", () => {
  const traces = open()
  traces.onHostCall(call())
  traces.onHostCall(call({ outcome: "engine.crashed", ran: null, method: "choose" }))
  traces.onTurn(summary({ errorCode: "engine.crashed" }))
  const exported = otlpTraces.parse(JSON.parse(JSON.stringify(traces.otlp(ownerActor))))
  // Decoded by the classes that the protocol's own files were compiled to: what they do not know does not come back.
  expect(readOtlp(exported)).toEqual(exported)

  const spans = exported.resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans))
  const services = exported.resourceSpans.map(({ resource }) => resource.attributes[0]?.value)
  expect(services).toEqual([{ stringValue: "zenglow" }, { stringValue: "zenglow-llm" }])
  const root = spans.find((span) => span.parentSpanId === undefined)
  expect(root).toMatchObject({
    startTimeUnixNano: "1800000000000000000",
    endTimeUnixNano: "1800000000800000000",
    status: { code: 2 },
  })
  const known = new Set<unknown>(Object.values(conventions).filter((value) => typeof value === "string"))
  const names = new Set([
    ...spans.flatMap((span) => span.attributes.map(({ key }) => key)),
    ...exported.resourceSpans.flatMap(({ resource }) => resource.attributes.map(({ key }) => key)),
  ])
  expect([...names].filter((name) => !name.startsWith("zenglow.") && !known.has(name))).toEqual([])
  expect(conventions.GEN_AI_OPERATION_NAME_VALUE_RETRIEVAL).toBe("retrieval")
})

it("keeps the latest turns only, and shows each person their own", () => {
  const traces = open("ada", 3)
  for (let n = 0; n < 5; n++) traces.onTurn(summary({ turnId: `turn-${n}`, messageId: `m-${n}` }))
  const ada = { personId: "ada", scopes: ["chat"] as const }
  const ben = { personId: "ben", scopes: ["chat"] as const }
  expect(traces.list(ada, 10).map((item) => item.turnId)).toEqual(["turn-4", "turn-3", "turn-2"])
  expect(traces.list(ownerActor, 10)).toHaveLength(3)
  expect(traces.list(ben, 10)).toEqual([])
  expect(traces.otlp(ben).resourceSpans).toEqual([])
  expect(() => traces.get(ben, "m-4")).toThrow(expect.objectContaining({ code: "trace.not-found" }))
})
