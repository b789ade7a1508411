import type { Sharing } from "#contract/sharing.ts"
import { notFound } from "../notFound.ts"
import { fromJson, type StoreContext } from "./context.ts"

/** Columns that tell how a row is shared, for `toShared`. The row's alias is `c`. */
export const sharedColumns = `(SELECT p.name FROM people p WHERE p.id = c.owner_id) AS owner_name,
  (SELECT json_group_array(s.person_id) FROM shares s WHERE s.subject_id = c.id) AS share_ids`

export interface SharedRow {
  owner_id: string
  owner_name: string | null
  audience: Sharing["audience"]
  share_ids: string
}

/** With whom is told to the owner alone; the others hear by whom. */
export const toShared = (row: SharedRow, owner: string) =>
  row.owner_id === owner
    ? { sharing: { audience: row.audience, personIds: fromJson<string[]>(row.share_ids) }, sharedBy: null }
    : { sharedBy: { id: row.owner_id, name: row.owner_name ?? "Somebody" } }

/** Replaces whom a collection or conversation is shown to. Inside a transaction, after its ownership was checked. */
export function writeSharing(
  { all, run }: StoreContext,
  table: "collections" | "conversations",
  id: string,
  { audience, personIds }: Sharing,
): void {
  const people = audience === "people" ? personIds : []
  const known = all("SELECT 1 FROM people p WHERE p.role IS NOT NULL AND p.id IN (SELECT value FROM json_each(@ids))", {
    ids: JSON.stringify(people),
  })
  if (known.length !== new Set(people).size) throw notFound("person")
  run(`UPDATE ${table} SET audience = @audience WHERE id = @id`, { id, audience })
  run("DELETE FROM shares WHERE subject_id = @id", { id })
  for (const personId of people) {
    run("INSERT OR IGNORE INTO shares (subject_id, person_id) VALUES (@id, @personId)", { id, personId })
  }
}
