import type Database from "better-sqlite3"
import { AppError } from "#core/errors.ts"
import { createVectorMatrix, type ScoredRow, type VectorMatrix } from "../vectorMatrix.ts"

export interface VectorIndexes {
  /** The active fingerprint and all known ones. */
  list(): { id: number; fingerprint: string; isActive: boolean }[]
  activeId(): number | null
  /** Adds or replaces, inside the caller's transaction. The first index of an empty store becomes the active one. */
  add(fingerprint: string, rows: { seq: number; collectionSeq: number; vector: Float32Array }[]): void
  /** Takes rows out of every index, inside the caller's transaction. */
  remove(seqs: number[]): void
  setActive(fingerprint: string): void
  search(
    fingerprint: string,
    vector: Float32Array,
    collectionSeqs: ReadonlySet<number> | null,
    limit: number,
  ): ScoredRow[]
  similarities(fingerprint: string, vector: Float32Array, seqs: number[]): Map<number, number>
  /** The transaction ended. After a rolled-back change the matrices are ahead of the tables: they are read again. */
  settle(isCommitted: boolean): void
}

interface IndexRow {
  id: number
  fingerprint: string
  dimensions: number | null
  is_active: number
}

/**
 * One vec0 table per fingerprint, visible in SQL as `vectors_<id>` (cosine), and a matrix of the same vectors in memory,
 * read on the first search: an exact scan of it is faster than vec0's own and can be limited to collections first.
 */
export function createVectorIndexes(db: Database.Database): VectorIndexes {
  const matrices = new Map<number, VectorMatrix>()
  let isChanged = false
  const rows = (): IndexRow[] => db.prepare("SELECT * FROM vector_indexes ORDER BY id").all() as IndexRow[]
  const byFingerprint = (fingerprint: string): IndexRow | undefined =>
    db.prepare("SELECT * FROM vector_indexes WHERE fingerprint = ?").get(fingerprint) as IndexRow | undefined

  function prepared(fingerprint: string, dimensions: number | null): IndexRow {
    const found = byFingerprint(fingerprint)
    if (!found) {
      const isFirst = rows().length === 0
      db.prepare("INSERT INTO vector_indexes (fingerprint, is_active) VALUES (?, ?)").run(fingerprint, isFirst ? 1 : 0)
      return prepared(fingerprint, dimensions)
    }
    if (dimensions === null) return found
    if (found.dimensions === null) {
      db.exec(
        `CREATE VIRTUAL TABLE ${tableOf(found.id)} USING vec0 (embedding float[${dimensions}] distance_metric=cosine, collection integer)`,
      )
      db.prepare("UPDATE vector_indexes SET dimensions = ? WHERE id = ?").run(dimensions, found.id)
      return { ...found, dimensions }
    }
    if (found.dimensions !== dimensions) throw wrongSize(found.dimensions, dimensions)
    return found
  }

  function matrixOf(index: IndexRow, dimensions: number): VectorMatrix {
    const loaded = matrices.get(index.id)
    if (loaded) return loaded
    const matrix = createVectorMatrix(dimensions)
    const statement = db.prepare(`SELECT rowid AS seq, collection, embedding FROM ${tableOf(index.id)}`)
    for (const row of statement.iterate() as IterableIterator<{ seq: number; collection: number; embedding: Buffer }>) {
      matrix.set(row.seq, row.collection, floats(row.embedding))
    }
    matrices.set(index.id, matrix)
    return matrix
  }

  function searchable(fingerprint: string, vector: Float32Array): VectorMatrix | null {
    const index = byFingerprint(fingerprint)
    if (!index || index.dimensions === null) return null
    if (vector.length !== index.dimensions) throw wrongSize(index.dimensions, vector.length)
    return matrixOf(index, index.dimensions)
  }

  return {
    list: () => rows().map((row) => ({ id: row.id, fingerprint: row.fingerprint, isActive: row.is_active === 1 })),
    activeId: () => rows().find((row) => row.is_active === 1)?.id ?? null,
    add(fingerprint, added) {
      const first = added[0]
      if (!first) {
        prepared(fingerprint, null)
        return
      }
      const index = prepared(fingerprint, first.vector.length)
      isChanged = true
      const matrix = matrices.get(index.id)
      const table = tableOf(index.id)
      const member = db.prepare("INSERT OR IGNORE INTO chunk_vectors (chunk_seq, index_id) VALUES (?, ?)")
      const remove = db.prepare(`DELETE FROM ${table} WHERE rowid = ?`)
      const insert = db.prepare(`INSERT INTO ${table} (rowid, embedding, collection) VALUES (?, ?, ?)`)
      for (const { seq, collectionSeq, vector } of added) {
        if (vector.length !== first.vector.length) throw wrongSize(first.vector.length, vector.length)
        if (member.run(seq, index.id).changes === 0) remove.run(BigInt(seq))
        insert.run(BigInt(seq), vector, BigInt(collectionSeq))
        matrix?.set(seq, collectionSeq, vector)
      }
    },
    remove(seqs) {
      isChanged = true
      for (const index of rows()) {
        if (index.dimensions === null) continue
        const matrix = matrices.get(index.id)
        const member = db.prepare("DELETE FROM chunk_vectors WHERE chunk_seq = ? AND index_id = ?")
        const remove = db.prepare(`DELETE FROM ${tableOf(index.id)} WHERE rowid = ?`)
        for (const seq of seqs) {
          if (member.run(seq, index.id).changes === 0) continue
          remove.run(BigInt(seq))
          matrix?.delete(seq)
        }
      }
    },
    setActive(fingerprint) {
      const kept = prepared(fingerprint, null)
      for (const index of rows()) {
        if (index.id === kept.id) continue
        if (index.dimensions !== null) db.exec(`DROP TABLE ${tableOf(index.id)}`)
        db.prepare("DELETE FROM vector_indexes WHERE id = ?").run(index.id)
        matrices.delete(index.id)
      }
      db.prepare("UPDATE vector_indexes SET is_active = 1 WHERE id = ?").run(kept.id)
    },
    search(fingerprint, vector, collectionSeqs, limit) {
      return searchable(fingerprint, vector)?.nearest(vector, collectionSeqs, limit) ?? []
    },
    similarities(fingerprint, vector, seqs) {
      return searchable(fingerprint, vector)?.similarities(vector, seqs) ?? new Map()
    },
    settle(isCommitted) {
      if (!isCommitted && isChanged) matrices.clear()
      isChanged = false
    },
  }
}

export const tableOf = (indexId: number): string => `vectors_${indexId}`

const wrongSize = (expected: number, actual: number): AppError =>
  new AppError("store.failed", `A vector has ${actual} dimensions where its index has ${expected}.`, {
    remedy: "Index the documents again with the current embedding model.",
  })

/** Copies: the buffer SQLite hands out may start at an address that floats cannot. */
function floats(buffer: Buffer): Float32Array {
  const copy = new Float32Array(buffer.byteLength / 4)
  new Uint8Array(copy.buffer).set(buffer)
  return copy
}
