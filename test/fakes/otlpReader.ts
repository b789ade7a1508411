import { createRequire } from "node:module"
import type { OtlpTraces } from "#contract/otlp.ts"

interface MessageType {
  verify(value: unknown): string | null
  fromObject(value: unknown): unknown
  toObject(message: unknown, options: Record<string, unknown>): unknown
  encode(message: unknown): { finish(): Uint8Array }
  decode(bytes: Uint8Array): unknown
}
interface ProtocolFiles {
  opentelemetry: { proto: { collector: { trace: { v1: { ExportTraceServiceRequest: MessageType } } } } }
}

/**
 * Reads OTLP JSON as a collector does: through the message classes that were generated from opentelemetry-proto, to bytes and back.
 * The one rule that is not protobuf's own JSON is applied first and last: ids are hex instead of base64.
 */
export function readOtlp(traces: OtlpTraces): unknown {
  const { opentelemetry } = createRequire(import.meta.url)(
    "@opentelemetry/otlp-transformer/build/src/generated/root.js",
  ) as ProtocolFiles
  const type = opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest
  const message = type.fromObject(withIds(traces, (hex) => Buffer.from(hex, "hex").toString("base64")))
  const problem = type.verify(message)
  if (problem !== null) throw new Error(problem)
  const decoded = type.decode(type.encode(message).finish())
  const value: unknown = JSON.parse(JSON.stringify(type.toObject(decoded, { longs: String, bytes: String })))
  return withIds(value, (base64) => Buffer.from(base64, "base64").toString("hex"))
}

/** The value with every trace and span id rewritten. */
function withIds(value: unknown, rewrite: (id: string) => string): unknown {
  if (Array.isArray(value)) return value.map((item) => withIds(item, rewrite))
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      /^(traceId|spanId|parentSpanId)$/.test(key) && typeof inner === "string"
        ? rewrite(inner)
        : withIds(inner, rewrite),
    ]),
  )
}
