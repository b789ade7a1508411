import { homedir } from "node:os"
import type { z } from "zod"
import type { logLine } from "#contract/ops.ts"

export type LogLine = z.infer<typeof logLine>
type Level = LogLine["level"]

export interface LogBuffer {
  /** Takes every line the logger writes: pass it as the logger's `tap`. */
  tap(line: Record<string, unknown>): void
  /**
   * Lines after the one with the id `since` (default: the newest ones), oldest first, of this level or a graver one.
   * `next` goes back as `since` to read on; nothing is skipped unless the ring has turned over.
   */
  recent(query: { since?: number; limit: number; level?: Level }): { lines: LogLine[]; next: number }
}

const levels: readonly Level[] = ["debug", "info", "warn", "error"]

/** The last lines of the log, redacted as they come in: nothing secret is kept. @param capacity Lines kept. Default 2000. */
export function createLogBuffer(capacity = 2000): LogBuffer {
  const lines: LogLine[] = []
  let lastId = 0
  return {
    tap(line) {
      const { level, time, msg, requestId, ...fields } = line
      lines.push({
        id: ++lastId,
        ts: typeof time === "number" ? time : 0,
        level: levels.find((known) => known === level) ?? "info",
        msg: redact(String(msg ?? "")),
        request_id: typeof requestId === "string" ? requestId : null,
        fields: redactFields(fields),
      })
      if (lines.length > capacity) lines.splice(0, lines.length - capacity)
    },
    recent({ since, limit, level }) {
      const least = level ? levels.indexOf(level) : 0
      const matching = lines.filter((line) => line.id > (since ?? 0) && levels.indexOf(line.level) >= least)
      const chosen = since === undefined ? matching.slice(-limit) : matching.slice(0, limit)
      const isCut = since !== undefined && matching.length > limit
      return { lines: chosen, next: isCut ? (chosen.at(-1)?.id ?? since) : lastId }
    },
  }
}

const secretNames = /^(.*(key|token|secret|password|authorization|cookie|ticket))$/i

/** Credentials in the shapes they have in messages: bearer values, our own keys, user and password in addresses. */
export function redact(text: string): string {
  return text
    .replaceAll(/\b(bearer[\s.]+)[\w.~+/=-]{8,}/gi, "$1[hidden]")
    .replaceAll(/\bzg[_-][\w-]{8,}/g, "[hidden]")
    .replaceAll(/\b([a-z][a-z0-9+.-]*:\/\/)[^\s/:@]+:[^\s/@]+@/gi, "$1[hidden]@")
    .replaceAll(/([?&#](?:ticket|token|key|api_key)=)[^&\s]+/gi, "$1[hidden]")
    .replaceAll(homedir(), "~")
}

function redactFields(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      secretNames.test(name) && typeof value !== "boolean" && typeof value !== "number"
        ? "[hidden]"
        : redactValue(value),
    ]),
  )
}

function redactValue(value: unknown): unknown {
  if (typeof value === "string") return redact(value)
  if (Array.isArray(value)) return value.map(redactValue)
  if (typeof value === "object" && value !== null) return redactFields(value as Record<string, unknown>)
  return value
}
