import { createDispatcher } from "./dispatch.ts"
import type { ToHost } from "./protocol.ts"
import type { HostAdapter, HostContract, HostHandlers } from "./types.ts"

/** What an inline host's handlers may do to the "process" they live in. */
export interface InlineHost {
  /** Ends the host at once, as a crash would. */
  exit(reason: string): void
}

/**
 * A host inside this process, for tests: same protocol, messages copied by structured clone, delivered one per microtask.
 * A factory is called per start, so that a restarted host begins with fresh state, as a process would.
 */
export function createInlineAdapter<C extends HostContract>(
  handlers: HostHandlers<C> | ((host: InlineHost) => HostHandlers<C>),
): HostAdapter {
  return {
    spawn({ onMessage, onExit }) {
      let alive = true
      const exit = (reason: string): void => {
        if (!alive) return
        alive = false
        queueMicrotask(() => onExit(reason))
      }
      const toCore = (message: unknown): void => {
        const copy = structuredClone(message)
        queueMicrotask(() => alive && onMessage(copy))
      }
      const made = typeof handlers === "function" ? handlers({ exit }) : handlers
      const dispatcher = createDispatcher(made, toCore, () => void dispatcher.drain().then(() => exit("stopped")))
      toCore({ type: "ready" })
      return {
        pid: null,
        send(message) {
          const copy = structuredClone(message) as ToHost
          queueMicrotask(() => alive && dispatcher.receive(copy))
        },
        kill: () => exit("killed"),
      }
    },
  }
}
