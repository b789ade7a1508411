import { statSync } from "node:fs"
import type { StoreCheck } from "../types.ts"
import type { StoreContext } from "./context.ts"
import { schemaVersion } from "./openDatabase.ts"
import { tableOf } from "./vectorIndexes.ts"

/** Sizes, counts and whether a write succeeds; `full` reads every page and compares words and vectors with their chunks. */
export function checkStore(context: StoreContext, file: string, depth: "quick" | "full"): StoreCheck {
  const problems: string[] = []
  const isWritable = canWrite(context) && (depth === "quick" || canGrow(context))
  if (!isWritable) problems.push("The database cannot be written.")
  const damage = depth === "full" ? findDamage(context) : []
  const count = (table: string) => context.get<{ n: number }>(`SELECT count(*) AS n FROM ${table}`)?.n ?? 0
  return {
    schemaVersion: schemaVersion(context.db),
    sizeBytes: sizeOf(file) + sizeOf(`${file}-wal`),
    isWritable,
    integrity: depth === "quick" ? "not-run" : damage.length === 0 ? "ok" : "damaged",
    problems: [...problems, ...damage],
    counts: {
      conversations: count("conversations WHERE deleted_at IS NULL"),
      messages: count("messages"),
      collections: count("collections"),
      documents: count("documents"),
      chunks: count("chunks"),
      vectors: count("chunk_vectors"),
    },
  }
}

/** Whether a document of ordinary size would still fit: a small row finds room in a page that is there even on a full disk. */
function canGrow({ run, transaction }: StoreContext): boolean {
  try {
    transaction(() => run("INSERT INTO meta (name, value) VALUES ('room', @room)", { room: "x".repeat(growthBytes) }))
    run("DELETE FROM meta WHERE name = 'room'")
    return true
  } catch {
    return false
  }
}

const growthBytes = 64 * 1024

function canWrite(context: StoreContext): boolean {
  try {
    context.run(
      "INSERT INTO meta (name, value) VALUES ('last-check', @now) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
      { now: String(context.now()) },
    )
    return (
      context.get<{ value: string }>("SELECT value FROM meta WHERE name = 'last-check'")?.value ===
      String(context.now())
    )
  } catch {
    return false
  }
}

function findDamage(context: StoreContext): string[] {
  const found: string[] = []
  const attempt = (what: string, work: () => void): void => {
    try {
      work()
    } catch (error) {
      found.push(`${what}: ${error instanceof Error ? error.message : "failed"}.`)
    }
  }
  attempt("Integrity", () => {
    for (const row of context.all<{ integrity_check: string }>("PRAGMA integrity_check(10)")) {
      if (row.integrity_check !== "ok") found.push(`Integrity: ${row.integrity_check}.`)
    }
  })
  attempt("References", () => {
    const broken = context.all("PRAGMA foreign_key_check").length
    if (broken > 0) found.push(`References: ${broken} rows refer to rows that are gone.`)
  })
  for (const table of ["messages_fts", "chunks_fts"]) {
    // Rank 1 compares the words with the rows they came from; the plain check sees only the index itself.
    attempt(`Words in ${table}`, () =>
      context.run(`INSERT INTO ${table} (${table}, rank) VALUES ('integrity-check', 1)`),
    )
  }
  for (const index of context.vectors.list()) {
    attempt(`Vectors of ${index.fingerprint}`, () => {
      const members = context.get<{ n: number }>("SELECT count(*) AS n FROM chunk_vectors WHERE index_id = @id", {
        id: index.id,
      })?.n
      const table = context.get("SELECT 1 FROM sqlite_schema WHERE name = @table", { table: tableOf(index.id) })
      const stored = table ? context.get<{ n: number }>(`SELECT count(*) AS n FROM ${tableOf(index.id)}`)?.n : 0
      if (members !== stored) found.push(`Vectors of ${index.fingerprint}: ${stored} stored, ${members} expected.`)
    })
  }
  return found
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0
}
