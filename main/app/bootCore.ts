import { mkdirSync } from "node:fs"
import type { AppConfig } from "#core/config.ts"
import { createLogger } from "#core/logger.ts"
import { createScope } from "#core/scope.ts"
import { createLogBuffer } from "#ops/logBuffer.ts"
import { readFirstRunKey } from "#server/keys.ts"
import { createApp } from "./createApp.ts"
import { lockDataDir } from "./lock.ts"
import { removeRuntime, writeRuntime } from "./runtimeFile.ts"
import { version } from "./version.ts"

/** A running core: locked, listening, and findable through `runtime.json`. */
export interface Core {
  baseUrl: string
  apiKey: string
  mintTicket(): string
  close(): Promise<void>
}

/** Starts the core of a data directory in this process. Throws `core.locked`, `core.port-taken`, `store.*`, `config.invalid`. */
export async function bootCore(config: AppConfig): Promise<Core> {
  const scope = createScope()
  try {
    mkdirSync(config.dataDir, { recursive: true, mode: 0o700 })
    scope.add(lockDataDir(config.dataDir), (lock) => lock.release())
    const logs = createLogBuffer()
    const log = createLogger({
      level: config.logLevel,
      json: config.logJson,
      destination: process.stderr,
      tap: logs.tap,
    })
    const apiKey = await readFirstRunKey(config.dataDir, config.apiKey)
    const app = scope.add(await createApp({ config, apiKey, log, logs }), (opened) => opened.close())
    const { port, baseUrl } = await app.server.listen({
      host: config.host,
      port: config.port,
      isPortExplicit: config.isPortExplicit,
    })
    writeRuntime(config.dataDir, { pid: process.pid, port, baseUrl, version, startedAt: Date.now() })
    scope.add(config.dataDir, removeRuntime)
    return { baseUrl, apiKey, mintTicket: app.server.mintTicket, close: () => scope.close() }
  } catch (error) {
    await scope.close()
    throw error
  }
}
