import type Database from "better-sqlite3"
import { AppError } from "#core/errors.ts"
import { insertBest, type ScoredRow } from "../bestRows.ts"
import { cosine } from "../nearest.ts"
import { createVectorMatrix, type VectorMatrix } from "../vectorMatrix.ts"

export interface VectorIndexes {
  /** The active fingerprint and all known ones. */
  list(): { id: number; fingerprint: string; isActive: boolean }[]
  activeId(): number | null
  /**
   * Adds or replaces vectors of chunks that exist, inside the caller's transaction. The first index of an empty store becomes the
   * active one. Returns how many were left out because they hold NaN or infinity: their chunks are found by words only.
   */
  add(fingerprint: string, rows: { seq: number; vector: Float32Array }[]): number
  /** Takes rows out of every index, inside the caller's transaction. */
  remove(seqs: number[]): void
  setActive(fingerprint: string): void
  /** The chunks nearest to the vector, best first, by exact cosine. `documents`: 1 at the seq of those that take part; null: all. */
  search(fingerprint: string, vector: Float32Array, documents: Uint8Array | null, limit: number): ScoredRow[]
  similarities(fingerprint: string, vector: Float32Array, seqs: number[]): Map<number, number>
  vectorsOf(fingerprint: string, seqs: number[]): Map<number, Float32Array>
  /**
   * Reads a stretch of an index after this seq and takes out what is no vector of it: NaN, another length, no chunk, and with
   * `zeros` those without a direction. `next`: where the next stretch begins; null: it was the last.
   */
  repair(id: number, after: number, zeros: boolean): { next: number | null; checked: number; removed: number }
  /** A chunk is gone, by whatever way. */
  forget(seq: number): void
  /** Tables were changed by other ways than these: the matrices are read again. */
  reset(): void
  /** The transaction ended. After a rolled-back change the matrices are ahead of the tables: they are read again. */
  settle(isCommitted: boolean): void
  /** Grows whenever vectors go. */
  removalCount(): number
  /** Grows with every change of a vector or of the active index. */
  changeCount(): number
  /** Bytes that the loaded matrices hold. */
  memoryBytes(): number
}

interface IndexRow {
  id: number
  fingerprint: string
  dimensions: number | null
  is_active: number
}

/** Rows read in one call: a few milliseconds of the store's thread. */
const stretch = 2048
const readAtOnce = 512
/** Vectors of the last searches that stay in memory: 3 MB of 384 values each. */
const mostRecent = 2048

/**
 * One table of f32 vectors per fingerprint, visible in SQL as `vectors_<id>` (`vec_distance_cosine` and the other functions of sqlite-vec
 * work on it), and a matrix of int8 codes in memory, read on the first search: it is scanned whole, and twice the wanted rows are scored
 * again with the exact vectors.
 */
export function createVectorIndexes(db: Database.Database): VectorIndexes {
  const matrices = new Map<number, VectorMatrix>()
  const recent = new Map<number, Float32Array>()
  let recentOf = 0
  let recentAt = 0
  const isTable = db.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?")
  let isChanged = false
  let changeCount = 0
  let removalCount = 0
  const changed = (): void => {
    isChanged = true
    changeCount++
  }
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
      db.exec(`CREATE TABLE ${tableOf(found.id)} (seq INTEGER PRIMARY KEY, vector BLOB NOT NULL)`)
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
    const documentOf = documentSeqs(db)
    for (let after = 0; ; ) {
      const { seqs, bytes } = readBytes(db, index.id, after, readAtOnce)
      if (bytes?.length === seqs.length * 4 * dimensions) matrix.load(seqs, documentOf, bytes)
      else {
        const each = readVectors(db, index.id, dimensions, after, readAtOnce).vectors
        for (const [n, seq] of seqs.entries()) {
          const vector = each[n]
          const documentSeq = documentOf[seq] ?? 0
          if (vector && documentSeq > 0) matrix.set(seq, documentSeq, vector)
        }
      }
      if (seqs.length < readAtOnce) break
      after = seqs.at(-1) as number
    }
    matrices.set(index.id, matrix)
    return matrix
  }

  function searchable(fingerprint: string, vector: Float32Array): { index: IndexRow; dimensions: number } | null {
    const index = byFingerprint(fingerprint)
    // A table that is gone is found by the check at start; until it is repaired nothing is near.
    if (!index || index.dimensions === null || !isTable.get(tableOf(index.id))) return null
    if (vector.length !== index.dimensions) throw wrongSize(index.dimensions, vector.length)
    return { index, dimensions: index.dimensions }
  }

  /** Vectors by seq: those of the last searches from memory, as one question asks for the same ones several times. */
  function stored(index: IndexRow, dimensions: number, seqs: readonly number[]): Map<number, Float32Array> {
    if (recentOf !== index.id || recentAt !== changeCount || recent.size > mostRecent) recent.clear()
    recentOf = index.id
    recentAt = changeCount
    const missing = seqs.filter((seq) => !recent.has(seq))
    if (missing.length > 0) {
      const [text, bytes] = db
        .prepare(
          `SELECT json_group_array(v.seq), CAST(group_concat(v.vector, '') AS BLOB)
            FROM json_each(?) j CROSS JOIN ${tableOf(index.id)} v ON v.seq = j.value WHERE length(v.vector) = ?`,
        )
        .raw()
        .get(JSON.stringify(missing), 4 * dimensions) as [string, Buffer | null]
      const values = floats(bytes ?? Buffer.alloc(0))
      for (const [n, seq] of (JSON.parse(text) as number[]).entries()) {
        recent.set(seq, values.subarray(n * dimensions, (n + 1) * dimensions))
      }
    }
    return recent
  }

  function exactly(index: IndexRow, vector: Float32Array, seqs: number[]): ScoredRow[] {
    const vectors = stored(index, vector.length, seqs)
    return seqs.flatMap((seq) => {
      const other = vectors.get(seq)
      const score = other ? cosine(vector, other) : Number.NaN
      return Number.isNaN(score) ? [] : [{ seq, score }]
    })
  }

  return {
    list: () => rows().map((row) => ({ id: row.id, fingerprint: row.fingerprint, isActive: row.is_active === 1 })),
    activeId: () => rows().find((row) => row.is_active === 1)?.id ?? null,
    add(fingerprint, added) {
      const first = added[0]
      if (!first) {
        prepared(fingerprint, null)
        return 0
      }
      let left = 0
      const index = prepared(fingerprint, first.vector.length)
      changed()
      const matrix = matrices.get(index.id)
      const member = db.prepare("INSERT OR IGNORE INTO chunk_vectors (chunk_seq, index_id) VALUES (?, ?)")
      const insert = db.prepare(`INSERT OR REPLACE INTO ${tableOf(index.id)} (seq, vector) VALUES (?, ?)`)
      const documentOf = db.prepare("SELECT document_seq FROM chunks WHERE seq = ?").pluck()
      for (const { seq, vector } of added) {
        if (vector.length !== first.vector.length) throw wrongSize(first.vector.length, vector.length)
        if (!Number.isFinite(squares(vector))) {
          left++
          continue
        }
        member.run(seq, index.id)
        insert.run(seq, Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength))
        matrix?.set(seq, Number(documentOf.get(seq) ?? 0), vector)
      }
      return left
    },
    remove(seqs) {
      removalCount++
      changed()
      for (const index of rows()) {
        if (index.dimensions === null) continue
        const member = db.prepare("DELETE FROM chunk_vectors WHERE chunk_seq = ? AND index_id = ?")
        const remove = db.prepare(`DELETE FROM ${tableOf(index.id)} WHERE seq = ?`)
        for (const seq of seqs) {
          member.run(seq, index.id)
          remove.run(seq)
          matrices.get(index.id)?.delete(seq)
        }
      }
    },
    setActive(fingerprint) {
      removalCount++
      changed()
      const kept = prepared(fingerprint, null)
      for (const index of rows()) {
        if (index.id === kept.id) continue
        if (index.dimensions !== null) db.exec(`DROP TABLE ${tableOf(index.id)}`)
        db.prepare("DELETE FROM vector_indexes WHERE id = ?").run(index.id)
        matrices.delete(index.id)
      }
      db.prepare("UPDATE vector_indexes SET is_active = 1 WHERE id = ?").run(kept.id)
    },
    search(fingerprint, vector, documents, limit) {
      const found = searchable(fingerprint, vector)
      if (!found) return []
      // Twice as many, and never few: the codes may exchange neighbours, not carry one far.
      const rough = matrixOf(found.index, found.dimensions).nearest(vector, documents, 2 * limit + 16)
      const best: ScoredRow[] = []
      const seqs = rough.map(({ seq }) => seq)
      for (const row of exactly(found.index, vector, seqs)) insertBest(best, row, limit)
      return best
    },
    similarities(fingerprint, vector, seqs) {
      const found = searchable(fingerprint, vector)
      return new Map(found ? exactly(found.index, vector, seqs).map(({ seq, score }) => [seq, score]) : [])
    },
    vectorsOf(fingerprint, seqs) {
      const index = byFingerprint(fingerprint)
      if (!index || index.dimensions === null || !isTable.get(tableOf(index.id))) return new Map()
      const vectors = stored(index, index.dimensions, seqs)
      return new Map(
        seqs.flatMap((seq) => {
          const vector = vectors.get(seq)
          // A copy: what is sent to another thread takes the whole block along that it lies in.
          return vector ? [[seq, vector.slice()] as const] : []
        }),
      )
    },
    repair(id, after, zeros) {
      const dimensions = rows().find((row) => row.id === id)?.dimensions
      if (!dimensions) return { next: null, checked: 0, removed: 0 }
      const { seqs, vectors } = readVectors(db, id, dimensions, after, stretch)
      const isChunk = db.prepare("SELECT 1 FROM chunks WHERE seq = ?")
      const bad = seqs.filter((seq, n) => {
        const vector = vectors[n]
        if (!vector || !isChunk.get(seq)) return true
        const sum = squares(vector)
        return !Number.isFinite(sum) || (zeros && sum < 1e-24)
      })
      if (bad.length > 0) this.remove(bad)
      return { next: seqs.length < stretch ? null : (seqs.at(-1) as number), checked: seqs.length, removed: bad.length }
    },
    forget(seq) {
      removalCount++
      changed()
      for (const matrix of matrices.values()) matrix.delete(seq)
    },
    reset() {
      removalCount++
      changed()
      matrices.clear()
    },
    settle(isCommitted) {
      if (!isCommitted) removalCount++
      if (!isCommitted && isChanged) matrices.clear()
      isChanged = false
    },
    removalCount: () => removalCount,
    changeCount: () => changeCount,
    memoryBytes: () => [...matrices.values()].reduce((sum, matrix) => sum + matrix.sizeBytes, 0),
  }
}

export const tableOf = (indexId: number): string => `vectors_${indexId}`

const wrongSize = (expected: number, actual: number): AppError =>
  new AppError("store.failed", `A vector has ${actual} dimensions where its index has ${expected}.`, {
    remedy: "Index the documents again with the current embedding model.",
  })

/** Not finite when a value is NaN or infinite, 0 for a vector without direction. */
function squares(vector: Float32Array): number {
  let sum = 0
  for (const value of vector) sum += value * value
  return sum
}

const nextVectors = (id: number): string => `SELECT seq, vector FROM ${tableOf(id)} WHERE seq > ? ORDER BY seq LIMIT ?`

/** The next vectors by seq, their bytes one after another: row by row it would take three times as long. */
function readBytes(
  db: Database.Database,
  id: number,
  after: number,
  limit: number,
): { seqs: number[]; bytes: Buffer | null } {
  const [text, bytes] = db
    .prepare(`SELECT json_group_array(seq), CAST(group_concat(vector, '') AS BLOB) FROM (${nextVectors(id)})`)
    .raw()
    .get(after, limit) as [string, Buffer | null]
  return { seqs: JSON.parse(text) as number[], bytes }
}

/** The next vectors by seq, undefined where the stored bytes have another length. */
function readVectors(
  db: Database.Database,
  id: number,
  dimensions: number,
  after: number,
  limit: number,
): { seqs: number[]; vectors: (Float32Array | undefined)[] } {
  const { seqs, bytes } = readBytes(db, id, after, limit)
  const size = 4 * dimensions
  if (bytes?.length === seqs.length * size) {
    const values = floats(bytes)
    return { seqs, vectors: seqs.map((_, n) => values.subarray(n * dimensions, (n + 1) * dimensions)) }
  }
  const each = db.prepare(nextVectors(id)).all(after, limit) as { seq: number; vector: Buffer }[]
  return { seqs, vectors: each.map(({ vector }) => (vector.length === size ? floats(vector) : undefined)) }
}

/** The document of each chunk, by the chunk's seq. Read from an index alone: the rows themselves hold the text. */
export function documentSeqs(db: Database.Database): Uint32Array {
  const [seqs, documents] = db
    .prepare("SELECT json_group_array(seq), json_group_array(document_seq) FROM chunks INDEXED BY chunks_of_document")
    .raw()
    .get() as [string, string]
  const of = JSON.parse(documents) as number[]
  const chunks = JSON.parse(seqs) as number[]
  const result = new Uint32Array(chunks.reduce((max, seq) => Math.max(max, seq), 0) + 1)
  for (const [n, seq] of chunks.entries()) result[seq] = of[n] as number
  return result
}

/** Copies: the buffer SQLite hands out may start at an address that floats cannot. */
function floats(buffer: Buffer): Float32Array {
  const copy = new Float32Array(Math.floor(buffer.byteLength / 4))
  new Uint8Array(copy.buffer).set(buffer.subarray(0, 4 * copy.length))
  return copy
}
