import { existsSync } from "node:fs"
import { dirname, join } from "node:path"
import Database from "better-sqlite3"
import { type Backups, type BackupsDeps, createBackups } from "#ops/backups/createBackups.ts"
import type { Secrets } from "#ops/secrets/types.ts"
import { copyDatabase } from "#store/sqlite/copyDatabase.ts"
import { migrations } from "#store/sqlite/migrations/index.ts"
import type { Store } from "#store/types.ts"
import type { Settings } from "./settings.ts"
import { version } from "./version.ts"

export interface BackupServiceDeps extends Pick<BackupsDeps, "dataDir" | "restart" | "clock" | "log"> {
  store: Pick<Store, "backup">
  settings: Pick<Settings, "values">
  secrets: Pick<Secrets, "list" | "get">
}

/** Names of secrets that encrypt data at rest begin so (`Secrets.dataKey`). */
const dataKeyPrefix = "data-key:"
/** How often it is looked whether a backup is due; the first time this long after the start, when nobody waits for an answer. */
const lookEveryMs = 10 * 60_000

/** Backups of this core, on demand and by themselves. */
export function createBackupService(deps: BackupServiceDeps): Backups & { close(): void } {
  const { store, settings, secrets, ...rest } = deps
  const backups = createBackups({
    ...rest,
    version,
    newestSchema: migrations.length,
    async copyDatabase(target, onProgress) {
      const copied = await store.backup(target, onProgress)
      const vault = join(rest.dataDir, "pii.db")
      if (existsSync(vault)) {
        const database = new Database(vault, { readonly: true, timeout: 5000 })
        try {
          await copyDatabase(database, join(dirname(target), "pii.db"), () => {})
        } finally {
          database.close()
        }
      }
      return copied
    },
    async dataKeys() {
      const keys: Record<string, string> = {}
      for (const { name } of await secrets.list()) {
        const secret = name.startsWith(dataKeyPrefix) ? await secrets.get(name) : null
        if (secret) keys[name] = secret.value
      }
      return keys
    },
    plan: () => {
      const { backupEveryHours: everyHours, backupsKept: kept } = settings.values()
      return { everyHours, kept }
    },
  })
  const closing = new AbortController()
  const timer = setInterval(() => void backups.keepPlan(closing.signal), lookEveryMs)
  timer.unref()
  return {
    ...backups,
    close() {
      clearInterval(timer)
      closing.abort()
    },
  }
}
