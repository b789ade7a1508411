import { AppError } from "#core/errors.ts"

/** SQLite's own code of a thrown value, e.g. `SQLITE_FULL`. */
export function sqliteCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined
  return typeof error.code === "string" && error.code.startsWith("SQLITE_") ? error.code : undefined
}

/** True when the file's content, not the request, is at fault. */
export const isDamage = (error: unknown): boolean =>
  /^SQLITE_(CORRUPT|NOTADB|FORMAT)/.test(sqliteCode(error) ?? "") ||
  (error instanceof Error && /malformed|database corruption/i.test(error.message))

/** Gives SQLite's failures the product's codes. Messages name no path and no content. */
export function toStoreError(error: unknown): unknown {
  const code = sqliteCode(error)
  if (error instanceof AppError || code === undefined) return error
  if (code === "SQLITE_FULL") {
    return new AppError("store.full", "There is no space left for the database.", {
      remedy: "Free disk space. Writing goes on by itself as soon as there is some.",
      cause: error,
    })
  }
  if (/^SQLITE_(READONLY|CANTOPEN|PERM)/.test(code)) {
    return new AppError("store.read-only", "The database cannot be written.", {
      remedy: "Make the data directory writable for this user. Writing goes on by itself afterwards.",
      cause: error,
    })
  }
  if (isDamage(error)) {
    return new AppError("store.corrupt", "The database file is damaged.", {
      remedy: "Restart ZenGlow: it sets the damaged file aside and restores the newest backup.",
      cause: error,
    })
  }
  if (code === "SQLITE_CONSTRAINT_UNIQUE" || code === "SQLITE_CONSTRAINT_PRIMARYKEY") {
    return new AppError("request.conflict", "A row with this name or id exists already.", { cause: error })
  }
  return new AppError("store.failed", `The database refused the request (${code}).`, {
    remedy: "Try again. If it repeats, run `zenglow doctor`.",
    cause: error,
  })
}
