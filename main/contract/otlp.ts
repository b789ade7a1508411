import { z } from "zod"

/**
 * Traces in the JSON of the OpenTelemetry protocol (opentelemetry-proto, `ExportTraceServiceRequest`; OTLP specification 1.5, "JSON
 * Protobuf Encoding"): ids in hex, 64-bit numbers as decimal text, enums as numbers.
 */
const anyValue = z.union([
  z.strictObject({ stringValue: z.string() }),
  z.strictObject({ boolValue: z.boolean() }),
  z.strictObject({ intValue: z.string().regex(/^-?\d+$/) }),
  z.strictObject({ doubleValue: z.number() }),
  z.strictObject({
    arrayValue: z.strictObject({ values: z.array(z.strictObject({ stringValue: z.string() })) }),
  }),
])
const keyValue = z.strictObject({ key: z.string(), value: anyValue })
export type OtlpKeyValue = z.infer<typeof keyValue>

const nanoseconds = z.string().regex(/^\d+$/)
const spanId = z.string().regex(/^[0-9a-f]{16}$/)

export const otlpSpan = z.strictObject({
  traceId: z.string().regex(/^[0-9a-f]{32}$/),
  spanId,
  parentSpanId: spanId.optional(),
  name: z.string(),
  /** 1 internal, 2 server, 3 client. */
  kind: z.union([z.literal(1), z.literal(2), z.literal(3)]),
  startTimeUnixNano: nanoseconds,
  endTimeUnixNano: nanoseconds,
  attributes: z.array(keyValue),
  /** 0 unset, 1 ok, 2 error. */
  status: z.strictObject({ code: z.union([z.literal(0), z.literal(1), z.literal(2)]) }),
})

export const otlpTraces = z.strictObject({
  /** One resource per process. */
  resourceSpans: z.array(
    z.strictObject({
      resource: z.strictObject({ attributes: z.array(keyValue) }),
      scopeSpans: z.array(
        z.strictObject({
          scope: z.strictObject({ name: z.string(), version: z.string() }),
          spans: z.array(otlpSpan),
        }),
      ),
    }),
  ),
})
export type OtlpTraces = z.infer<typeof otlpTraces>
