/** The database's file in the data directory and in a backup. */
export const databaseName = "zenglow.db"

/** Databases: copied by SQLite while they are used, the second where there is one (the vault of names behind placeholders). */
export const databaseNames: readonly string[] = [databaseName, "pii.db"]

/**
 * What lies in the data directory beside the database and belongs into a backup. Left out: models (fetched again), logs and the ledger of
 * connections (what happened is not undone by a restored backup), and what is made anew at each start.
 */
export const backedUp = [
  "config.json",
  "personas.json",
  "secrets.json",
  "api-key",
  "uploads",
  "evaluations",
  "datasets",
  "pii.db",
] as const

/** Files that SQLite keeps beside a database. They belong to what is replaced, never to what comes. */
export const besideDatabase = ["-wal", "-shm", "-journal"] as const
