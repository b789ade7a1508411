import type { OtlpKeyValue, OtlpTraces } from "#contract/otlp.ts"
import type { TraceSpan } from "#contract/traces.ts"
import type { HeldTrace } from "./turnTrace.ts"

type OtlpSpan = OtlpTraces["resourceSpans"][number]["scopeSpans"][number]["spans"][number]

const kinds = { internal: 1, server: 2, client: 3 } as const
const statusCodes = { unset: 0, ok: 1, error: 2 } as const

/** Traces as an OpenTelemetry collector takes them: one resource for each process that had a part in them. */
export function toOtlp(traces: readonly HeldTrace[], version: string): OtlpTraces {
  const byProcess = new Map<string, { name: string; pid: number | null; spans: OtlpSpan[] }>()
  for (const { trace, pids } of traces) {
    for (const span of trace.spans) {
      const pid = pids[span.process] ?? null
      const key = `${span.process}/${pid}`
      const entry = byProcess.get(key) ?? { name: span.process, pid, spans: [] }
      byProcess.set(key, entry)
      entry.spans.push(toSpan(span, trace.traceId, trace.startedAt))
    }
  }
  return {
    resourceSpans: [...byProcess.values()].map(({ name, pid, spans }) => ({
      resource: {
        attributes: attributesOf({
          "service.name": name === "core" ? "zenglow" : `zenglow-${name}`,
          "service.namespace": "zenglow",
          "service.version": version,
          ...(pid === null ? {} : { "service.instance.id": String(pid), "process.pid": pid }),
        }),
      },
      scopeSpans: [{ scope: { name: "zenglow", version }, spans }],
    })),
  }
}

const toSpan = (span: TraceSpan, traceId: string, startedAt: number): OtlpSpan => ({
  traceId,
  spanId: span.spanId,
  ...(span.parentSpanId === null ? {} : { parentSpanId: span.parentSpanId }),
  name: span.name,
  kind: kinds[span.kind],
  startTimeUnixNano: nanoseconds(startedAt, span.startMs),
  endTimeUnixNano: nanoseconds(startedAt, span.endMs),
  attributes: attributesOf(span.attributes),
  status: { code: statusCodes[span.status] },
})

/** Epoch nanoseconds do not fit a double: whole milliseconds and the rest are joined as integers. */
const nanoseconds = (epochMs: number, offsetMs: number): string =>
  String(BigInt(epochMs) * 1_000_000n + BigInt(Math.round(offsetMs * 1e6)))

const attributesOf = (attributes: TraceSpan["attributes"]): OtlpKeyValue[] =>
  Object.entries(attributes).map(([key, value]) => ({ key, value: anyValueOf(value) }))

function anyValueOf(value: TraceSpan["attributes"][string]): OtlpKeyValue["value"] {
  if (typeof value === "string") return { stringValue: value }
  if (typeof value === "boolean") return { boolValue: value }
  if (Array.isArray(value)) return { arrayValue: { values: value.map((stringValue) => ({ stringValue })) } }
  return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value }
}
