import { once } from "node:events"
import type { ServerResponse } from "node:http"
import { AppError, isAbort } from "#core/errors.ts"
import { errorBody, toAppError } from "./errors.ts"
import type { StreamItem } from "./handlers.ts"

const heartbeatMs = 15_000
const undrainedMs = 30_000

export interface EventStreamOptions {
  requestId: string
  signal: AbortSignal
  /** Hears of an error that became an `error` event. */
  onError: (error: AppError) => void
  /** How often a comment keeps the connection alive. Default 15 s. */
  heartbeatMs?: number
}

/**
 * Writes items as server-sent events, as fast as the client reads. A failure becomes an `error` event; `done` always closes, unless the
 * items' own `done` or `error` was the last.
 * Source: https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
export async function writeEventStream(
  response: ServerResponse,
  items: AsyncIterable<StreamItem<unknown>>,
  options: EventStreamOptions,
): Promise<void> {
  startEventStream(response)
  const heartbeat = setInterval(() => response.write(": heartbeat\n\n"), options.heartbeatMs ?? heartbeatMs)
  let last = ""
  try {
    for await (const item of items) {
      const id = item.id === undefined ? "" : `id: ${item.id}\n`
      await writeAll(response, `${id}event: ${item.event}\ndata: ${JSON.stringify(item.data)}\n\n`)
      last = item.event
      if (options.signal.aborted) break
    }
  } catch (error) {
    // A stopping core aborts with an AppError as the reason: the client is told. Any other abort is the client's own.
    const isOwnAbort = isAbort(error, options.signal) && !(options.signal.reason instanceof AppError)
    if (response.writable && !isOwnAbort) {
      const appError = toAppError(options.signal.aborted ? options.signal.reason : error)
      options.onError(appError)
      response.write(`event: error\ndata: ${JSON.stringify(errorBody(appError, options.requestId).error)}\n\n`)
    }
  } finally {
    clearInterval(heartbeat)
  }
  if (!response.writable) return
  if (last === "done" || last === "error") response.end()
  else response.end("event: done\ndata: {}\n\n")
}

export function startEventStream(response: ServerResponse): void {
  response.writeHead(200, {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-store, no-transform",
    connection: "keep-alive",
    "x-accel-buffering": "no",
  })
  response.flushHeaders()
}

/** Writes and waits until the client has taken it. A client that takes nothing for 30 s is dropped. */
export async function writeAll(response: ServerResponse, chunk: string | Uint8Array): Promise<void> {
  if (!response.writable || response.write(chunk)) return
  const gone = new AbortController()
  const timer = setTimeout(() => response.destroy(), undrainedMs)
  try {
    await Promise.race([
      once(response, "drain", { signal: gone.signal }),
      once(response, "close", { signal: gone.signal }),
    ])
  } finally {
    clearTimeout(timer)
    gone.abort()
  }
}
