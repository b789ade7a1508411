import type { z } from "zod"
import type { Route, RouteInput, RouteTable } from "#contract/route.ts"
import type { Actor } from "#core/actor.ts"
import type { UploadedFile } from "./deps.ts"

/** What a handler knows about its request besides the parsed input. */
export interface RequestInfo {
  actor: Actor
  /** The key or session that speaks for them. */
  keyId: string
  requestId: string
  /** Aborts when the client goes or the server stops. */
  signal: AbortSignal
  /** Files of a multipart request. */
  files: UploadedFile[]
  /** The `Last-Event-ID` header. */
  lastEventId: string | null
  /** A header of the request, in lower case. Never a credential's. */
  header(name: "range" | "if-range" | "accept-encoding"): string | null
  /** Whether the client asks for JSON rather than bytes. */
  prefersJson: boolean
  /** Replaces the route's success status, for answers such as "not ready". */
  setStatus(status: number): void
  setHeader(name: string, value: string): void
}

/** One event of an event stream. */
export interface StreamItem<T> {
  id?: number
  event: string
  data: T
}

/** A body that is not JSON. */
export interface BytesReply {
  contentType: string
  body: string | Uint8Array | AsyncIterable<Uint8Array>
  /** Offered as the name of a download. */
  fileName?: string
}

/** What a handler gives back: a JSON value, an event stream, or bytes. */
export type Reply<R extends Route> = R extends { stream: infer S extends z.ZodType }
  ? AsyncIterable<StreamItem<z.input<S>>>
  : R extends { bytes: readonly string[] }
    ? BytesReply
    : R extends { output: infer O extends z.ZodType }
      ? z.input<O>
      : undefined

/** One function per route. A missing or extra one does not compile. */
export type HandlersFor<T extends RouteTable> = {
  [K in keyof T]: T[K] extends Route ? (input: RouteInput<T[K]>, request: RequestInfo) => Promise<Reply<T[K]>> : never
}
