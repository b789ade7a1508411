import type { Actor } from "#core/actor.ts"
import { inverseDocumentFrequency } from "../inverseDocumentFrequency.ts"
import { notFound } from "../notFound.ts"
import type { ChunkRecord, ChunkRepository } from "../types.ts"
import { fromJson, owned, type StoreContext, type Sync } from "./context.ts"
import { anyTerm } from "./ftsQuery.ts"

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

/** Weights of title, headings and body in BM25. */
const columnWeights = "3.0, 2.0, 1.0"

export function createChunks(context: StoreContext): Sync<ChunkRepository> {
  const { all, get, run, transaction, vectors } = context

  /** Collections the actor may search. `isEverything`: they are all there are, so that nothing needs to be left out. */
  function reach(actor: Actor, collectionIds: string[] | null) {
    const seqs = collectionIds
      ? collectionIds.map((id) => context.seqOf(actor, "collections", id))
      : all<{ seq: number }>(`SELECT t.seq FROM collections t WHERE ${owned("t")}`, context.owner(actor)).map(
          ({ seq }) => seq,
        )
    const total = get<{ n: number }>("SELECT count(*) AS n FROM collections")?.n ?? 0
    return { seqs: new Set(seqs), isEverything: new Set(seqs).size === total }
  }

  function bySeqs(actor: Actor, seqs: number[]): Map<number, ChunkRecord> {
    const rows = all<ChunkRow>(`${select} WHERE k.seq IN (SELECT value FROM json_each(@seqs)) AND ${owned("k")}`, {
      ...context.owner(actor),
      seqs: JSON.stringify(seqs),
    })
    return new Map(rows.map((row) => [row.seq, toChunk(row)]))
  }

  const repository: Sync<ChunkRepository> = {
    get(actor, id) {
      const row = get<ChunkRow>(`${select} WHERE k.id = @id AND ${owned("k")}`, { ...context.owner(actor), id })
      if (!row) throw notFound("chunk")
      return toChunk(row)
    },
    byDocument: (actor, documentId) =>
      all<ChunkRow>(`${select} WHERE k.document_seq = @documentSeq AND ${owned("k")} ORDER BY k.ordinal`, {
        ...context.owner(actor),
        documentSeq: context.seqOf(actor, "documents", documentId),
      }).map(toChunk),
    searchLexical(actor, query) {
      const match = anyTerm(query.terms)
      const { seqs, isEverything } = reach(actor, query.collectionIds)
      if (match === null || seqs.size === 0) return []
      // CROSS JOIN: the index is read first. The other way round it is searched once for every chunk.
      const limited = isEverything
        ? "WHERE"
        : `CROSS JOIN chunks k ON k.seq = f.rowid WHERE ${owned("k")}
             AND k.collection_seq IN (SELECT value FROM json_each(@collections)) AND`
      const rows = all<{ seq: number; bm25: number }>(
        `SELECT f.rowid AS seq, -bm25(chunks_fts, ${columnWeights}) AS bm25 FROM chunks_fts f ${limited}
           chunks_fts MATCH @match ORDER BY bm25 DESC, f.rowid LIMIT @limit`,
        { match, limit: query.limit, ...context.owner(actor), collections: JSON.stringify([...seqs]) },
      )
      const chunks = bySeqs(
        actor,
        rows.map(({ seq }) => seq),
      )
      return rows.flatMap(({ seq, bm25 }) => {
        const chunk = chunks.get(seq)
        return chunk ? [{ chunk, bm25 }] : []
      })
    },
    searchVector(actor, query) {
      const { seqs, isEverything } = reach(actor, query.collectionIds)
      if (seqs.size === 0) return []
      const rows = vectors.search(query.fingerprint, query.vector, isEverything ? null : seqs, query.limit)
      const chunks = bySeqs(
        actor,
        rows.map(({ seq }) => seq),
      )
      return rows.flatMap(({ seq, similarity }) => {
        const chunk = chunks.get(seq)
        return chunk ? [{ chunk, similarity }] : []
      })
    },
    similarities(actor, query) {
      const rows = all<{ id: string; seq: number }>(
        `SELECT k.id, k.seq FROM chunks k WHERE k.id IN (SELECT value FROM json_each(@ids)) AND ${owned("k")}`,
        { ...context.owner(actor), ids: JSON.stringify(query.chunkIds) },
      )
      const found = vectors.similarities(
        query.fingerprint,
        query.vector,
        rows.map(({ seq }) => seq),
      )
      return new Map(rows.flatMap(({ id, seq }) => (found.has(seq) ? [[id, found.get(seq) as number] as const] : [])))
    },
    inverseDocumentFrequencies(actor, terms) {
      const { isEverything } = reach(actor, null)
      const owner = context.owner(actor)
      const total = get<{ n: number }>(`SELECT count(*) AS n FROM chunks k WHERE ${owned("k")}`, owner)?.n ?? 0
      const counting = isEverything
        ? "SELECT count(*) AS n FROM chunks_fts WHERE chunks_fts MATCH @match"
        : `SELECT count(*) AS n FROM chunks_fts f CROSS JOIN chunks k ON k.seq = f.rowid WHERE chunks_fts MATCH @match AND ${owned("k")}`
      return new Map(
        terms.map((term) => {
          const match = anyTerm([term])
          const n = match === null ? 0 : (get<{ n: number }>(counting, { ...owner, match })?.n ?? 0)
          return [term, inverseDocumentFrequency(total, n)]
        }),
      )
    },
    missingVectors(actor, fingerprint, limit) {
      const index = vectors.list().find((known) => known.fingerprint === fingerprint)
      return all<ChunkRow>(
        `${select} WHERE ${owned("k")} AND NOT EXISTS (
           SELECT 1 FROM chunk_vectors v WHERE v.chunk_seq = k.seq AND v.index_id = @indexId)
         ORDER BY k.seq LIMIT @limit`,
        { ...context.owner(actor), indexId: index?.id ?? null, limit },
      ).map(toChunk)
    },
    addVectors(actor, fingerprint, added) {
      transaction(() => {
        const rows = added.flatMap(({ chunkId, vector }) => {
          // A chunk that was replaced in the meantime needs no vector any more.
          const row = get<{ seq: number; collectionSeq: number }>(
            `SELECT k.seq, k.collection_seq AS collectionSeq FROM chunks k WHERE k.id = @chunkId AND ${owned("k")}`,
            { ...context.owner(actor), chunkId },
          )
          return row ? [{ ...row, vector }] : []
        })
        vectors.add(fingerprint, rows)
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
  }
  return repository
}
