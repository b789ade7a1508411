import type { Artifact, ArtifactKind } from "#contract/artifacts.ts"
import type { Actor } from "#core/actor.ts"
import { newId } from "#core/ids.ts"
import { decodeCursor, toPage } from "../cursor.ts"
import { notFound } from "../notFound.ts"
import type { ArtifactRepository } from "../types.ts"
import { containing, fromJson, owned, type StoreContext, type Sync } from "./context.ts"

interface ArtifactRow {
  seq: number
  id: string
  kind: ArtifactKind
  name: string
  hash: string | null
  size_bytes: number | null
  tags: string
  provenance: string
  created_at: number
}

const toArtifact = (row: ArtifactRow): Artifact => ({
  id: row.id,
  kind: row.kind,
  name: row.name,
  hash: row.hash,
  sizeBytes: row.size_bytes,
  tags: fromJson(row.tags),
  provenance: fromJson(row.provenance),
  createdAt: row.created_at,
})

const listedTags = 100

export function createArtifacts(context: StoreContext): Sync<ArtifactRepository> {
  const { all, get, run } = context
  const find = (actor: Actor, id: string): Artifact => {
    const row = get<ArtifactRow>(`SELECT a.* FROM artifacts a WHERE a.id = @id AND ${owned("a")}`, {
      ...context.owner(actor),
      id,
    })
    if (!row) throw notFound("artifact")
    return toArtifact(row)
  }
  return {
    record(actor, artifact) {
      const id = newId()
      run(
        `INSERT INTO artifacts (id, owner_id, kind, name, hash, size_bytes, tags, provenance, created_at)
         VALUES (@id, @owner, @kind, @name, @hash, @sizeBytes, @tags, @provenance, @now)`,
        {
          ...context.owner(actor),
          ...artifact,
          id,
          tags: JSON.stringify(artifact.tags),
          provenance: JSON.stringify(artifact.provenance),
          now: context.now(),
        },
      )
      return find(actor, id)
    },
    get: find,
    list(actor, query) {
      const values = {
        ...context.owner(actor),
        before: decodeCursor(query.cursor, 1)?.[0] ?? Number.MAX_SAFE_INTEGER,
        kind: query.kind ?? null,
        tags: JSON.stringify(query.tags ?? []),
        pattern: containing(query.q ?? ""),
        limit: query.limit + 1,
      }
      const rows = all<ArtifactRow>(
        `SELECT a.* FROM artifacts a WHERE ${owned("a")} AND a.seq < @before
           AND (@kind IS NULL OR a.kind = @kind)
           AND NOT EXISTS (SELECT 1 FROM json_each(@tags) t WHERE t.value NOT IN (SELECT value FROM json_each(a.tags)))
           ${query.q ? "AND fold(a.name || ' ' || coalesce(a.hash, '') || ' ' || a.provenance) LIKE @pattern ESCAPE '\\'" : ""}
         ORDER BY a.seq DESC LIMIT @limit`,
        values,
      )
      const tags = all<{ tag: string; count: number }>(
        `SELECT t.value AS tag, count(*) AS count FROM artifacts a, json_each(a.tags) t WHERE ${owned("a")}
         GROUP BY t.value ORDER BY count DESC, tag LIMIT ${listedTags}`,
        context.owner(actor),
      )
      return { ...toPage(rows, query.limit, (row) => [row.seq], toArtifact), tags }
    },
    setTags(actor, id, tags) {
      run(`UPDATE artifacts AS a SET tags = @tags WHERE a.id = @id AND ${owned("a")}`, {
        ...context.owner(actor),
        id,
        tags: JSON.stringify(tags),
      })
      return find(actor, id)
    },
    delete(actor, id) {
      const { changes } = run(`DELETE FROM artifacts AS a WHERE a.id = @id AND ${owned("a")}`, {
        ...context.owner(actor),
        id,
      })
      if (changes === 0) throw notFound("artifact")
    },
  }
}
