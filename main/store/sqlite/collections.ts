import type { Collection } from "#contract/documents.ts"
import { newId } from "#core/ids.ts"
import { nameTaken, notFound } from "../notFound.ts"
import type { CollectionRepository } from "../types.ts"
import { owned, readableCollection, type StoreContext, type Sync } from "./context.ts"
import { type SharedRow, sharedColumns, toShared, writeSharing } from "./shares.ts"
import { sqliteCode } from "./sqliteError.ts"

interface CollectionRow extends SharedRow {
  id: string
  name: string
  is_sample: number
  may_leave: number
  document_count: number
  chunk_count: number
  created_at: number
}

const select = `SELECT c.*, ${sharedColumns}, (SELECT count(*) FROM documents d WHERE d.collection_seq = c.seq) AS document_count,
  (SELECT coalesce(sum(d.chunk_count), 0) FROM documents d WHERE d.collection_seq = c.seq) AS chunk_count
  FROM collections c`

const toCollection = (row: CollectionRow, owner: string): Collection => ({
  id: row.id,
  name: row.name,
  documentCount: row.document_count,
  chunkCount: row.chunk_count,
  isSample: row.is_sample === 1,
  ...(row.may_leave === 1 ? { mayLeave: true } : {}),
  ...toShared(row, owner),
  createdAt: row.created_at,
})

export function createCollections(context: StoreContext): Sync<CollectionRepository> {
  const { all, get, run, transaction } = context
  const find = (values: { owner: string }, condition: string): Collection | null => {
    const row = get<CollectionRow>(`${select} WHERE ${condition}`, values)
    return row ? toCollection(row, values.owner) : null
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
      transaction(() => {
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
        if (values.sharing) writeSharing(context, "collections", id, values.sharing)
      })
      return repository.get(actor, id)
    },
    get(actor, id) {
      const found = find({ ...context.owner(actor), ...{ id } }, `c.id = @id AND ${readableCollection("c")}`)
      if (!found) throw notFound("collection")
      return found
    },
    findByName: (actor, name) => find({ ...context.owner(actor), ...{ name } }, `c.name = @name AND ${owned("c")}`),
    findBySourcePath: (actor, path) =>
      find({ ...context.owner(actor), ...{ path } }, `c.source_path = @path AND ${owned("c")}`),
    list(actor) {
      const values = context.owner(actor)
      const rows = all<CollectionRow>(`${select} WHERE ${readableCollection("c")} ORDER BY c.seq`, values)
      return rows.map((row) => toCollection(row, values.owner))
    },
    setSharing(actor, id, sharing) {
      transaction(() => {
        context.seqOf(actor, "collections", id)
        writeSharing(context, "collections", id, sharing)
      })
      return repository.get(actor, id)
    },
    setLeaving(actor, id, mayLeave) {
      const { changes } = run(`UPDATE collections AS c SET may_leave = @mayLeave WHERE c.id = @id AND ${owned("c")}`, {
        ...context.owner(actor),
        id,
        mayLeave: mayLeave ? 1 : 0,
      })
      if (changes === 0) throw notFound("collection")
      return repository.get(actor, id)
    },
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
