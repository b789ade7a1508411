import { AppError } from "../errors.ts"
import type { Logger } from "../logger.ts"
import type { FromHost, ToHost } from "./protocol.ts"
import type { HostContract, HostHandlers } from "./types.ts"

/** The host's side of the protocol, whatever carries the messages. */
export interface Dispatcher {
  receive(message: ToHost): void
  /** Aborts what runs and resolves once every handler has ended. */
  drain(): Promise<void>
}

/** Runs each request's handler with its own signal and answers once. `send` must keep order. */
export function createDispatcher<C extends HostContract>(
  handlers: HostHandlers<C>,
  send: (message: FromHost) => void,
  onStop: () => void,
): Dispatcher {
  const running = new Map<number, { controller: AbortController; ended: Promise<void> }>()
  const log = forwardingLogger(send, {})

  const run = async (id: number, method: string, input: unknown, signal: AbortSignal): Promise<void> => {
    try {
      const handler = Object.hasOwn(handlers, method) ? handlers[method] : undefined
      if (!handler) throw new AppError("engine.failed", `The engine host has no method "${method}".`)
      const emit = (event: unknown): void => {
        if (!signal.aborted) send({ type: "event", id, event })
      }
      send({ type: "result", id, output: await handler(input, { signal, emit, log }) })
    } catch (error) {
      send({ type: "error", id, error: describe(error, signal, method, log) })
    } finally {
      running.delete(id)
    }
  }

  return {
    receive(message) {
      switch (message.type) {
        case "request": {
          const controller = new AbortController()
          const entry = { controller, ended: Promise.resolve() }
          running.set(message.id, entry)
          entry.ended = run(message.id, message.method, message.input, controller.signal)
          return
        }
        case "cancel":
          running.get(message.id)?.controller.abort(new DOMException("The request was cancelled.", "AbortError"))
          return
        case "stop":
          onStop()
      }
    },
    async drain() {
      const entries = [...running.values()]
      for (const entry of entries) entry.controller.abort(new DOMException("The host is stopping.", "AbortError"))
      await Promise.all(entries.map((entry) => entry.ended))
    },
  }
}

function describe(
  error: unknown,
  signal: AbortSignal,
  method: string,
  log: Logger,
): Extract<FromHost, { type: "error" }>["error"] {
  if (error instanceof AppError) {
    const { code, message, remedy, details } = error
    return { code, message, ...(remedy ? { remedy } : {}), ...(details === undefined ? {} : { details }) }
  }
  // The core has already told its caller of the abort; this only frees the slot.
  if (signal.aborted) return { code: "engine.stopped", message: "The request was cancelled." }
  log.error("an engine request failed", { method, error: error instanceof Error ? error.stack : String(error) })
  return {
    code: "engine.failed",
    message: "The engine could not finish the request.",
    remedy: "Try again. If it repeats, run `zenglow doctor` and look at the log.",
  }
}

/** Lines travel to the core, which owns the one log. Errors become their stack: not every error survives structured clone. */
function forwardingLogger(send: (message: FromHost) => void, base: Record<string, unknown>): Logger {
  const line = (level: "debug" | "info" | "warn" | "error") => (message: string, fields?: Record<string, unknown>) => {
    const merged: Record<string, unknown> = { ...base, ...fields }
    for (const [key, value] of Object.entries(merged))
      if (value instanceof Error) merged[key] = value.stack ?? value.message
    send({ type: "log", level, message, fields: merged })
  }
  return {
    debug: line("debug"),
    info: line("info"),
    warn: line("warn"),
    error: line("error"),
    child: (fields) => forwardingLogger(send, { ...base, ...fields }),
  }
}
