import type { ErrorCode } from "#contract/errors.ts"
import { errorCodes } from "#contract/errors.ts"
import type { RouteCall, RouteOutput } from "#contract/route.ts"
import type { RouteKey, Routes } from "#contract/routes.ts"
import { AppError } from "#core/errors.ts"

/** The command line's view of a core: the same HTTP API that every other program uses. */
export interface Client {
  readonly baseUrl: string
  readonly token: string
  /** True when the core lives only for this command: nobody else waits for what it does. */
  readonly isOwn: boolean
  /** One JSON route. Throws the core's own AppError, or `core.unreachable`. */
  api<K extends RouteKey>(route: K, call: RouteCall<Routes[K]>, signal?: AbortSignal): Promise<RouteOutput<Routes[K]>>
  /** A route that answers bytes. */
  bytes<K extends RouteKey>(route: K, call: RouteCall<Routes[K]>, signal?: AbortSignal): Promise<Uint8Array>
  /** A route that answers an event stream; ends when the core ends it. */
  stream(path: string, signal: AbortSignal): AsyncIterable<unknown>
}

interface Call {
  params?: Record<string, string>
  query?: Record<string, unknown>
  body?: unknown
  fields?: Record<string, unknown>
  files?: readonly File[]
}

export function createClient(baseUrl: string, token: string, { isOwn } = { isOwn: false }): Client {
  const send = async (method: string, path: string, call: Call, signal: AbortSignal | undefined): Promise<Response> => {
    const url = new URL(fillParams(path, call.params ?? {}), baseUrl)
    for (const [name, value] of Object.entries(call.query ?? {}))
      if (value !== undefined) url.searchParams.set(name, String(value))
    const headers: Record<string, string> = { authorization: `Bearer ${token}` }
    let body: BodyInit | undefined
    if (call.files) {
      const form = new FormData()
      for (const [name, value] of Object.entries(call.fields ?? {}))
        if (value !== undefined) form.set(name, String(value))
      for (const file of call.files) form.append("file", file)
      body = form
    } else if (call.body !== undefined) {
      headers["content-type"] = "application/json"
      body = JSON.stringify(call.body)
    }
    const response = await fetch(url, { method, headers, body, signal }).catch(unreachable(signal))
    if (!response.ok) throw await readError(response)
    return response
  }
  const parts = (route: string): [string, string] => {
    const [method = "", path = ""] = route.split(" ")
    return [method, path]
  }
  return {
    baseUrl,
    token,
    isOwn,
    async api(route, call, signal) {
      const response = await send(...parts(route), call as Call, signal)
      // Typed by the route table on both sides: the core checks its answers against the same schema.
      return (response.status === 204 ? undefined : await response.json().catch(unreachable(signal))) as never
    },
    async bytes(route, call, signal) {
      const response = await send(...parts(route), call as Call, signal)
      return new Uint8Array(await response.arrayBuffer().catch(unreachable(signal)))
    },
    async *stream(path, signal) {
      const response = await send("GET", path, {}, signal)
      if (!response.body) return
      try {
        yield* readEvents(response.body)
      } catch (cause) {
        unreachable(signal)(cause)
      }
    },
  }
}

/** A connection that failed, or broke in the middle of an answer, is a core that is gone; an abort stays an abort. */
const unreachable =
  (signal: AbortSignal | undefined) =>
  (cause: unknown): never => {
    if (signal?.aborted) throw signal.reason
    throw new AppError("core.unreachable", "ZenGlow does not answer.", {
      remedy: "Start it again with `zenglow serve`: what it was doing goes on.",
      cause,
    })
  }

function fillParams(path: string, params: Record<string, string>): string {
  return path.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(params[name] ?? ""))
}

async function readError(response: Response): Promise<AppError> {
  const text = await response.text()
  try {
    const { error } = JSON.parse(text) as {
      error: { code: string; message: string; remedy?: string; details?: unknown }
    }
    const code: ErrorCode = error.code in errorCodes ? (error.code as ErrorCode) : "internal"
    return new AppError(code, error.message, { remedy: error.remedy, details: error.details })
  } catch {
    return new AppError("internal", `The core answered ${response.status} without an explanation.`)
  }
}

/** `data:` lines of a server-sent event stream, parsed. */
async function* readEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<unknown> {
  const decoder = new TextDecoder()
  let buffer = ""
  for await (const chunk of body) {
    buffer += decoder.decode(chunk, { stream: true })
    let end = buffer.indexOf("\n\n")
    while (end >= 0) {
      const data = buffer
        .slice(0, end)
        .split("\n")
        .filter((line) => line.startsWith("data:"))
        .map((line) => line.slice(5).trimStart())
        .join("\n")
      buffer = buffer.slice(end + 2)
      if (data !== "") yield JSON.parse(data)
      end = buffer.indexOf("\n\n")
    }
  }
}
