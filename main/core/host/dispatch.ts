import { AppError } from "../errors.ts"
import { type Logger, requestContext } from "../logger.ts"
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
  const run = async (
    { id, method, input, context = {} }: Extract<ToHost, { type: "request" }>,
    signal: AbortSignal,
  ): Promise<void> => {
    const log = forwardingLogger(send, { ...context })
    const startedAt = Date.now()
    const start = performance.now()
    const ran = () => ({ startedAt, durationMs: performance.now() - start })
    try {
      const handler = Object.hasOwn(handlers, method) ? handlers[method] : undefined
      if (!handler) throw new AppError("engine.failed", `The engine host has no method "${method}".`)
      const emit = (event: unknown): void => {
        if (!signal.aborted) send({ type: "event", id, event })
      }
      const output = await requestContext.run(context, () => handler(input, { signal, emit, log }))
      send({ type: "result", id, output, ran: ran() })
    } catch (error) {
      send({ type: "error", id, error: describe(error, signal, method, log), ran: ran() })
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
          entry.ended = run(message, controller.signal)
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
