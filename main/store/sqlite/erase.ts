import type { StoreContext } from "./context.ts"

/**
 * Runs a change after which some text must be gone, in one transaction, and writes these tables and their word index anew: SQLite
 * overwrites the pages it frees (`secure_delete`), but moving rows between pages leaves copies in the gaps of pages that stay in use.
 * Afterwards the log is emptied into the file, since it still holds the pages as they were.
 */
export function erasing<T>(context: StoreContext, tables: readonly string[], work: () => T): T {
  const { db } = context
  db.pragma("secure_delete = ON")
  try {
    const result = context.transaction(() => {
      const done = work()
      for (const table of tables) rewrite(context, table)
      db.exec("INSERT INTO memories_fts (memories_fts) VALUES ('rebuild')")
      return done
    })
    db.pragma("wal_checkpoint(TRUNCATE)")
    return result
  } finally {
    db.pragma("secure_delete = OFF")
  }
}

/**
 * Leaves no byte of deleted rows: the word indexes keep the words of rows that are gone until they are made anew, pages that are free or half
 * full keep old rows until the file is written anew, and the log keeps the pages as they were until it is emptied.
 */
export function scrub({ db }: StoreContext): void {
  for (const index of ["messages_fts", "chunks_fts", "memories_fts"])
    db.exec(`INSERT INTO ${index} (${index}) VALUES ('rebuild')`)
  db.pragma("secure_delete = ON")
  try {
    db.exec("VACUUM")
    db.pragma("wal_checkpoint(TRUNCATE)")
  } finally {
    db.pragma("secure_delete = OFF")
  }
}

/** Copies the rows to memory (`temp_store`), drops the table, whose pages are zeroed with that, and makes it again. */
function rewrite({ db, all }: StoreContext, table: string): void {
  const statements = all<{ sql: string }>(
    "SELECT sql FROM sqlite_master WHERE tbl_name = @table AND sql IS NOT NULL ORDER BY type = 'table' DESC",
    { table },
  )
  db.exec(`CREATE TEMP TABLE kept AS SELECT * FROM main.${table}`)
  db.exec(`DROP TABLE main.${table}`)
  for (const { sql } of statements) db.exec(sql)
  db.exec(`INSERT INTO main.${table} SELECT * FROM temp.kept`)
  db.exec("DROP TABLE temp.kept")
}
