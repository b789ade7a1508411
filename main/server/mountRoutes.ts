import express, { type Express, type Request, type Response } from "express"
import type { z } from "zod"
import type { Route, RouteTable } from "#contract/route.ts"
import { actingPerson } from "#core/egress/actingPerson.ts"
import { AppError } from "#core/errors.ts"
import type { AuditTrail } from "./auditTrail.ts"
import { invalidInput } from "./errors.ts"
import type { Guard } from "./guard.ts"
import type { RequestInfo } from "./handlers.ts"
import type { Caller } from "./keys.ts"
import { type MultipartForm, readMultipart } from "./multipart.ts"
import { requestStateOf } from "./requestState.ts"

/** A route's input after parsing, before the handler's own types. */
export interface ParsedInput {
  params: unknown
  query: unknown
  body: unknown
}

export interface MountOptions {
  guard: Guard
  temporaryDir: string
  call(key: string, input: ParsedInput, info: RequestInfo): Promise<unknown>
  send(key: string, route: Route, reply: unknown, response: Response, info: RequestInfo): Promise<void>
  trail: AuditTrail
  invalid?(where: "path" | "query" | "body" | "fields", error: z.ZodError): AppError
}

const defaultBodyBytes = 1024 * 1024
const deepestBody = 64

/** Serves a table of routes. Each goes the same way: bearer → scope → role → rate → body size → schema → handler → answer. */
export function mountRoutes(app: Express, table: RouteTable, options: MountOptions): void {
  const methodsByPath = new Map<string, string[]>()
  for (const [key, route] of Object.entries(table)) {
    const { method, path } = splitKey(key)
    methodsByPath.set(path, [...(methodsByPath.get(path) ?? []), method])
    app[expressMethod(method)](path, (request: Request, response: Response) =>
      serve(key, route, request, response, options),
    )
  }
  for (const [path, methods] of methodsByPath) {
    app.all(path, (_request: Request, response: Response) => {
      response.setHeader("allow", methods.join(", "))
      throw new AppError("request.method-not-allowed", `This path answers to ${methods.join(", ")} only.`, {
        remedy: "See /docs.",
      })
    })
  }
}

async function serve(
  key: string,
  route: Route,
  request: Request,
  response: Response,
  options: MountOptions,
): Promise<void> {
  const state = requestStateOf(request)
  state.route = key
  const caller = await options.guard.identify(request, route.scope, {
    route: key,
    known: ({ actor }) => {
      state.actor = actor
    },
  })
  const invalid = options.invalid ?? invalidInput
  const form = route.multipart
    ? await readMultipart(request, { directory: options.temporaryDir, maxFileBytes: route.multipart.maxFileBytes })
    : null
  const info = requestInfo(request, response, caller, form, state)
  let reply: unknown
  let params: unknown
  try {
    const body = route.body ? await readJson(request, response, route.maxBodyBytes ?? defaultBodyBytes) : undefined
    const parse = (schema: z.ZodType | undefined, where: "path" | "query" | "body" | "fields", value: unknown) => {
      if (!schema) return where === "path" || where === "query" ? {} : undefined
      const parsed = schema.safeParse(value)
      if (!parsed.success) throw invalid(where, parsed.error)
      return parsed.data
    }
    params = parse(route.params, "path", joinWildcards(request.params))
    const input = {
      params,
      query: parse(route.query, "query", { ...request.query }),
      body: form ? parse(route.multipart?.fields, "fields", form.fields) : parse(route.body, "body", body),
    }
    reply = await actingPerson.run(info.actor.personId, () => options.call(key, input, info))
    if (route.audit) await options.trail.done(info.actor, route.audit, params, info.requestId)
  } catch (error) {
    if (route.audit) await options.trail.failed(info.actor, route.audit, params, info.requestId, error, info.signal)
    throw error
  } finally {
    await form?.remove()
  }
  await options.send(key, route, reply, response, info)
}

function requestInfo(
  request: Request,
  response: Response,
  { actor, keyId }: Caller,
  form: MultipartForm | null,
  state: { requestId: string; signal: AbortSignal },
): RequestInfo {
  const lastEventId = request.headers["last-event-id"]
  return {
    actor,
    keyId,
    requestId: state.requestId,
    signal: state.signal,
    files: form?.files ?? [],
    lastEventId: typeof lastEventId === "string" ? lastEventId : null,
    header(name) {
      const value = request.headers[name]
      return typeof value === "string" ? value : null
    },
    prefersJson: /^application\/json\b/i.test(request.headers.accept ?? ""),
    setStatus: (status) => response.status(status),
    setHeader: (name, value) => response.setHeader(name, value),
  }
}

async function readJson(request: Request, response: Response, limit: number): Promise<unknown> {
  const hasBody = request.headers["transfer-encoding"] !== undefined || Number(request.headers["content-length"]) > 0
  if (hasBody && !request.is(["application/json", "application/*+json"]))
    throw new AppError("request.unsupported-media", "This route takes application/json.", {
      remedy: "Send `Content-Type: application/json`.",
    })
  await new Promise<void>((resolve, reject) => {
    express.json({ limit, strict: false, inflate: false, type: () => true })(request, response, (error?: unknown) =>
      error ? reject(error) : resolve(),
    )
  })
  if (depthOf(request.body) > deepestBody)
    throw new AppError("request.invalid", `The body is nested more than ${deepestBody} levels deep.`, {
      remedy: "Flatten it.",
    })
  return request.body as unknown
}

/** Levels of nesting, counted without recursion: a hostile body may have thousands. */
function depthOf(value: unknown): number {
  let level: unknown[] = [value]
  for (let depth = 0; ; depth++) {
    const next = level.flatMap((item) => (typeof item === "object" && item !== null ? Object.values(item) : []))
    if (next.length === 0 || depth > deepestBody) return depth
    level = next
  }
}

/** A wildcard parameter (`*id`) matches several segments and stands for their path. */
const joinWildcards = (params: Record<string, string | string[]>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(params).map(([name, value]) => [name, Array.isArray(value) ? value.join("/") : value]),
  )

export function splitKey(key: string): { method: string; path: string } {
  const space = key.indexOf(" ")
  return { method: key.slice(0, space), path: key.slice(space + 1) }
}

function expressMethod(method: string): "get" | "post" | "put" | "patch" | "delete" {
  switch (method) {
    case "POST":
      return "post"
    case "PUT":
      return "put"
    case "PATCH":
      return "patch"
    case "DELETE":
      return "delete"
    default:
      return "get"
  }
}
