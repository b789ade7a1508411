import { closeSync, fsyncSync, openSync, rmSync } from "node:fs"
import Database from "better-sqlite3"
import * as sqliteVec from "sqlite-vec"
import { AppError } from "#core/errors.ts"
import { schemaVersion } from "./openDatabase.ts"

/** Pages per step; between steps other calls have their turn. */
const pagesAtOnce = 400

/** A copy of the open database, page by page while it is used. What is written meanwhile by this connection is in it too. */
export async function copyDatabase(
  db: Database.Database,
  target: string,
  onProgress: (share: number) => void,
): Promise<{ schemaVersion: number }> {
  try {
    await db.backup(target, {
      progress({ totalPages, remainingPages }) {
        onProgress(totalPages === 0 ? 0 : 1 - remainingPages / totalPages)
        return pagesAtOnce
      },
    })
    return finish(target)
  } catch (error) {
    for (const suffix of ["", "-wal", "-shm", "-journal"]) rmSync(`${target}${suffix}`, { force: true })
    throw error
  }
}

/** Makes the copy whole in itself, reads all of it once, and leaves it on disk. */
function finish(target: string): { schemaVersion: number } {
  const copy = new Database(target)
  let version: number
  try {
    sqliteVec.load(copy)
    copy.pragma("journal_mode = DELETE")
    if (copy.pragma("integrity_check(1)", { simple: true }) !== "ok")
      throw new AppError("store.corrupt", "The copy of the database is damaged.", {
        remedy: "Check the disk with `zenglow doctor`.",
      })
    version = schemaVersion(copy)
  } finally {
    copy.close()
  }
  const file = openSync(target, "r+")
  try {
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  return { schemaVersion: version }
}
