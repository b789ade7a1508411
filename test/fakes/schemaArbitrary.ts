import fc from "fast-check"
import { z } from "zod"

const node = z.looseObject({
  type: z.string().optional(),
  enum: z.array(z.unknown()).optional(),
  const: z.unknown().optional(),
  anyOf: z.array(z.unknown()).optional(),
  oneOf: z.array(z.unknown()).optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
  required: z.array(z.string()).optional(),
  items: z.unknown().optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  minLength: z.number().optional(),
  maxLength: z.number().optional(),
})

/** Values that parsers and handlers tend to stumble over. */
const hostile = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    "",
    " ",
    "\u0000",
    "../../etc/passwd",
    "C:\\Windows",
    "__proto__",
    "constructor",
    "\ud800",
    "💥".repeat(50),
    0,
    -1,
    1e308,
    2 ** 53,
    0.1,
    true,
    [],
    {},
    [[]],
    { __proto__: 1 },
  ),
  fc.jsonValue({ maxDepth: 3 }),
)

/** Values that fit a schema, with hostile ones mixed in at every level. */
export function schemaArbitrary(schema: z.ZodType): fc.Arbitrary<unknown> {
  return fromNode(z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }), 0)
}

function fromNode(value: unknown, depth: number): fc.Arbitrary<unknown> {
  const fitting = fittingNode(value, depth)
  return fc.oneof({ arbitrary: fitting, weight: 12 }, { arbitrary: hostile, weight: 1 })
}

function fittingNode(value: unknown, depth: number): fc.Arbitrary<unknown> {
  const parsed = node.safeParse(value)
  if (!parsed.success || depth > 6) return hostile
  const schema = parsed.data
  if (schema.const !== undefined) return fc.constant(schema.const)
  if (schema.enum) return fc.constantFrom(...schema.enum)
  const choices = schema.anyOf ?? schema.oneOf
  if (choices) return fc.oneof(...choices.map((choice) => fromNode(choice, depth + 1)))
  switch (schema.type) {
    case "object": {
      const required = new Set(schema.required)
      const shape = Object.fromEntries(
        Object.entries(schema.properties ?? {}).map(([name, child]) => [name, fromNode(child, depth + 1)]),
      )
      const known = fc.record(shape, { requiredKeys: Object.keys(shape).filter((name) => required.has(name)) })
      return fc.oneof(
        { arbitrary: known, weight: 9 },
        { arbitrary: known.map((it) => ({ ...it, extra: 1 })), weight: 1 },
      )
    }
    case "array":
      return fc.array(fromNode(schema.items ?? {}, depth + 1), { maxLength: 4 })
    case "string":
      return fc.string({
        minLength: Math.min(schema.minLength ?? 0, 20),
        maxLength: Math.min(schema.maxLength ?? 40, 60),
        unit: "grapheme",
      })
    case "integer":
      return fc.integer({
        min: Math.max(schema.minimum ?? -1000, -(2 ** 31)),
        max: Math.min(schema.maximum ?? 1000, 2 ** 31 - 1),
      })
    case "number":
      return fc.double({ min: schema.minimum ?? -1000, max: schema.maximum ?? 1000, noNaN: true })
    case "boolean":
      return fc.boolean()
    case "null":
      return fc.constant(null)
    default:
      return hostile
  }
}
