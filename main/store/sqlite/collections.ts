import type { Collection } from "#contract/documents.ts"
import { newId } from "#core/ids.ts"
import { nameTaken, notFound } from "../notFound.ts"
import type { CollectionRepository } from "../types.ts"
import { owned, type StoreContext, type Sync } from "./context.ts"
import { sqliteCode } from "./sqliteError.ts"

interface CollectionRow {
  id: string
  name: string
  is_sample: number
  document_count: number
  chunk_count: number
  created_at: number
}

const select = `SELECT c.*, (SELECT count(*) FROM documents d WHERE d.collection_seq = c.seq) AS document_count,
  (SELECT coalesce(sum(d.chunk_count), 0) FROM documents d WHERE d.collection_seq = c.seq) AS chunk_count
  FROM collections c`

const toCollection = (row: CollectionRow): Collection => ({
  id: row.id,
  name: row.name,
  documentCount: row.document_count,
  chunkCount: row.chunk_count,
  isSample: row.is_sample === 1,
  createdAt: row.created_at,
})

export function createCollections(context: StoreContext): Sync<CollectionRepository> {
  const { all, get, run, transaction } = context
  const find = (values: { owner: string }, condition: string): Collection | null => {
    const row = get<CollectionRow>(`${select} WHERE ${owned("c")} AND ${condition}`, values)
    return row ? toCollection(row) : null
  }
  const refusingTakenName = <T>(name: string, work: () => T): T => {
    try {
      return work()
    } catch (error) {
      throw sqliteCode(error) === "SQLITE_CONSTRAINT_UNIQUE" ? nameTaken(name) : error
    }
  }
  const repository: Sync<CollectionRepository> = {
    create(actor, values) {
      const id = newId()
      refusingTakenName(values.name, () =>
        run(
          `INSERT INTO collections (id, owner_id, name, is_sample, source_path, created_at)
           VALUES (@id, @owner, @name, @isSample, @sourcePath, @now)`,
          {
            ...context.owner(actor),
            id,
            name: values.name,
            isSample: values.isSample ? 1 : 0,
            sourcePath: values.sourcePath ?? null,
            now: context.now(),
          },
        ),
      )
      return repository.get(actor, id)
    },
    get(actor, id) {
      const found = find({ ...context.owner(actor), ...{ id } }, "c.id = @id")
      if (!found) throw notFound("collection")
      return found
    },
    findByName: (actor, name) => find({ ...context.owner(actor), ...{ name } }, "c.name = @name"),
    findBySourcePath: (actor, path) => find({ ...context.owner(actor), ...{ path } }, "c.source_path = @path"),
    list: (actor) =>
      all<CollectionRow>(`${select} WHERE ${owned("c")} ORDER BY c.seq`, context.owner(actor)).map(toCollection),
    rename(actor, id, name) {
      const { changes } = refusingTakenName(name, () =>
        run(`UPDATE collections AS c SET name = @name WHERE c.id = @id AND ${owned("c")}`, {
          ...context.owner(actor),
          id,
          name,
        }),
      )
      if (changes === 0) throw notFound("collection")
      return repository.get(actor, id)
    },
    delete(actor, id) {
      transaction(() => {
        const seq = context.seqOf(actor, "collections", id)
        const chunks = all<{ seq: number }>("SELECT seq FROM chunks WHERE collection_seq = @seq", { seq })
        context.vectors.remove(chunks.map((chunk) => chunk.seq))
        run("DELETE FROM collections WHERE seq = @seq", { seq })
      })
    },
  }
  return repository
}
