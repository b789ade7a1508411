import { copyFileSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import Database from "better-sqlite3"
import * as sqliteVec from "sqlite-vec"
import { AppError } from "#core/errors.ts"
import { type Migration, migrations as released } from "./migrations/index.ts"
import { isDamage, toStoreError } from "./sqliteError.ts"

export interface OpenOptions {
  file: string
  /** Copies made before migrating lie here, newest three kept; a damaged file is replaced by the newest good one. */
  backupDir: string
  /** Writes that would make the file larger answer `store.full`. Default: the disk is the limit. */
  maxSizeBytes?: number
  /** For tests of migrating; default: the released ones. */
  migrations?: readonly Migration[]
}

export interface OpenedDatabase {
  db: Database.Database
  /** What the person should know: a damaged file was set aside, a backup restored. */
  problems: string[]
}

/** Files up to this size are checked at every start (well under a second); larger ones after damage was noticed, and by doctor. */
const quickCheckBytes = 64 * 1024 * 1024
const keptBackups = 3

/**
 * Opens, checks, backs up and migrates. A damaged file is moved to `quarantine/` beside it, never deleted.
 * Throws `store.newer-schema`, `store.read-only`, `store.full`.
 */
export function openDatabase(options: OpenOptions): OpenedDatabase {
  const list = options.migrations ?? released
  const problems: string[] = []
  try {
    mkdirSync(dirname(options.file), { recursive: true })
    mkdirSync(options.backupDir, { recursive: true })
  } catch (cause) {
    throw new AppError("store.read-only", "The data directory cannot be written.", {
      remedy: "Make it writable for this user, or choose another with --data-dir.",
      cause,
    })
  }
  if (isDamagedFile(options.file)) problems.push(replaceDamaged(options, list.length))
  try {
    const db = connect(options.file)
    try {
      migrate(db, list, options)
      if (options.maxSizeBytes !== undefined) {
        const pageSize = db.pragma("page_size", { simple: true }) as number
        db.pragma(`max_page_count = ${Math.ceil(options.maxSizeBytes / pageSize)}`)
      }
      return { db, problems }
    } catch (error) {
      db.close()
      throw error
    }
  } catch (error) {
    throw toStoreError(error)
  }
}

/** Noticed damage outlives the process: the next start checks the whole file however large it is. */
export function noteDamage(file: string): void {
  try {
    writeFileSync(damageNote(file), "")
  } catch {
    // A disk that takes no note still has the doctor's full check.
  }
}

const damageNote = (file: string): string => `${file}.damaged`

function connect(file: string): Database.Database {
  const db = new Database(file, { timeout: 5000 })
  try {
    db.pragma("journal_mode = WAL")
    // FULL: better-sqlite3 compiles WAL with NORMAL, which may lose acknowledged chats when the power goes.
    db.pragma("synchronous = FULL")
    db.pragma("foreign_keys = ON")
    db.pragma("temp_store = MEMORY")
    db.pragma("cache_size = -16384")
    db.pragma("journal_size_limit = 67108864")
    sqliteVec.load(db)
    db.function("fold", { deterministic: true }, (text) => String(text).toLowerCase())
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

function migrate(db: Database.Database, list: readonly Migration[], options: OpenOptions): void {
  const version = schemaVersion(db)
  if (version > list.length) {
    throw new AppError("store.newer-schema", `The database was written by a newer ZenGlow (schema ${version}).`, {
      remedy: `Update ZenGlow, or start with another data directory. This version knows schema ${list.length}.`,
    })
  }
  if (version === list.length) return
  if (version > 0) backUp(db, options, version)
  for (let next = version; next < list.length; next++) {
    db.transaction(() => {
      const step = list[next] as Migration
      if (typeof step === "string") db.exec(step)
      else step(db)
      db.pragma(`user_version = ${next + 1}`)
    }).immediate()
  }
}

export const schemaVersion = (db: Database.Database): number => db.pragma("user_version", { simple: true }) as number

/** A verified copy, under its final name only once it is complete. */
function backUp(db: Database.Database, options: OpenOptions, version: number): void {
  const stamp = new Date().toISOString().replaceAll(/[:.]/g, "-")
  const target = join(options.backupDir, `${basename(options.file)}.v${version}.${stamp}.bak`)
  const unfinished = `${target}.part`
  rmSync(unfinished, { force: true })
  db.prepare("VACUUM INTO ?").run(unfinished)
  if (isDamagedFile(unfinished)) {
    rmSync(unfinished, { force: true })
    throw new AppError("store.failed", "The backup before the update could not be verified.", {
      remedy: "Check the disk with `zenglow doctor`, then start again.",
    })
  }
  renameSync(unfinished, target)
  const made = backups(options).filter((name) => name.endsWith(".bak"))
  for (const old of made.slice(keptBackups)) rmSync(join(options.backupDir, old), { force: true })
}

/** Newest first: copies made before migrating, and the databases of whole backups, which are folders named for their time. */
function backups(options: OpenOptions): string[] {
  const database = basename(options.file)
  return readdirSync(options.backupDir)
    .flatMap((name) => {
      if (name.startsWith(database) && name.endsWith(".bak")) return [name]
      const inFolder = join(name, database)
      return /^\d{4}-.*Z$/.test(name) && existsSync(join(options.backupDir, inFolder)) ? [inFolder] : []
    })
    .map((name) => ({ name, at: statSync(join(options.backupDir, name)).mtimeMs }))
    .sort((a, b) => b.at - a.at || b.name.localeCompare(a.name))
    .map(({ name }) => name)
}

function isDamagedFile(file: string): boolean {
  if (!existsSync(file) || statSync(file).size === 0) return false
  if (statSync(file).size > quickCheckBytes && !existsSync(damageNote(file))) return false
  let db: Database.Database | undefined
  try {
    db = new Database(file, { timeout: 5000 })
    sqliteVec.load(db)
    return db.pragma("quick_check(1)", { simple: true }) !== "ok"
  } catch (error) {
    if (isDamage(error)) return true
    throw toStoreError(error)
  } finally {
    db?.close()
  }
}

function replaceDamaged(options: OpenOptions, newest: number): string {
  const stamp = new Date().toISOString().replaceAll(/[:.]/g, "-")
  const quarantine = join(dirname(options.file), "quarantine", stamp)
  mkdirSync(quarantine, { recursive: true })
  // The log stays with its database: without it the set-aside copy would lose what it still holds.
  for (const suffix of ["", "-wal", "-shm"]) {
    const path = `${options.file}${suffix}`
    if (existsSync(path)) renameSync(path, join(quarantine, `${basename(options.file)}${suffix}`))
  }
  rmSync(damageNote(options.file), { force: true })
  const backup = backups(options).find((name) => isGoodBackup(join(options.backupDir, name), newest))
  const kept = `The damaged database was set aside in quarantine/${stamp}.`
  if (!backup) return `${kept} A new, empty one was started: no backup was found.`
  copyFileSync(join(options.backupDir, backup), options.file)
  return `${kept} The backup ${backup} was restored: what was written after it is only in the damaged file.`
}

function isGoodBackup(path: string, newest: number): boolean {
  if (isDamagedFile(path)) return false
  const db = new Database(path, { readonly: true })
  try {
    return schemaVersion(db) <= newest
  } finally {
    db.close()
  }
}
