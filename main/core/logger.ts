import { AsyncLocalStorage } from "node:async_hooks"
import type { Writable } from "node:stream"
import pino from "pino"
import { inOneLine } from "./inOneLine.ts"
import { redactFields } from "./redact.ts"

/** `log.info("model loaded", { model, ms })`: a constant sentence and variable fields. Prompt and transcript text never above `debug`. */
export interface Logger {
  debug(message: string, fields?: Record<string, unknown>): void
  info(message: string, fields?: Record<string, unknown>): void
  warn(message: string, fields?: Record<string, unknown>): void
  error(message: string, fields?: Record<string, unknown>): void
  child(fields: Record<string, unknown>): Logger
}

export type LogLevel = "debug" | "info" | "warn" | "error" | "silent"

/** The logger all others are children of. */
export interface RootLogger extends Logger {
  /** Takes effect at once, for every child too. */
  setLevel(level: LogLevel): void
}

/** On whose behalf code runs: the request, and the turn it started. */
export interface CallContext {
  requestId?: string
  turnId?: string
}

/** Stamped on every line logged inside `run`, and sent along to child processes, whose lines carry it too. */
export const requestContext = new AsyncLocalStorage<CallContext>()

export interface LoggerOptions {
  level: LogLevel
  /** JSON lines, else one readable line each. */
  json: boolean
  destination: Writable
  /** Takes every line as JSON, whatever `json` says of the destination. */
  file?: { write(line: string): void }
  /** Sees every line as an object; for the ring behind /logs/recent. */
  tap?: (line: Record<string, unknown>) => void
  /** Values that no line may hold, wherever they stand in it. */
  hidden?: HiddenValues
}

/** Secrets as they become known. Short ones are left out: they would hide ordinary words. */
export interface HiddenValues {
  add(value: string): void
  /** The text with every hidden value replaced. */
  mask(text: string): string
}

const shortestHidden = 8

export function createHiddenValues(): HiddenValues {
  const values = new Set<string>()
  return {
    add(value) {
      if (value.length >= shortestHidden) values.add(JSON.stringify(value).slice(1, -1))
    },
    mask: (text) => [...values].reduce((masked, value) => masked.replaceAll(value, "[hidden]"), text),
  }
}

const levels: readonly LogLevel[] = ["debug", "info", "warn", "error", "silent"]

/** Every line is redacted here, once, before anything keeps or shows it: lines of child processes too, for they come this way. */
export function createLogger(options: LoggerOptions): RootLogger {
  let least = levels.indexOf(options.level)
  const stream = {
    write(line: string) {
      const redacted = `${JSON.stringify(redactFields(JSON.parse(line) as Record<string, unknown>))}\n`
      const text = options.hidden?.mask(redacted) ?? redacted
      options.tap?.(JSON.parse(text) as Record<string, unknown>)
      options.file?.write(text)
      options.destination.write(options.json ? text : readable(text))
    },
  }
  const root = pino(
    {
      // Which lines are written is decided where they are made: children of a pino logger keep the level they were born with.
      level: "debug",
      base: null,
      formatters: { level: (label) => ({ level: label }) },
      // A copy: pino adds the line's own fields to the object it gets.
      mixin: () => ({ ...requestContext.getStore() }),
      serializers: {
        error: (error: unknown) =>
          error instanceof Error
            ? { name: error.name, message: error.message, stack: error.stack, cause: String(error.cause ?? "") }
            : error,
      },
    },
    stream,
  )
  return {
    ...wrap(root, (level) => levels.indexOf(level) >= least),
    setLevel(level) {
      least = levels.indexOf(level)
    },
  }
}

export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => silentLogger }

function wrap(logger: pino.Logger, isWritten: (level: LogLevel) => boolean): Logger {
  const line = (level: "debug" | "info" | "warn" | "error") => (message: string, fields?: Record<string, unknown>) => {
    if (isWritten(level)) logger[level](fields ?? {}, message)
  }
  return {
    debug: line("debug"),
    info: line("info"),
    warn: line("warn"),
    error: line("error"),
    child: (fields) => wrap(logger.child(fields), isWritten),
  }
}

function readable(text: string): string {
  const { level, time, msg, ...fields } = JSON.parse(text) as Record<string, unknown>
  const rest = Object.entries(fields)
    .map(([key, value]) => `${key}=${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join(" ")
  return `${new Date(Number(time)).toISOString().slice(11, 23)} ${String(level).padEnd(5)} ${inOneLine(`${String(msg)}${rest ? `  ${rest}` : ""}`)}\n`
}
