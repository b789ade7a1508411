import { setTimeout as delay } from "node:timers/promises"
import type { Response } from "express"
import { z } from "zod"
import { AppError, isAbort } from "#core/errors.ts"
import type { Logger } from "#core/logger.ts"
import { toAppError } from "../errors.ts"
import { startEventStream, writeAll } from "../eventStream.ts"
import type { BytesReply, RequestInfo } from "../handlers.ts"
import { sendBytes } from "../sendReply.ts"
import { openAiErrorBody } from "./openAiErrors.ts"

/**
 * What a `/v1` handler gives back. `events` are the JSON values of `data:` lines; `isClosedByDone` adds OpenAI's `[DONE]`, `isNamed` an
 * `event:` line with each value's `type`.
 */
export type OpenAiReply =
  | { kind: "json"; value: unknown }
  | { kind: "bytes"; reply: BytesReply }
  | { kind: "events"; events: AsyncIterable<unknown>; isClosedByDone: boolean; isNamed?: boolean }

const pingMs = 5000

export async function sendOpenAiReply(
  reply: OpenAiReply,
  response: Response,
  info: RequestInfo,
  log: Logger,
): Promise<void> {
  if (reply.kind === "json") {
    response.json(reply.value)
    return
  }
  if (reply.kind === "bytes") {
    await sendBytes(response, reply.reply, info, log)
    return
  }
  startEventStream(response)
  const ping = (): boolean => response.write(": ping\n\n")
  ping()
  const pinging = setInterval(ping, pingMs)
  try {
    for await (const event of reply.events) {
      const name = reply.isNamed ? nameLine(event) : ""
      await writeAll(response, `${name}data: ${JSON.stringify(event)}\n\n`)
      if (info.signal.aborted) break
    }
    if (info.signal.reason instanceof AppError) throw info.signal.reason
    if (reply.isClosedByDone && response.writable) response.write("data: [DONE]\n\n")
  } catch (error) {
    const isClientGone = isAbort(error, info.signal) && !(info.signal.reason instanceof AppError)
    if (response.writable && !isClientGone) {
      const appError = toAppError(info.signal.aborted ? info.signal.reason : error)
      log.warn("stream failed", { code: appError.code, error: appError.cause })
      response.write(`data: ${JSON.stringify(openAiErrorBody(appError))}\n\n`)
    }
  } finally {
    clearInterval(pinging)
  }
  if (response.writable) response.end()
}

const named = z.object({ type: z.string() })
const nameLine = (event: unknown): string => {
  const { data } = named.safeParse(event)
  return data ? `event: ${data.type}\n` : ""
}

/** How long a stream may stay without headers, so that an early failure still gets its status. */
const earlyMs = 3000

/**
 * Waits for the first value, so that what fails at once is thrown here rather than inside the stream.
 * A source that takes its time (a model that loads, a long prompt) is handed back unread.
 */
export async function untilFirst<T>(source: AsyncIterable<T>): Promise<AsyncIterable<T>> {
  const iterator = source[Symbol.asyncIterator]()
  const first = iterator.next()
  const timer = new AbortController()
  try {
    await Promise.race([first, delay(earlyMs, undefined, { signal: timer.signal })])
  } finally {
    timer.abort()
  }
  return {
    async *[Symbol.asyncIterator]() {
      try {
        for (let result = await first; !result.done; result = await iterator.next()) yield result.value
      } finally {
        await iterator.return?.()
      }
    },
  }
}
