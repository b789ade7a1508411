import type { Express, Request, Response } from "express"
import { z } from "zod"
import { errorCodes } from "#contract/errors.ts"
import { openAiRoutes } from "#contract/openai.ts"
import type { Route, RouteTable } from "#contract/route.ts"
import { routes } from "#contract/routes.ts"
import { splitKey } from "./mountRoutes.ts"
import { documentPolicy } from "./securityHeaders.ts"

/** Every route that answers programs. */
export const allRoutes: RouteTable = { ...routes, ...openAiRoutes }

/** `/openapi.json`, `/docs` and `/llms.txt`, all derived from the table. Public: they say nothing about this machine. */
export function mountDocs(app: Express, version: string): void {
  // Written when first asked for: few people ever do, and every schema of the table has to be walked.
  let openApi: string | undefined
  let page: string | undefined
  app.get("/openapi.json", (_request: Request, response: Response) => {
    openApi ??= JSON.stringify(openApiDocument(allRoutes, version))
    response.type("application/json").send(openApi)
  })
  app.get("/llms.txt", (_request: Request, response: Response) => {
    response.type("text/plain").send(llmsText(allRoutes))
  })
  app.get("/docs", (_request: Request, response: Response) => {
    page ??= docsPage(allRoutes, version)
    response.setHeader("content-security-policy", documentPolicy)
    response.type("html").send(page)
  })
}

/** The API for a language model that shall use it. Source of the form: https://llmstxt.org */
export function llmsText(table: RouteTable): string {
  const lines = Object.entries(table).map(([key, route]) => `- \`${key}\` (${route.scope}): ${route.summary}`)
  return `# ZenGlow

> An assistant whose models run on this machine. It answers from its user's documents with citations, listens and speaks.

Every request but the public ones carries \`Authorization: Bearer KEY\`; the user makes keys under Settings, Keys and API. Bodies are JSON. Errors say \`code\`, \`message\` and \`remedy\`. \`/v1\` takes OpenAI's requests: the model \`rag/<collection>\` answers from documents with citations.

- [OpenAPI 3.1](/openapi.json): every route with its fields
- [The same as a page](/docs)

## Routes

${lines.join("\n")}
`
}

const openApiPath = (path: string): string => path.replace(/[:*](\w+)/g, "{$1}")

type JsonSchema = Record<string, unknown>

/** JSON Schema of a value as it travels. Checks that JSON Schema cannot say are left out. */
function jsonSchema(schema: z.ZodType, io: "input" | "output"): JsonSchema {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: "any" })
  return rest
}

/** OpenAPI 3.1, whose schemas are JSON Schema 2020-12: https://spec.openapis.org/oas/v3.1.1 */
export function openApiDocument(table: RouteTable, version: string): JsonSchema {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const [key, route] of Object.entries(table)) {
    const { method, path } = splitKey(key)
    const item = paths[openApiPath(path)] ?? {}
    item[method.toLowerCase()] = operation(path, route)
    paths[openApiPath(path)] = item
  }
  return {
    openapi: "3.1.0",
    info: { title: "ZenGlow", version, license: { name: "Apache-2.0" } },
    components: {
      securitySchemes: { bearer: { type: "http", scheme: "bearer" } },
      schemas: {
        Error: {
          type: "object",
          properties: {
            error: {
              type: "object",
              properties: {
                code: { type: "string", enum: Object.keys(errorCodes) },
                message: { type: "string" },
                remedy: { type: "string" },
                requestId: { type: "string" },
                details: {},
              },
              required: ["code", "message", "requestId"],
            },
          },
          required: ["error"],
        },
      },
    },
    paths,
  }
}

function operation(path: string, route: Route): JsonSchema {
  const parameters = [...parametersOf(route.params, "path", path), ...parametersOf(route.query, "query", path)]
  const failures = [...new Set((route.errors ?? []).map((code) => errorCodes[code].status))]
  return {
    summary: route.summary,
    ...(route.scope === "public" ? {} : { security: [{ bearer: [route.scope] }] }),
    ...(parameters.length > 0 ? { parameters } : {}),
    ...requestBody(route),
    responses: {
      [route.status ?? (route.output || route.stream || route.bytes ? 200 : 204)]: success(route),
      ...Object.fromEntries(
        failures.map((status) => [
          status,
          {
            description: (route.errors ?? []).filter((code) => errorCodes[code].status === status).join(", "),
            content: { "application/json": { schema: { $ref: "#/components/schemas/Error" } } },
          },
        ]),
      ),
    },
  }
}

function parametersOf(schema: z.ZodType | undefined, place: "path" | "query", path: string): JsonSchema[] {
  if (!schema) {
    const names = place === "path" ? [...path.matchAll(/[:*](\w+)/g)].map((match) => match[1]) : []
    return names.map((name) => ({ name, in: "path", required: true, schema: { type: "string" } }))
  }
  const shape = z
    .object({
      properties: z.record(z.string(), z.unknown()).default({}),
      required: z.array(z.string()).default([]),
    })
    .parse(jsonSchema(schema, "input"))
  return Object.entries(shape.properties).map(([name, property]) => ({
    name,
    in: place,
    required: place === "path" || shape.required.includes(name),
    schema: property,
  }))
}

function requestBody(route: Route): JsonSchema {
  if (route.body)
    return {
      requestBody: { required: true, content: { "application/json": { schema: jsonSchema(route.body, "input") } } },
    }
  if (!route.multipart) return {}
  const fields = z
    .looseObject({ properties: z.record(z.string(), z.unknown()).default({}) })
    .parse(jsonSchema(route.multipart.fields, "input"))
  const schema = { ...fields, properties: { file: { type: "string", format: "binary" }, ...fields.properties } }
  return { requestBody: { required: true, content: { "multipart/form-data": { schema } } } }
}

function success(route: Route): JsonSchema {
  if (route.stream)
    return {
      description: "A stream of events.",
      content: { "text/event-stream": { schema: jsonSchema(route.stream, "output") } },
    }
  if (route.bytes)
    return {
      description: "Bytes.",
      content: Object.fromEntries(route.bytes.map((type) => [type, { schema: { type: "string", format: "binary" } }])),
    }
  if (!route.output) return { description: "Done." }
  return {
    description: "Done.",
    content: { "application/json": { schema: jsonSchema(route.output, "output") } },
  }
}

interface DocsRow {
  method: string
  path: string
  scope: string
  summary: string
  takes: string
  gives: string
}

/** The rows of a table, in the table's order, by the first segment of their path. */
function docsGroups(table: RouteTable): Map<string, DocsRow[]> {
  const groups = new Map<string, DocsRow[]>()
  for (const [key, route] of Object.entries(table)) {
    const { method, path } = splitKey(key)
    const [, first = "", second = ""] = path.split("/")
    const name = first === "api" ? `/api/${second}` : `/${first}`
    const row = {
      method,
      path,
      scope: route.scope,
      summary: route.summary,
      takes: takes(route),
      gives: gives(route),
    }
    groups.set(name, [...(groups.get(name) ?? []), row])
  }
  return groups
}

function takes(route: Route): string {
  const names = (schema: z.ZodType): string => {
    const shape = z
      .object({
        properties: z.record(z.string(), z.unknown()).default({}),
        required: z.array(z.string()).default([]),
      })
      .parse(jsonSchema(schema, "input"))
    return Object.keys(shape.properties)
      .map((name) => (shape.required.includes(name) ? name : `${name}?`))
      .join(", ")
  }
  const parts = [
    route.query ? `query: ${names(route.query)}` : "",
    route.body ? `json: ${names(route.body)}` : "",
    route.multipart ? `multipart: file, ${names(route.multipart.fields)}` : "",
  ]
  return parts.filter(Boolean).join("; ")
}

function gives(route: Route): string {
  const status = route.status ?? (route.output || route.stream || route.bytes ? 200 : 204)
  if (route.stream) return `${status} events`
  if (route.bytes) return `${status} ${route.bytes.map((type) => type.split(";")[0]).join(", ")}`
  return route.output ? `${status} json` : `${status}`
}

/** docs/api.md. A test keeps the committed file equal to this. */
export function renderApiDocs(table: RouteTable): string {
  const cell = (text: string): string => text.replaceAll("|", "\\|")
  const groups = [...docsGroups(table)].map(([name, rows]) =>
    [
      `## ${name}`,
      "",
      "| Route | Scope | What it does | Takes | Gives |",
      "|---|---|---|---|---|",
      ...rows.map(
        (row) =>
          `| \`${row.method} ${row.path}\` | ${row.scope} | ${cell(row.summary)} | ${cell(row.takes)} | ${row.gives} |`,
      ),
    ].join("\n"),
  )
  const codes = Object.entries(errorCodes).map(
    ([code, { status, retryable }]) => `| \`${code}\` | ${status} | ${retryable ? "yes" : "no"} |`,
  )
  return [
    "# HTTP API",
    "",
    "Made from the route table in `main/contract`; edit the table, not this file (`npx vitest run --config test/vitest.config.ts test/server/http.test.ts -u` writes it). The same table is served as OpenAPI 3.1 at `/openapi.json` and as a page at `/docs`.",
    "",
    ...introduction,
    "",
    groups.join("\n\n"),
    "",
    "## Error codes",
    "",
    "| Code | Status | Trying again may help |",
    "|---|---|---|",
    ...codes,
    "",
  ].join("\n")
}

const introduction = [
  "- The base URL is printed at start and lies in `runtime.json` in the data directory; the key lies in `api-key` beside it.",
  "- Send `Authorization: Bearer <key>` (or `X-API-Key: <key>`). Keys never travel in a query string, and there are no cookies.",
  "- Every request and every socket passes the same door: Host, Origin, key, scope, rate, body size, schema.",
  "- Every answer carries `x-request-id`; a plain one that you send is kept.",
  "- Errors are `{error: {code, message, remedy?, requestId, details?}}`; under `/v1` they have OpenAI's shape.",
  "- Event streams send a comment every 15 s, end with `event: done`, and report failures as `event: error`. Turns resume with `Last-Event-ID`.",
  "- Lists page by cursor: pass `next` back as `cursor`.",
  "- `/ws` is one socket for turns, jobs, metrics and changes: subprotocols `zenglow` and `bearer.<key>`, JSON messages, binary frames for audio (u32 LE stream id, u32 LE sequence, s16le mono; 16 kHz up, 24 kHz down).",
]

function docsPage(table: RouteTable, version: string): string {
  const escapeHtml = (text: string): string =>
    text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;")
  const sections = [...docsGroups(table)].map(
    ([name, rows]) =>
      `<h2>${escapeHtml(name)}</h2><table><thead><tr><th scope="col">Route</th><th scope="col">Scope</th><th scope="col">What it does</th><th scope="col">Takes</th><th scope="col">Gives</th></tr></thead><tbody>${rows
        .map(
          (row) =>
            `<tr><td><code>${escapeHtml(`${row.method} ${row.path}`)}</code></td><td>${escapeHtml(row.scope)}</td><td>${escapeHtml(row.summary)}</td><td>${escapeHtml(row.takes)}</td><td>${escapeHtml(row.gives)}</td></tr>`,
        )
        .join("")}</tbody></table>`,
  )
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>ZenGlow API</title><style>
:root{color-scheme:light dark}body{font:15px/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.35rem .6rem;border-bottom:1px solid color-mix(in srgb,currentColor 20%,transparent)}
code{font:13px ui-monospace,monospace;overflow-wrap:anywhere}h2{margin-top:2rem}</style></head><body><h1>ZenGlow API ${escapeHtml(version)}</h1><p>The same as OpenAPI 3.1: <a href="/openapi.json">/openapi.json</a></p><ul>${introduction
    .map((line) => `<li>${escapeHtml(line.slice(2)).replace(/`([^`]+)`/g, "<code>$1</code>")}</li>`)
    .join("")}</ul>${sections.join("")}</body></html>`
}
