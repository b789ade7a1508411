import { existsSync } from "node:fs"
import { join } from "node:path"
import Database from "better-sqlite3"
import { AppError } from "#core/errors.ts"

const lockFile = "core.lock"

/**
 * Holds the data directory, which must exist, for this process. The lock is an exclusive SQLite transaction: the operating
 * system frees it with the process, even after kill -9, and on every platform alike. Throws `core.locked`.
 */
export function lockDataDir(dataDir: string): { release(): void } {
  const database = new Database(join(dataDir, lockFile), { timeout: 0 })
  try {
    database.pragma("locking_mode = EXCLUSIVE")
    database.exec("BEGIN EXCLUSIVE")
  } catch (cause) {
    database.close()
    if (!isBusy(cause)) throw cause
    throw new AppError("core.locked", "Another ZenGlow is using this data directory.", {
      remedy: "Use the running one, stop it, or choose another directory with --data-dir.",
      cause,
    })
  }
  return { release: () => database.close() }
}

/** True while a process holds the data directory. */
export function isDataDirLocked(dataDir: string): boolean {
  if (!existsSync(join(dataDir, lockFile))) return false
  try {
    lockDataDir(dataDir).release()
    return false
  } catch (error) {
    return error instanceof AppError && error.code === "core.locked"
  }
}

const isBusy = (error: unknown): boolean =>
  error instanceof Error && "code" in error && String(error.code).startsWith("SQLITE_BUSY")
