import type { z } from "zod"
import type { ErrorCode } from "./errors.ts"

/**
 * What a key or a session may do. `owner` includes all others and is held by the owner's window and the first-run key. `window` is held by
 * every window, also while it is not known who sits there.
 */
export type Scope = "chat" | "rag" | "audio" | "models" | "ops" | "dataset" | "admin" | "window" | "owner"

/**
 * One HTTP route. The express adapter, the typed client, the OpenAPI document and docs/api.md all derive from it.
 * `json` bodies refuse unknown fields (schemas are strict objects); `/v1` bodies are loose.
 */
export interface Route {
  summary: string
  scope: Scope | "public"
  /** Path parameters, as `:name` in the path. Values arrive as strings. */
  params?: z.ZodType
  query?: z.ZodType
  /** JSON body. */
  body?: z.ZodType
  /** Largest JSON body in bytes. Default 1 MiB. */
  maxBodyBytes?: number
  /** Multipart: `files` arrive as temporary files, `fields` are parsed by the schema. */
  multipart?: { fields: z.ZodType; maxFileBytes: number }
  /** JSON answers are described by `output`; `stream` is an event stream of the schema's values; `bytes` lists content types. */
  output?: z.ZodType
  stream?: z.ZodType
  bytes?: readonly string[]
  /** Success status. Default 200, 204 when there is no output. */
  status?: 200 | 201 | 202 | 204
  /** What the audit log calls it: `document.delete`. For what deletes, exports, grants or reveals. */
  audit?: string
  /** Codes this route can answer with, besides those of the guard and of parsing. */
  errors?: readonly ErrorCode[]
}

type Parsed<T, Else> = T extends z.ZodType ? z.output<T> : Else
type Sent<T, Else> = T extends z.ZodType ? z.input<T> : Else

/** What a handler receives after parsing. */
export interface RouteInput<R extends Route> {
  params: Parsed<R["params"], Record<string, never>>
  query: Parsed<R["query"], Record<string, never>>
  body: R["multipart"] extends { fields: infer F } ? Parsed<F, undefined> : Parsed<R["body"], undefined>
}

/** What a client sends. */
export type RouteCall<R extends Route> = (R["params"] extends z.ZodType
  ? { params: Sent<R["params"], never> }
  : unknown) &
  (R["query"] extends z.ZodType ? { query?: Sent<R["query"], never> } : unknown) &
  (R["body"] extends z.ZodType ? { body: Sent<R["body"], never> } : unknown) &
  (R["multipart"] extends { fields: infer F } ? { fields: Sent<F, never>; files: readonly File[] } : unknown)

/** What the client gets back from a JSON route. */
export type RouteOutput<R extends Route> = R["output"] extends z.ZodType ? z.output<R["output"]> : undefined

export type RouteTable = Record<`${"GET" | "POST" | "PUT" | "PATCH" | "DELETE"} /${string}`, Route>
