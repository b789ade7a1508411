import { createParser } from "eventsource-parser"
import type { AppError } from "#core/errors.ts"

type Failed = (what: string, cause?: unknown) => AppError

const maxEventBytes = 1024 * 1024

/** JSON objects of a stream of server-sent events up to `[DONE]`. Named events are no part of an answer and are left out, whatever they ask for. */
export async function* readEvents(
  bytes: AsyncIterable<Uint8Array>,
  failed: Failed,
): AsyncGenerator<Record<string, unknown> | "done", void> {
  const waiting: string[] = []
  let unparsed = 0
  let isEventStream = false
  const parser = createParser({
    onEvent({ event, data }) {
      isEventStream = true
      unparsed = 0
      if (event === undefined || event === "message") waiting.push(data)
    },
    onComment() {
      isEventStream = true
      unparsed = 0
    },
  })
  const decoder = new TextDecoder()
  for await (const part of bytes) {
    unparsed += part.length
    parser.feed(decoder.decode(part, { stream: true }))
    if (unparsed > maxEventBytes) throw failed("sent something that is no stream of events")
    for (const data of waiting.splice(0)) {
      if (data.trim() === "[DONE]") {
        yield "done"
        return
      }
      yield parseObject(data, failed)
    }
  }
  if (!isEventStream) throw failed("sent something that is no stream of events")
}

/** One JSON object per line. */
export async function* readJsonLines(
  bytes: AsyncIterable<Uint8Array>,
  failed: Failed,
): AsyncGenerator<Record<string, unknown>, void> {
  const decoder = new TextDecoder()
  let rest = ""
  for await (const part of bytes) {
    rest += decoder.decode(part, { stream: true })
    const lines = rest.split("\n")
    rest = lines.pop() ?? ""
    if (rest.length > maxEventBytes) throw failed("sent a line that does not end")
    for (const line of lines) if (line.trim() !== "") yield parseObject(line, failed)
  }
  if (rest.trim() !== "") yield parseObject(rest, failed)
}

function parseObject(text: string, failed: Failed): Record<string, unknown> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw failed("sent something that cannot be read", cause)
  }
  if (!isRecord(value)) throw failed("sent something that cannot be read")
  return value
}

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

export const textOf = (value: unknown): string => (typeof value === "string" ? value : "")

/** A count that a server told. Anything else is no count. */
export const countOf = (value: unknown): number | null =>
  typeof value === "number" && Number.isFinite(value) && value >= 0 ? Math.round(value) : null
