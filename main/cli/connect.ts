import { readFileSync } from "node:fs"
import { join } from "node:path"
import { bootCore } from "#app/bootCore.ts"
import { readRuntime } from "#app/runtimeFile.ts"
import type { AppConfig } from "#core/config.ts"
import { type Client, createClient } from "./client.ts"

export interface Connection {
  client: Client
  /** False when the core was already running: it goes on after this command. */
  isOwn: boolean
  close(): Promise<void>
}

/** Attaches to the running core of this data directory, else boots one under its lock for the length of the command. */
export async function connect(config: AppConfig): Promise<Connection> {
  const running = await findRunning(config)
  if (running) return { client: running, isOwn: false, close: async () => {} }
  // Port 0: a command's own core is found by nobody else and never takes the well-known port.
  const core = await bootCore({ ...config, port: 0, isPortExplicit: true })
  return { client: createClient(core.baseUrl, core.apiKey), isOwn: true, close: () => core.close() }
}

/** The running core of this data directory, when there is one and it answers. */
export async function findRunning(config: AppConfig): Promise<Client | null> {
  const runtime = readRuntime(config.dataDir)
  if (!runtime) return null
  try {
    const response = await fetch(new URL("/health", runtime.baseUrl), { signal: AbortSignal.timeout(2000) })
    if (!response.ok) return null
    return createClient(runtime.baseUrl, config.apiKey ?? readFileSync(join(config.dataDir, "api-key"), "utf8").trim())
  } catch {
    return null
  }
}
