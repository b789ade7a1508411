import type { z } from "zod"
import type { logLine } from "#contract/ops.ts"
import { createHub } from "#core/hub.ts"

export type LogLine = z.infer<typeof logLine>
type Level = LogLine["level"]

/** Which lines; those left out match everything. */
export interface LogFilter {
  /** This level or a graver one. */
  level?: Level
  component?: string
  /** Lines of one request, or of one turn. */
  request?: string
  /** Found anywhere in the line, whatever its case. */
  text?: string
}

export interface LogBuffer {
  /** Takes every line the logger writes, redacted: pass it as the logger's `tap`. */
  tap(line: Record<string, unknown>): void
  /**
   * Lines after the one with the id `since` (default: the newest ones), oldest first. `next` goes back as `since` to read on; nothing
   * is skipped unless the ring has turned over.
   */
  recent(query: LogFilter & { since?: number; limit: number }): { lines: LogLine[]; next: number }
  /** Hears of every line. Returns the end of the subscription. */
  onLine(listener: (line: LogLine) => void): () => void
}

const levels: readonly Level[] = ["debug", "info", "warn", "error"]

/** The last lines of the log. @param capacity Lines kept. Default 2000. */
export function createLogBuffer(capacity = 2000): LogBuffer {
  const lines: LogLine[] = []
  // A listener that fails must not be logged: it would hear of that too.
  const hub = createHub<LogLine>(() => {})
  let lastId = 0
  return {
    tap(raw) {
      const { level, time, msg, requestId, component, ...fields } = raw
      const line: LogLine = {
        id: ++lastId,
        ts: typeof time === "number" ? time : 0,
        level: levels.find((known) => known === level) ?? "info",
        component: String(component ?? fields.host ?? "core"),
        msg: String(msg ?? ""),
        request_id: typeof requestId === "string" ? requestId : null,
        fields,
      }
      lines.push(line)
      if (lines.length > capacity) lines.splice(0, lines.length - capacity)
      hub.publish(line)
    },
    recent({ since, limit, ...filter }) {
      const matching = lines.filter((line) => line.id > (since ?? 0) && fits(line, filter))
      const chosen = since === undefined ? matching.slice(-limit) : matching.slice(0, limit)
      const isCut = since !== undefined && matching.length > limit
      return { lines: chosen, next: isCut ? (chosen.at(-1)?.id ?? since) : lastId }
    },
    onLine: hub.subscribe,
  }
}

function fits(line: LogLine, { level, component, request, text }: LogFilter): boolean {
  return (
    (level === undefined || levels.indexOf(line.level) >= levels.indexOf(level)) &&
    (component === undefined || line.component === component) &&
    (request === undefined || line.request_id === request || line.fields.turnId === request) &&
    (text === undefined || `${line.msg} ${JSON.stringify(line.fields)}`.toLowerCase().includes(text.toLowerCase()))
  )
}
