import { Worker } from "node:worker_threads"
import { closeNetwork } from "../egress/closeNetwork.ts"
import { createDispatcher } from "./dispatch.ts"
import type { FromHost, ToHost } from "./protocol.ts"
import type { HostContract, HostHandlers } from "./types.ts"

export interface ServeOptions {
  /** Frees what the handlers hold; awaited before the process ends on request. */
  dispose?: () => Promise<void>
}

/**
 * Makes this child process a host without network: called once by an entry file. Requests arrive over the process channel, errors leave as
 * code, message and remedy, log lines go to the core. The process ends when it is told to, when the channel closes, or
 * when its parent is gone while native code keeps the loop busy.
 */
export function serveHost<C extends HostContract>(handlers: HostHandlers<C>, options: ServeOptions = {}): void {
  if (!process.send) throw new Error("A host entry is started by the core, with a channel.")
  closeNetwork()
  const send = (message: FromHost): void => {
    if (process.connected) process.send?.(message, undefined, {}, () => {})
  }
  const stop = async (): Promise<void> => {
    await dispatcher.drain()
    await options.dispose?.()
    process.exit(0)
  }
  const dispatcher = createDispatcher(handlers, send, () => void stop())
  process.on("message", (message) => dispatcher.receive(message as ToHost))
  // Nothing here outlives the core, and exit handlers of native modules may hang: end at once.
  process.on("disconnect", endNow)
  // Ctrl-C and service managers signal the whole group; the core decides when its hosts end.
  process.on("SIGINT", () => {})
  process.on("SIGTERM", () => {})
  watchParent()
  send({ type: "ready" })
}

function endNow(): void {
  process.kill(process.pid, "SIGKILL")
}

/** A thread, because a synchronous native call keeps the main loop from seeing the channel close. */
function watchParent(): void {
  try {
    const watcher = new Worker(
      `const { workerData: parent } = require("node:worker_threads")
       const gone = () => { if (process.ppid !== parent) return true; try { process.kill(parent, 0); return false } catch (error) { return error.code === "ESRCH" } }
       setInterval(() => { if (gone()) process.kill(process.pid, "SIGKILL") }, 500)`,
      {
        eval: true,
        workerData: process.ppid,
        execArgv: [],
        stdout: false,
        stderr: false,
        resourceLimits: { maxOldGenerationSizeMb: 8 },
      },
    )
    watcher.unref()
    watcher.on("error", () => {})
  } catch {
    // Under Node's permission model there are no threads; such hosts hold no long native calls.
  }
}
