import type { Actor } from "#core/actor.ts"
import { AppError } from "#core/errors.ts"
import { inverseDocumentFrequency } from "../inverseDocumentFrequency.ts"
import { notFound } from "../notFound.ts"
import type { ChunkRecord, ChunkRepository, SearchFilter } from "../types.ts"
import { fromJson, maintained, readableCollection, type StoreContext, type Sync } from "./context.ts"
import { tableOf } from "./vectorIndexes.ts"

interface ChunkRow {
  seq: number
  id: string
  document_id: string
  collection_id: string
  document_title: string
  document_path: string
  document_updated_at: number
  ordinal: number
  headings: string
  body: string
  page: number | null
  start: number
  end: number
  token_count: number
  start_ms: number | null
  end_ms: number | null
  document_kind: ChunkRecord["documentKind"]
  document_url: string | null
  document_dated_at: number | null
}

const select = `SELECT k.*, d.id AS document_id, d.title AS document_title, d.path AS document_path, d.updated_at AS document_updated_at,
  d.kind AS document_kind, d.url AS document_url, d.dated_at AS document_dated_at,
  c.id AS collection_id
  FROM chunks k JOIN documents d ON d.seq = k.document_seq JOIN collections c ON c.seq = k.collection_seq`

const toChunk = (row: ChunkRow): ChunkRecord => ({
  id: row.id,
  documentId: row.document_id,
  collectionId: row.collection_id,
  documentTitle: row.document_title,
  documentPath: row.document_path,
  documentUpdatedAt: row.document_updated_at,
  ordinal: row.ordinal,
  text: row.body,
  headingPath: fromJson(row.headings),
  page: row.page,
  start: row.start,
  end: row.end,
  tokenCount: row.token_count,
  startMs: row.start_ms,
  endMs: row.end_ms,
  documentKind: row.document_kind,
  documentUrl: row.document_url,
  documentDatedAt: row.document_dated_at,
})

/** A passage can be found by whoever may read its collection. */
const readable = readableCollection("c")
/** The same where the statement does not join the collection. */
const readableChunk = `EXISTS (SELECT 1 FROM collections c WHERE c.seq = k.collection_seq AND ${readable})`

/** Filters whose documents are remembered. */
const mostReached = 64

export function createChunks(context: StoreContext): Sync<ChunkRepository> {
  const { all, get, run, transaction, vectors, words } = context
  /** Documents by filter, of one generation. */
  const reached = new Map<string, Uint8Array | null>()
  let reachedAt = ""
  /** Chunks before this seq have vectors, by person and index: a long rebuild does not pass over them for every batch. */
  const complete = new Map<string, number>()
  let completeAt = -1

  /** The documents the actor may read and the filter lets through: 1 at the place of their seq. Null: all there are, of anybody. */
  const reach = (actor: Actor, filter: SearchFilter): Uint8Array | null => {
    const { owner } = context.owner(actor)
    // Looked up every time: somebody else's collection is an error, not an empty result.
    const collections = filter.collectionIds?.map((id) => context.seqOf(actor, "collections", id, "read")) ?? null
    const { documentIds = null, tags = null, kinds = null, after = null, before = null } = filter
    const values = {
      owner,
      collections: collections && JSON.stringify(collections),
      documentIds: documentIds && JSON.stringify(documentIds),
      tags: tags && JSON.stringify(tags),
      kinds: kinds && JSON.stringify(kinds),
      after,
      before,
    }
    const key = JSON.stringify(values)
    if (reachedAt !== context.generation()) {
      reached.clear()
      reachedAt = context.generation()
    }
    let found = reached.get(key)
    if (found === undefined) {
      found = documentsOf(values)
      if (reached.size >= mostReached) reached.clear()
      reached.set(key, found)
    }
    return found
  }

  function documentsOf(values: Record<string, unknown>): Uint8Array | null {
    const among = (column: string, name: string) =>
      values[name] === null ? "" : `AND ${column} IN (SELECT value FROM json_each(@${name}))`
    const { list } = get<{ list: string }>(
      `SELECT json_group_array(d.seq) AS list FROM documents d
         WHERE d.collection_seq IN (SELECT c.seq FROM collections c WHERE ${readable})
         ${among("d.collection_seq", "collections")} ${among("d.id", "documentIds")} ${among("d.kind", "kinds")}
         ${values.tags === null ? "" : `AND EXISTS (SELECT 1 FROM document_tags t WHERE t.document_seq = d.seq ${among("t.tag", "tags")})`}
         ${values.after === null ? "" : "AND coalesce(d.dated_at, d.created_at) >= @after"}
         ${values.before === null ? "" : "AND coalesce(d.dated_at, d.created_at) <= @before"}`,
      values,
    ) as { list: string }
    const seqs = fromJson<number[]>(list)
    if (seqs.length === (get<{ n: number }>("SELECT count(*) AS n FROM documents")?.n ?? 0)) return null
    const documents = new Uint8Array(seqs.reduce((highest, seq) => Math.max(highest, seq), 0) + 1)
    for (const seq of seqs) documents[seq] = 1
    return documents
  }

  function bySeqs(actor: Actor, seqs: number[]): Map<number, ChunkRecord> {
    const rows = all<ChunkRow>(`${select} WHERE k.seq IN (SELECT value FROM json_each(@seqs)) AND ${readable}`, {
      ...context.owner(actor),
      seqs: JSON.stringify(seqs),
    })
    return new Map(rows.map((row) => [row.seq, toChunk(row)]))
  }

  const hasTable = (id: number): boolean =>
    get("SELECT 1 FROM sqlite_schema WHERE name = @table", { table: tableOf(id) }) !== undefined

  const repository: Sync<ChunkRepository> = {
    get(actor, id) {
      const row = get<ChunkRow>(`${select} WHERE k.id = @id AND ${readable}`, { ...context.owner(actor), id })
      if (!row) throw notFound("chunk")
      return toChunk(row)
    },
    byDocument: (actor, documentId) =>
      all<ChunkRow>(`${select} WHERE k.document_seq = @documentSeq AND ${readable} ORDER BY k.ordinal`, {
        ...context.owner(actor),
        documentSeq: context.seqOf(actor, "documents", documentId, "read"),
      }).map(toChunk),
    searchLexical(actor, query) {
      const rows = words.search(query.terms, reach(actor, query), query.limit)
      const chunks = bySeqs(
        actor,
        rows.map(({ seq }) => seq),
      )
      return rows.flatMap(({ seq, score }) => {
        const chunk = chunks.get(seq)
        return chunk ? [{ chunk, bm25: score }] : []
      })
    },
    searchVector(actor, query) {
      const rows = vectors.search(query.fingerprint, query.vector, reach(actor, query), query.limit)
      const chunks = bySeqs(
        actor,
        rows.map(({ seq }) => seq),
      )
      return rows.flatMap(({ seq, score }) => {
        const chunk = chunks.get(seq)
        return chunk ? [{ chunk, similarity: score }] : []
      })
    },
    similarities(actor, query) {
      const rows = all<{ id: string; seq: number }>(
        `SELECT k.id, k.seq FROM chunks k WHERE k.id IN (SELECT value FROM json_each(@ids)) AND ${readableChunk}`,
        { ...context.owner(actor), ids: JSON.stringify(query.chunkIds) },
      )
      const found = vectors.similarities(
        query.fingerprint,
        query.vector,
        rows.map(({ seq }) => seq),
      )
      return new Map(rows.flatMap(({ id, seq }) => (found.has(seq) ? [[id, found.get(seq) as number] as const] : [])))
    },
    vectors(actor, query) {
      const rows = all<{ id: string; seq: number }>(
        `SELECT k.id, k.seq FROM chunks k WHERE k.id IN (SELECT value FROM json_each(@ids)) AND ${readableChunk}`,
        { ...context.owner(actor), ids: JSON.stringify(query.chunkIds) },
      )
      const found = vectors.vectorsOf(
        query.fingerprint,
        rows.map(({ seq }) => seq),
      )
      return new Map(
        rows.flatMap(({ id, seq }) => (found.has(seq) ? [[id, found.get(seq) as Float32Array] as const] : [])),
      )
    },
    inverseDocumentFrequencies(actor, terms) {
      const documents = reach(actor, {})
      const total = words.total(documents)
      return new Map(terms.map((term) => [term, inverseDocumentFrequency(total, words.count(term, documents))]))
    },
    missingVectors(actor, fingerprint, limit) {
      const index = vectors.list().find((known) => known.fingerprint === fingerprint)
      const owner = context.owner(actor)
      const key = JSON.stringify([owner.owner, fingerprint])
      if (completeAt !== vectors.removalCount()) complete.clear()
      completeAt = vectors.removalCount()
      const rows = all<ChunkRow>(
        `${select} WHERE ${maintained("k")} AND k.seq >= @from AND NOT EXISTS (
           SELECT 1 FROM chunk_vectors v WHERE v.chunk_seq = k.seq AND v.index_id = @indexId)
         ORDER BY k.seq LIMIT @limit`,
        { ...owner, indexId: index?.id ?? null, from: complete.get(key) ?? 0, limit },
      )
      if (rows[0]) complete.set(key, rows[0].seq)
      return rows.map(toChunk)
    },
    addVectors(actor, fingerprint, added) {
      transaction(() => {
        const rows = added.flatMap(({ chunkId, vector }) => {
          // A chunk that was replaced in the meantime needs no vector any more.
          const row = get<{ seq: number }>(`SELECT k.seq FROM chunks k WHERE k.id = @chunkId AND ${maintained("k")}`, {
            ...context.owner(actor),
            chunkId,
          })
          return row ? [{ ...row, vector }] : []
        })
        if (vectors.add(fingerprint, rows) > 0) {
          throw new AppError("store.bad-vector", "The embedding model gave a vector that is not a number.", {
            remedy: "Verify the embedding model with `zenglow models verify`, or choose another one.",
          })
        }
      })
    },
    indexes() {
      const counts = new Map(
        all<{ id: number; n: number }>("SELECT index_id AS id, count(*) AS n FROM chunk_vectors GROUP BY index_id").map(
          ({ id, n }) => [id, n],
        ),
      )
      const known = vectors.list()
      return {
        active: known.find(({ isActive }) => isActive)?.fingerprint ?? null,
        counts: Object.fromEntries(known.map(({ id, fingerprint }) => [fingerprint, counts.get(id) ?? 0])),
        chunks: get<{ n: number }>("SELECT count(*) AS n FROM chunks")?.n ?? 0,
      }
    },
    setActiveIndex(fingerprint) {
      transaction(() => {
        const others = vectors.list().filter((index) => index.fingerprint !== fingerprint)
        for (const { id } of others) run("DELETE FROM chunk_vectors WHERE index_id = @id", { id })
        vectors.setActive(fingerprint)
      })
    },
    generation: () => context.generation(),
    indexHealth() {
      const active = vectors.list().find(({ isActive }) => isActive)
      const count = (sql: string) => get<{ n: number }>(sql, { id: active?.id ?? null })?.n ?? 0
      return {
        active: active?.fingerprint ?? null,
        chunks: count("SELECT count(*) AS n FROM chunks"),
        words: count("SELECT count(*) AS n FROM chunks_fts_docsize"),
        members: count("SELECT count(*) AS n FROM chunk_vectors WHERE index_id = @id"),
        vectors: active && hasTable(active.id) ? count(`SELECT count(*) AS n FROM ${tableOf(active.id)}`) : 0,
        memoryBytes: vectors.memoryBytes(),
      }
    },
    repairVectors(after, zeros) {
      const active = vectors.activeId()
      if (active === null) return { next: null, checked: 0, removed: 0 }
      return transaction(() => vectors.repair(active, after, zeros))
    },
    repairWords() {
      transaction(() => {
        run("INSERT INTO chunks_fts (chunks_fts) VALUES ('rebuild')")
        words.reset()
        for (const { id } of vectors.list()) {
          if (!hasTable(id)) {
            run("DELETE FROM chunk_vectors WHERE index_id = @id", { id })
            run("UPDATE vector_indexes SET dimensions = NULL WHERE id = @id", { id })
            continue
          }
          const table = tableOf(id)
          run(`DELETE FROM chunk_vectors WHERE index_id = @id AND chunk_seq NOT IN (SELECT seq FROM ${table})`, { id })
          run(`DELETE FROM ${table} WHERE seq NOT IN (SELECT chunk_seq FROM chunk_vectors WHERE index_id = @id)`, {
            id,
          })
        }
        vectors.reset()
      })
    },
  }
  return repository
}
