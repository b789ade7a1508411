import { type ChildProcess, fork } from "node:child_process"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import type { Logger } from "../logger.ts"
import type { OrphanList } from "./orphans.ts"
import type { HostAdapter } from "./types.ts"

export interface ForkAdapterOptions {
  /** The child's entry file: TypeScript in development, its bundle in builds. */
  entry: URL
  /** Node flags of the child. Default none: the core's own are not inherited. */
  execArgv?: string[]
  /** Environment of the child. Default: the core's. */
  env?: Record<string, string | undefined>
  /** Where the child's own stdout and stderr lines go (native libraries print there), at `debug`. */
  log?: Logger
  /** Remembers running children across a crash of the core. */
  orphans?: OrphanList
}

/** A host as a forked child process. Messages use structured clone: the default JSON is a hundred times slower for audio. */
export function createForkAdapter(options: ForkAdapterOptions): HostAdapter {
  return {
    spawn({ name, onMessage, onExit }) {
      const entry = fileURLToPath(options.entry)
      const child = fork(entry, [`--host=${name}`], {
        serialization: "advanced",
        execArgv: options.execArgv ?? [],
        stdio: ["ignore", "pipe", "pipe", "ipc"],
        ...(options.env ? { env: options.env } : {}),
      })
      const lastLines = collectOutput(child, name, options.log)
      let exited = false
      const exit = (reason: string): void => {
        if (exited) return
        exited = true
        if (child.pid !== undefined) options.orphans?.forget(child.pid)
        onExit(reason)
      }
      if (child.pid !== undefined) options.orphans?.record({ pid: child.pid, entry, name })
      child.on("message", onMessage)
      child.on("error", (error) => {
        // With a pid the child did start: its own exit event follows.
        if (child.pid === undefined) exit(error.message)
      })
      child.on("exit", (code, signal) => {
        const line = lastLines.at(-1)
        exit(`${signal ? `signal ${signal}` : `exit code ${code}`}${line && code !== 0 ? `: ${line}` : ""}`)
      })
      return {
        pid: child.pid ?? null,
        send(message) {
          // A closed channel needs no report here: the exit event follows and fails what runs.
          if (child.connected) child.send(message as object, () => {})
        },
        kill: () => child.kill("SIGKILL"),
      }
    },
  }
}

function collectOutput(child: ChildProcess, name: string, log: Logger | undefined): string[] {
  const lines: string[] = []
  for (const stream of [child.stdout, child.stderr]) {
    if (!stream) continue
    createInterface({ input: stream }).on("line", (line) => {
      log?.debug("host output", { host: name, line })
      if (line.trim() === "" || stream === child.stdout) return
      lines.push(line.trim().slice(0, 300))
      if (lines.length > 20) lines.shift()
    })
  }
  return lines
}
