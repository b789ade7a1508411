import { readFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as delay } from "node:timers/promises"
import { bootCore, type Core } from "#app/bootCore.ts"
import { isDataDirLocked } from "#app/lock.ts"
import { readRuntime } from "#app/runtimeFile.ts"
import type { AppConfig } from "#core/config.ts"
import { AppError } from "#core/errors.ts"
import { type Client, createClient } from "./client.ts"
import { note } from "./output.ts"

export interface Connection {
  client: Client
  /** Ends a core of this command; one that was already running goes on. */
  close(): Promise<void>
}

/** How often, and how long in all, a command waits for another one to finish with the data directory. */
const retryMs = 200
const patienceMs = 10 * 60_000

/**
 * Attaches to the running core of this data directory, else boots one under its lock for the length of the command. When
 * another command holds the lock, waits for it. Throws `core.locked` after ten minutes, `auth.missing-key`, and what booting throws.
 */
export async function connect(
  config: AppConfig,
  signal: AbortSignal,
  { isListed = false }: { isListed?: boolean } = {},
): Promise<Connection> {
  for (let waitedMs = 0; ; waitedMs += retryMs) {
    const running = await findRunning(config)
    if (running) return { client: running, close: async () => {} }
    try {
      // Port 0 and unlisted: a command's own core ends with it, so nobody else may come to rely on it. One that stays is listed.
      const core = await bootCore({ ...config, port: 0, isPortExplicit: true }, { isListed })
      return { client: createClient(core.baseUrl, core.apiKey, { isOwn: true }), close: () => closeOwn(core) }
    } catch (error) {
      const isBusy = error instanceof AppError && error.code === "core.locked"
      if (!isBusy || waitedMs >= patienceMs) throw error
      if (waitedMs === 0) note("Another ZenGlow command is using this data directory. Waiting for it to end.")
      await delay(retryMs, undefined, { signal })
    }
  }
}

/** A restore that this command asked for takes place before it ends. */
async function closeOwn(core: Core): Promise<void> {
  if (core.isRestartWanted()) await (await core.startAnew()).close()
  else await core.close()
}

/** The running core of this data directory, when there is one and it answers. Throws `auth.missing-key` when its key is not at hand. */
export async function findRunning(config: AppConfig): Promise<Client | null> {
  const runtime = readRuntime(config.dataDir)
  // A file without a lock was left behind by a core that was killed; its port may belong to another program by now.
  if (!runtime || !isDataDirLocked(config.dataDir)) return null
  try {
    await fetch(new URL("/health", runtime.baseUrl), { signal: AbortSignal.timeout(5000) })
  } catch {
    return null
  }
  return createClient(runtime.baseUrl, config.apiKey ?? keyOf(config.dataDir))
}

function keyOf(dataDir: string): string {
  try {
    return readFileSync(join(dataDir, "api-key"), "utf8").trim()
  } catch (cause) {
    throw new AppError("auth.missing-key", "ZenGlow is running with a key that is not in its data directory.", {
      remedy: "Set ZENGLOW_API_KEY to the key it was started with.",
      cause,
    })
  }
}
