import type { Response } from "express"
import type { Route } from "#contract/route.ts"
import { AppError, isAbort } from "#core/errors.ts"
import type { Logger } from "#core/logger.ts"
import { toAppError } from "./errors.ts"
import { writeAll, writeEventStream } from "./eventStream.ts"
import type { BytesReply, RequestInfo, StreamItem } from "./handlers.ts"

export interface SendOptions {
  log: Logger
  checksOutput: boolean
}

/** Writes a handler's reply as its route says: JSON, events or bytes. */
export async function sendReply(
  key: string,
  route: Route,
  reply: unknown,
  response: Response,
  info: RequestInfo,
  options: SendOptions,
): Promise<void> {
  if (route.stream) {
    // The table types a stream route's reply as an iterable of items.
    await writeEventStream(response, reply as AsyncIterable<StreamItem<unknown>>, {
      requestId: info.requestId,
      signal: info.signal,
      onError: (error) => options.log.warn("stream failed", { route: key, code: error.code, error: error.cause }),
    })
  } else if (route.bytes) {
    await sendBytes(response, reply as BytesReply, info, options.log)
  } else {
    if (response.statusCode === 200) response.status(route.status ?? (route.output ? 200 : 204))
    if (!route.output) {
      response.end()
      return
    }
    if (options.checksOutput) {
      const parsed = route.output.safeParse(reply)
      if (!parsed.success)
        throw new AppError("internal", `The answer of ${key} does not fit its schema.`, { cause: parsed.error })
    }
    response.json(reply)
  }
}

/** Sends bytes as they are made. A failure before the first one is an answer with a status; a later one cuts the connection. */
export async function sendBytes(response: Response, reply: BytesReply, info: RequestInfo, log: Logger): Promise<void> {
  const start = (): void => {
    response.setHeader("content-type", reply.contentType)
    if (reply.fileName)
      response.setHeader("content-disposition", `attachment; filename*=UTF-8''${encodeURIComponent(reply.fileName)}`)
  }
  if (typeof reply.body === "string" || reply.body instanceof Uint8Array) {
    start()
    response.end(reply.body)
    return
  }
  try {
    for await (const chunk of reply.body) {
      if (!response.headersSent) start()
      await writeAll(response, chunk)
      if (info.signal.aborted) return
    }
  } catch (error) {
    if (!response.headersSent) throw error
    if (!isAbort(error, info.signal)) log.warn("stream failed", { error: toAppError(error).cause ?? error })
    // Truncated sound must not look complete.
    response.destroy()
    return
  }
  if (!response.headersSent) start()
  response.end()
}
