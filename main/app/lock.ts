import { mkdirSync } from "node:fs"
import { join } from "node:path"
import Database from "better-sqlite3"
import { AppError } from "#core/errors.ts"

/**
 * Holds the data directory for this process. The lock is an exclusive SQLite transaction: the operating system frees it
 * with the process, even after kill -9, and on every platform alike. Throws `core.locked`.
 */
export function lockDataDir(dataDir: string): { release(): void } {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  const database = new Database(join(dataDir, "core.lock"), { timeout: 0 })
  try {
    database.pragma("locking_mode = EXCLUSIVE")
    database.exec("BEGIN EXCLUSIVE")
  } catch (cause) {
    database.close()
    throw new AppError("core.locked", "Another ZenGlow is using this data directory.", {
      remedy: "Use the running one, stop it, or choose another directory with --data-dir.",
      cause,
    })
  }
  return { release: () => database.close() }
}
