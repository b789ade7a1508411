import type { GbnfJsonSchema } from "node-llama-cpp"
import { AppError } from "#core/errors.ts"

type Schema = Record<string, unknown>

/** Words that describe and do not constrain; `required` is dropped because the grammar always writes every property. */
const ANNOTATIONS = new Set([
  "$schema",
  "$id",
  "$comment",
  "title",
  "default",
  "examples",
  "deprecated",
  "readOnly",
  "writeOnly",
  "required",
  "strict",
])
const SUPPORTED = new Set([
  "type",
  "description",
  "const",
  "enum",
  "oneOf",
  "anyOf",
  "allOf",
  "properties",
  "additionalProperties",
  "minProperties",
  "maxProperties",
  "items",
  "prefixItems",
  "minItems",
  "maxItems",
  "minLength",
  "maxLength",
  "format",
  "$ref",
  "$defs",
  "definitions",
])
const TYPES = new Set(["string", "number", "integer", "boolean", "null", "object", "array"])
const FORMATS = new Set(["date-time", "time", "date"])

/**
 * Rewrites a JSON Schema into the part the grammar can enforce (see node-llama-cpp's GbnfJsonSchema). `strict` refuses a keyword that
 * could not be kept with `llm.invalid-schema`; `lenient` (tool parameters) drops it.
 */
export function toGrammarSchema(schema: Schema, mode: "strict" | "lenient"): GbnfJsonSchema {
  return convert(schema, mode, "$", 0) as GbnfJsonSchema
}

function invalid(path: string, what: string): AppError {
  return new AppError("llm.invalid-schema", `The JSON schema cannot be enforced at ${path}: ${what}.`, {
    remedy: "Use type, enum, const, properties, items, anyOf, $ref and $defs; describe other limits in words.",
  })
}

function convert(value: unknown, mode: "strict" | "lenient", path: string, depth: number): Schema {
  if (depth > 32) throw invalid(path, "it is nested too deeply")
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw invalid(path, "a schema object is expected")
  const schema = value as Schema
  for (const key of Object.keys(schema))
    if (!SUPPORTED.has(key) && !ANNOTATIONS.has(key) && mode === "strict")
      throw invalid(path, `"${key}" is not supported`)
  const inner = (child: unknown, name: string): Schema => convert(child, mode, `${path}.${name}`, depth + 1)
  const base: Schema = {}
  if (typeof schema.description === "string") base.description = schema.description
  const defs = schema.$defs ?? schema.definitions
  if (defs !== undefined) base.$defs = mapValues(defs, path, "$defs", inner)

  if (typeof schema.$ref === "string") {
    const name = /^#\/(?:\$defs|definitions)\/([^/]+)$/.exec(schema.$ref)?.[1]
    if (!name) throw invalid(path, `"${schema.$ref}" does not point into $defs`)
    return { ...base, $ref: `#/$defs/${name}` }
  }
  if (schema.const !== undefined) return { ...base, const: scalar(schema.const, path) }
  if (schema.enum !== undefined) {
    if (!Array.isArray(schema.enum) || schema.enum.length === 0) throw invalid(path, "enum must list values")
    return { ...base, enum: schema.enum.map((item) => scalar(item, path)) }
  }
  const branches = schema.oneOf ?? schema.anyOf
  if (branches !== undefined) {
    if (!Array.isArray(branches) || branches.length === 0) throw invalid(path, "oneOf and anyOf must list schemas")
    return { ...base, oneOf: branches.map((branch, index) => inner(branch, String(index))) }
  }
  if (Array.isArray(schema.allOf)) {
    if (schema.allOf.length !== 1) throw invalid(path, "allOf is supported with one schema only")
    return { ...base, ...inner(schema.allOf[0], "allOf") }
  }
  if (Array.isArray(schema.type) && schema.type.some((type) => type === "object" || type === "array")) {
    const { type, ...rest } = schema
    return { ...base, oneOf: type.map((single) => inner({ ...rest, $defs: undefined, type: single }, String(single))) }
  }
  return { ...base, ...convertTyped(schema, mode, path, inner) }
}

function convertTyped(
  schema: Schema,
  mode: "strict" | "lenient",
  path: string,
  inner: (child: unknown, name: string) => Schema,
): Schema {
  const type = schema.type ?? (schema.properties ? "object" : schema.items ? "array" : undefined)
  if (type === undefined) {
    if (mode === "lenient") return { type: ["string", "number", "boolean", "null"] }
    throw invalid(path, "a type is missing")
  }
  for (const single of Array.isArray(type) ? type : [type])
    if (!TYPES.has(String(single))) throw invalid(path, `"${String(single)}" is not a JSON type`)
  if (type === "object") {
    const { additionalProperties } = schema
    const isOpen =
      additionalProperties === true || (schema.properties === undefined && additionalProperties === undefined)
    return {
      type,
      ...(schema.properties === undefined
        ? {}
        : { properties: mapValues(schema.properties, path, "properties", inner) }),
      ...(typeof additionalProperties === "object"
        ? { additionalProperties: inner(additionalProperties, "additionalProperties") }
        : { additionalProperties: isOpen }),
      ...pick(schema, ["minProperties", "maxProperties"]),
      // The grammar ignores it; the model reads it in the tool's description.
      ...(mode === "lenient" && Array.isArray(schema.required) ? { required: schema.required } : {}),
    }
  }
  if (type === "array") {
    return {
      type,
      ...(schema.items === undefined || schema.items === true ? {} : { items: inner(schema.items, "items") }),
      ...(Array.isArray(schema.prefixItems)
        ? { prefixItems: schema.prefixItems.map((item, index) => inner(item, `prefixItems.${index}`)) }
        : {}),
      ...pick(schema, ["minItems", "maxItems"]),
    }
  }
  if (type === "string") {
    if (schema.format !== undefined && FORMATS.has(String(schema.format))) return { type, format: schema.format }
    if (schema.format !== undefined && mode === "strict")
      throw invalid(path, `format "${String(schema.format)}" is not supported`)
    return { type, ...pick(schema, ["minLength", "maxLength"]) }
  }
  return { type }
}

function mapValues(
  value: unknown,
  path: string,
  name: string,
  inner: (child: unknown, name: string) => Schema,
): Schema {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw invalid(path, `${name} must be an object`)
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, inner(child, `${name}.${key}`)]))
}

function scalar(value: unknown, path: string): unknown {
  if (typeof value === "object" && value !== null) throw invalid(path, "const and enum must hold plain values")
  return value
}

const pick = (schema: Schema, keys: string[]): Schema =>
  Object.fromEntries(keys.flatMap((key) => (typeof schema[key] === "number" ? [[key, schema[key]]] : [])))
