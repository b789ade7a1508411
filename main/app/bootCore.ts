import { accessSync, constants, existsSync, mkdirSync, statSync } from "node:fs"
import { dirname, join } from "node:path"
import { systemClock } from "#core/clock.ts"
import type { AppConfig } from "#core/config.ts"
import type { Egress } from "#core/egress/createEgress.ts"
import { AppError } from "#core/errors.ts"
import { openLogFile } from "#core/logFile.ts"
import { createHiddenValues, createLogger } from "#core/logger.ts"
import { createScope } from "#core/scope.ts"
import { applyRestore } from "#ops/backups/applyRestore.ts"
import { createLogBuffer } from "#ops/logBuffer.ts"
import { createSecrets } from "#ops/secrets/createSecrets.ts"
import { createOsKeychain } from "#ops/secrets/osKeychain.ts"
import { readFirstRunKey } from "#server/keys.ts"
import type { CarriedSessions } from "#server/sessions.ts"
import { createApp } from "./createApp.ts"
import { lockDataDir } from "./lock.ts"
import { removeRuntime, writeRuntime } from "./runtimeFile.ts"
import { version } from "./version.ts"

/** A running core: locked, listening, and findable through `runtime.json`. */
export interface Core {
  baseUrl: string
  apiKey: string
  mintTicket(): string
  /** Resolves when this core is to be started anew: a restore waits for it. */
  restartWanted: Promise<void>
  isRestartWanted(): boolean
  /** Closes this core and starts the next one at the same address; open windows go on. Throws as `bootCore` does. */
  startAnew(): Promise<Core>
  egress: Egress
  close(): Promise<void>
}

/** Opens the vault of secrets where there is no keychain. Never a flag: process lists show those. */
const passphraseVariable = "ZENGLOW_VAULT_PASSPHRASE"

export interface BootOptions {
  /** Whether other processes find this core through `runtime.json`. Default true. */
  isListed?: boolean
  /** Windows and the vault's passphrase of the core before, in the same process. */
  from?: { sessions: CarriedSessions; passphrase: string | null }
}

/** Starts the core of a data directory in this process. Throws `core.locked`, `core.port-taken`, `store.*`, `config.invalid`. */
export async function bootCore(config: AppConfig, { isListed = true, from }: BootOptions = {}): Promise<Core> {
  const scope = createScope()
  try {
    prepareDataDir(config.dataDir)
    scope.add(lockDataDir(config.dataDir), (lock) => lock.release())
    // What a killed core left behind names a port that is not ours.
    removeRuntime(config.dataDir)
    // Before anything of it is opened: a restore that was prepared takes its place.
    const restored = await applyRestore(config.dataDir)
    const logs = createLogBuffer()
    const hidden = createHiddenValues()
    const file = config.logFile
      ? openLogFile({
          directory: join(config.dataDir, "logs"),
          maxBytes: config.logFileMegabytes * 1e6,
          keep: config.logFilesKept,
          clock: systemClock,
        })
      : null
    if (file) scope.add(file, () => file.close())
    const log = createLogger({
      level: config.logLevel,
      json: config.logJson,
      destination: process.stderr,
      ...(file ? { file } : {}),
      tap: logs.tap,
      hidden,
    })
    for (const warning of config.warnings) log.warn(warning)
    const apiKey = await readFirstRunKey(config.dataDir, config.apiKey)
    hidden.add(apiKey)
    const passphrase = process.env[passphraseVariable] || (from?.passphrase ?? null)
    const secrets = await createSecrets({
      dataDir: config.dataDir,
      environment: process.env,
      keychain: createOsKeychain(config.dataDir),
      passphrase,
      onValue: hidden.add,
      log,
    })
    // What the core starts inherits its environment, and needs no passphrase.
    delete process.env[passphraseVariable]
    const logProblem = () => file?.problem() ?? null
    const restart = createRestart()
    const app = scope.add(
      await createApp({
        config,
        apiKey,
        log,
        logs,
        secrets,
        mask: hidden.mask,
        logProblem,
        restored,
        restart: restart.want,
        ...(from ? { sessions: from.sessions } : {}),
      }),
      (opened) => opened.close(),
    )
    const { port, baseUrl } = await app.server.listen({
      host: config.host,
      port: config.port,
      isPortExplicit: config.isPortExplicit,
    })
    if (isListed) {
      writeRuntime(config.dataDir, { pid: process.pid, port, baseUrl, version, startedAt: Date.now() })
      scope.add(config.dataDir, removeRuntime)
    }
    return {
      baseUrl,
      apiKey,
      mintTicket: app.server.mintTicket,
      egress: app.egress,
      restartWanted: restart.wanted,
      isRestartWanted: restart.isWanted,
      async startAnew() {
        const sessions = app.server.carrySessions()
        await scope.close()
        return await bootCore({ ...config, port, isPortExplicit: true }, { isListed, from: { sessions, passphrase } })
      },
      close: () => scope.close(),
    }
  } catch (error) {
    await scope.close()
    throw error
  }
}

function createRestart() {
  const { promise: wanted, resolve } = Promise.withResolvers<void>()
  let isWanted = false
  return {
    wanted,
    isWanted: () => isWanted,
    want() {
      isWanted = true
      // The answer to whoever asked for it leaves first.
      setImmediate(resolve)
    },
  }
}

/** The directory itself goes into the message: the person chose it, and it is shown on their own terminal only. */
function prepareDataDir(dataDir: string): void {
  const remedy = "Choose another one with --data-dir or ZENGLOW_DATA_DIR."
  try {
    if (!existsSync(dataDir)) makeDirectory(dataDir)
    accessSync(dataDir, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (cause) {
    const isFile = statSync(dataDir, { throwIfNoEntry: false })?.isFile()
    throw isFile
      ? new AppError("store.failed", `The data directory ${dataDir} is a file.`, { remedy, cause })
      : new AppError("store.read-only", `The data directory ${dataDir} cannot be written.`, {
          remedy: `Allow writing there. ${remedy}`,
          cause,
        })
  }
}

function makeDirectory(path: string): void {
  try {
    // Recursive creation never returns where a parent takes no children, as in /proc.
    mkdirSync(path, { recursive: !existsSync(dirname(path)), mode: 0o700 })
  } catch (error) {
    // Another command may have made it just now.
    if (!existsSync(path)) throw error
  }
}
