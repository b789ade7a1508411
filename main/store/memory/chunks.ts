import type { Actor } from "#core/actor.ts"
import { AppError } from "#core/errors.ts"
import { newId } from "#core/ids.ts"
import { inverseDocumentFrequency } from "../inverseDocumentFrequency.ts"
import { nearest } from "../nearest.ts"
import { notFound } from "../notFound.ts"
import type { ChunkRecord, ChunkRepository, SearchFilter } from "../types.ts"
import { copy, found, maintained, readable, type Tables } from "./tables.ts"
import { wordsOf } from "./words.ts"

export interface MemoryVectors {
  /** Throws when these vectors do not fit the index. */
  require(fingerprint: string, vectors: readonly Float32Array[]): void
  /** Returns how many were left out because they hold NaN or infinity. */
  add(fingerprint: string, rows: readonly { seq: number; vector: Float32Array }[]): number
  remove(seqs: readonly number[]): void
}

type Index = Tables["indexes"][number]

export function createMemoryVectors(tables: Tables): MemoryVectors {
  const indexOf = (fingerprint: string): Index => {
    const known = tables.indexes.find((index) => index.fingerprint === fingerprint)
    if (known) return known
    const index: Index = { fingerprint, isActive: tables.indexes.length === 0, dimensions: null, vectors: new Map() }
    tables.indexes.push(index)
    return index
  }
  const vectors: MemoryVectors = {
    require(fingerprint, added) {
      const expected = tables.indexes.find((index) => index.fingerprint === fingerprint)?.dimensions ?? added[0]?.length
      const wrong = added.find((vector) => vector.length !== expected)
      if (wrong) {
        throw new AppError("store.failed", `A vector has ${wrong.length} dimensions where its index has ${expected}.`)
      }
    },
    add(fingerprint, rows) {
      vectors.require(
        fingerprint,
        rows.map(({ vector }) => vector),
      )
      const index = indexOf(fingerprint)
      const sound = rows.filter(({ vector }) => isSound(vector))
      for (const { seq, vector } of sound) {
        index.dimensions = vector.length
        index.vectors.set(seq, vector.slice())
      }
      return rows.length - sound.length
    },
    remove(seqs) {
      for (const index of tables.indexes) for (const seq of seqs) index.vectors.delete(seq)
    },
  }
  return vectors
}

export function createMemoryChunks(tables: Tables, vectors: MemoryVectors): ChunkRepository {
  type Row = Tables["chunks"][number]

  const toChunk = ({ chunk }: Row): ChunkRecord => {
    const document = found(
      "document",
      tables.documents.find((row) => row.document.id === chunk.documentId),
    ).document
    return copy({
      ...chunk,
      documentTitle: document.title,
      documentPath: document.path,
      documentUpdatedAt: document.updatedAt,
      documentKind: document.kind,
      documentUrl: document.url ?? null,
      documentDatedAt: document.datedAt ?? null,
    })
  }
  /** What lies in collections that the actor may read. */
  const readableChunks = (actor: Actor): Row[] => {
    const ids = new Set(readable(tables, actor, tables.collections, true).map((row) => row.id))
    return tables.chunks.filter(({ chunk }) => ids.has(chunk.collectionId))
  }
  const reachable = (actor: Actor, filter: SearchFilter): Row[] => {
    const { collectionIds, documentIds, tags, kinds, after, before } = filter
    const collections = new Set(readable(tables, actor, tables.collections, true).map((row) => row.id))
    for (const id of collectionIds ?? []) {
      if (!collections.has(id)) throw notFound("collection")
    }
    const documents = tables.documents.filter(({ document }) => {
      const date = document.datedAt ?? document.createdAt
      return (
        collections.has(document.collectionId) &&
        (!collectionIds || collectionIds.includes(document.collectionId)) &&
        (!documentIds || documentIds.includes(document.id)) &&
        (!tags || tags.some((tag) => document.tags?.includes(tag))) &&
        (!kinds || kinds.includes(document.kind)) &&
        (after === undefined || date >= after) &&
        (before === undefined || date <= before)
      )
    })
    const allowed = new Set(documents.map(({ document }) => document.id))
    return tables.chunks.filter(({ chunk }) => allowed.has(chunk.documentId))
  }
  const indexOf = (fingerprint: string, dimensions: number): Index | undefined => {
    const index = tables.indexes.find((known) => known.fingerprint === fingerprint)
    if (index?.dimensions && index.dimensions !== dimensions) {
      throw new AppError(
        "store.failed",
        `A vector has ${dimensions} dimensions where its index has ${index.dimensions}.`,
      )
    }
    return index
  }
  const nearestOf = (index: Index | undefined, rows: readonly Row[], vector: Float32Array, limit: number) =>
    nearest(
      vector,
      rows.flatMap((row) => {
        const stored = index?.vectors.get(row.seq)
        return stored ? [[row.seq, stored] as const] : []
      }),
      limit,
    )
  const idf = (rows: readonly Row[], word: string) =>
    inverseDocumentFrequency(rows.length, rows.filter((row) => allWords(row).includes(word)).length)

  return {
    async get(actor, id) {
      return toChunk(
        found(
          "chunk",
          readableChunks(actor).find(({ chunk }) => chunk.id === id),
        ),
      )
    },
    async byDocument(actor, documentId) {
      const ids = new Set(readable(tables, actor, tables.collections, true).map((row) => row.id))
      found(
        "document",
        tables.documents.find(({ document }) => document.id === documentId && ids.has(document.collectionId)),
      )
      return readableChunks(actor)
        .filter(({ chunk }) => chunk.documentId === documentId)
        .sort((a, b) => a.chunk.ordinal - b.chunk.ordinal)
        .map(toChunk)
    },
    async searchLexical(actor, query) {
      const rows = reachable(actor, query)
      const everything = readableChunks(actor)
      const words = [...new Set(query.terms.flatMap(wordsOf))]
      return rows
        .map((row) => ({ row, bm25: words.reduce((sum, word) => sum + weight(row, word) * idf(everything, word), 0) }))
        .filter(({ bm25 }) => bm25 > 0)
        .sort((a, b) => b.bm25 - a.bm25 || a.row.seq - b.row.seq)
        .slice(0, query.limit)
        .map(({ row, bm25 }) => ({ chunk: toChunk(row), bm25 }))
    },
    async searchVector(actor, query) {
      const rows = reachable(actor, query)
      const index = indexOf(query.fingerprint, query.vector.length)
      const bySeq = new Map(rows.map((row) => [row.seq, row]))
      return nearestOf(index, rows, query.vector, query.limit).map(({ seq, score }) => ({
        chunk: toChunk(bySeq.get(seq) as Row),
        similarity: score,
      }))
    },
    async similarities(actor, query) {
      const rows = readableChunks(actor).filter(({ chunk }) => query.chunkIds.includes(chunk.id))
      const index = indexOf(query.fingerprint, query.vector.length)
      const ids = new Map(rows.map(({ seq, chunk }) => [seq, chunk.id]))
      return new Map(
        nearestOf(index, rows, query.vector, rows.length).map(({ seq, score }) => [ids.get(seq) as string, score]),
      )
    },
    async vectors(actor, query) {
      const index = tables.indexes.find((known) => known.fingerprint === query.fingerprint)
      const rows = readableChunks(actor).filter(({ chunk }) => query.chunkIds.includes(chunk.id))
      return new Map(
        rows.flatMap(({ seq, chunk }) => {
          const vector = index?.vectors.get(seq)
          return vector ? [[chunk.id, vector.slice()] as const] : []
        }),
      )
    },
    async inverseDocumentFrequencies(actor, terms) {
      const rows = readableChunks(actor)
      return new Map(terms.map((term) => [term, idf(rows, wordsOf(term)[0] ?? "")]))
    },
    async missingVectors(actor, fingerprint, limit) {
      const index = tables.indexes.find((known) => known.fingerprint === fingerprint)
      return maintained(actor, tables.chunks)
        .filter((row) => !index?.vectors.has(row.seq))
        .slice(0, limit)
        .map(toChunk)
    },
    async addVectors(actor, fingerprint, added) {
      const rows = added.flatMap(({ chunkId, vector }) => {
        const row = maintained(actor, tables.chunks).find(({ chunk }) => chunk.id === chunkId)
        return row ? [{ seq: row.seq, vector }] : []
      })
      if (vectors.add(fingerprint, rows) > 0) {
        throw new AppError("store.bad-vector", "The embedding model gave a vector that is not a number.")
      }
    },
    async indexes() {
      return {
        active: tables.indexes.find((index) => index.isActive)?.fingerprint ?? null,
        counts: Object.fromEntries(tables.indexes.map((index) => [index.fingerprint, index.vectors.size])),
        chunks: tables.chunks.length,
      }
    },
    async setActiveIndex(fingerprint) {
      vectors.add(fingerprint, [])
      const kept = tables.indexes.filter((index) => index.fingerprint === fingerprint)
      for (const index of kept) index.isActive = true
      tables.indexes.splice(0, tables.indexes.length, ...kept)
    },
    // Nothing is noted of changes here, so that nothing that is kept by generation is ever found again.
    generation: async () => newId(),
    async indexHealth() {
      const active = tables.indexes.find((index) => index.isActive)
      const chunks = tables.chunks.length
      const count = active?.vectors.size ?? 0
      return {
        active: active?.fingerprint ?? null,
        chunks,
        words: chunks,
        members: count,
        vectors: count,
        memoryBytes: count * 4 * (active?.dimensions ?? 0),
      }
    },
    async repairVectors(_after, zeros) {
      const index = tables.indexes.find((known) => known.isActive)
      const seqs = new Set(tables.chunks.map((row) => row.seq))
      const bad = [...(index?.vectors ?? [])].filter(
        ([seq, vector]) => !seqs.has(seq) || !isSound(vector) || (zeros && vector.every((value) => value === 0)),
      )
      vectors.remove(bad.map(([seq]) => seq))
      return { next: null, checked: (index?.vectors.size ?? 0) + bad.length, removed: bad.length }
    },
    async repairWords() {},
  }
}

const isSound = (vector: Float32Array): boolean => vector.every(Number.isFinite)

const allWords = (row: Tables["chunks"][number]): string[] =>
  wordsOf(`${row.title} ${row.chunk.headingPath.join(" ")} ${row.chunk.text}`)

/** BM25's saturated term frequency (k1 1.2, b 0) with the same field weights as the database. */
function weight(row: Tables["chunks"][number], word: string): number {
  const times = (text: string) => wordsOf(text).filter((candidate) => candidate === word).length
  const frequency = 3 * times(row.title) + 2 * times(row.chunk.headingPath.join(" ")) + times(row.chunk.text)
  return (frequency * 2.2) / (frequency + 1.2)
}
