import type { Document } from "#contract/documents.ts"
import type { Actor } from "#core/actor.ts"
import { AppError } from "#core/errors.ts"
import { newId } from "#core/ids.ts"
import { decodeCursor, toPage } from "../cursor.ts"
import { notFound } from "../notFound.ts"
import { createIdReuse } from "../reusedIds.ts"
import type { DocumentRecord, DocumentRepository } from "../types.ts"
import {
  containing,
  fromJson,
  fromNullableJson,
  owned,
  readableCollection,
  type StoreContext,
  type Sync,
  toNullableJson,
} from "./context.ts"

interface DocumentRow {
  seq: number
  owner_id: string
  id: string
  collection_seq: number
  collection_id: string
  title: string
  path: string
  kind: Document["kind"]
  size_bytes: number
  page_count: number | null
  char_count: number
  chunk_count: number
  stage: Document["stage"]
  status: Document["status"]
  has_vectors: number
  error: string | null
  file_path: string | null
  content_hash: string
  file_stamp: string | null
  folder_id: string | null
  is_away: number
  tags: string
  url: string | null
  dated_at: number | null
  created_at: number
  updated_at: number
}

const select = `SELECT d.*, c.id AS collection_id, f.id AS folder_id, coalesce(f.is_reachable, 1) = 0 AS is_away,
    (SELECT json_group_array(t.tag ORDER BY t.tag) FROM document_tags t WHERE t.document_seq = d.seq) AS tags,
    d.chunk_count > 0 AND NOT EXISTS (
      SELECT 1 FROM chunks k WHERE k.document_seq = d.seq AND NOT EXISTS (
        SELECT 1 FROM chunk_vectors v JOIN vector_indexes i ON i.id = v.index_id
        WHERE v.chunk_seq = k.seq AND i.is_active = 1)) AS has_vectors
  FROM documents d JOIN collections c ON c.seq = d.collection_seq LEFT JOIN folders f ON f.seq = d.folder_seq`

const toDocument = (row: DocumentRow, reader: string): DocumentRecord => ({
  id: row.id,
  collectionId: row.collection_id,
  title: row.title,
  path: row.path,
  kind: row.kind,
  sizeBytes: row.size_bytes,
  pageCount: row.page_count,
  charCount: row.char_count,
  chunkCount: row.chunk_count,
  stage: row.stage,
  status: row.status,
  hasVectors: row.has_vectors === 1,
  error: fromNullableJson(row.error),
  filePath: row.file_path,
  contentHash: row.content_hash,
  fileStamp: row.file_stamp,
  folderId: row.folder_id,
  ...(row.owner_id === reader ? {} : { isShared: true }),
  isAway: row.is_away === 1,
  tags: fromJson(row.tags),
  url: row.url,
  datedAt: row.dated_at,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
})

export function createDocuments(context: StoreContext): Sync<DocumentRepository> {
  const { all, get, run, transaction } = context

  /** Takes the document's chunks out of words and vectors; their ids, by content, for chunks that come again unchanged. */
  function removeChunks(documentSeq: number) {
    const old = all<{ seq: number; id: string; headings: string; body: string }>(
      "SELECT seq, id, headings, body FROM chunks WHERE document_seq = @documentSeq ORDER BY ordinal",
      { documentSeq },
    )
    context.vectors.remove(old.map(({ seq }) => seq))
    run("DELETE FROM chunks WHERE document_seq = @documentSeq", { documentSeq })
    return old
  }

  /** Chunks that were in search, or withdrawn before: a document has only one of the two. */
  function removeAllChunks(documentSeq: number) {
    const withdrawn = all<{ id: string; headings: string; body: string }>(
      "SELECT id, headings, body FROM withdrawn_chunks WHERE document_seq = @documentSeq ORDER BY ordinal",
      { documentSeq },
    )
    run("DELETE FROM withdrawn_chunks WHERE document_seq = @documentSeq", { documentSeq })
    const old = [...removeChunks(documentSeq), ...withdrawn]
    return createIdReuse(old.map(({ id, headings, body }) => ({ id, key: headings + body })))
  }

  /** The file has other bytes now: what was made of the old ones is not found any more. */
  function withdraw(documentSeq: number): void {
    run(
      `INSERT OR IGNORE INTO withdrawn_chunks (id, document_seq, ordinal, headings, body)
       SELECT id, document_seq, ordinal, headings, body FROM chunks WHERE document_seq = @documentSeq`,
      { documentSeq },
    )
    removeChunks(documentSeq)
    run("DELETE FROM document_texts WHERE document_seq = @documentSeq", { documentSeq })
    run("UPDATE documents SET chunk_count = 0, char_count = 0 WHERE seq = @documentSeq", { documentSeq })
  }

  function removeDocument(seq: number): void {
    removeChunks(seq)
    run("DELETE FROM documents WHERE seq = @seq", { seq })
  }

  const folderSeqOf = (actor: Actor, folderId: string | null | undefined): number | null =>
    folderId ? context.seqOf(actor, "folders", folderId) : null

  const repository: Sync<DocumentRepository> = {
    upsert(actor, document) {
      return transaction(() => {
        const collectionSeq = context.seqOf(actor, "collections", document.collectionId)
        const before = get<{
          seq: number
          id: string
          status: string
          content_hash: string
          folder_seq: number | null
        }>(
          `SELECT d.seq, d.id, d.status, d.content_hash, d.folder_seq FROM documents d
            WHERE d.collection_seq = @collectionSeq AND d.path = @path AND ${owned("d")}`,
          { ...context.owner(actor), collectionSeq, path: document.path },
        )
        const isUnchanged = before?.status === "ready" && before.content_hash === document.contentHash
        const id = before?.id ?? newId()
        const folderSeq =
          document.folderId === undefined ? (before?.folder_seq ?? null) : folderSeqOf(actor, document.folderId)
        if (isUnchanged) {
          run(
            `UPDATE documents AS d SET file_stamp = @fileStamp, folder_seq = @folderSeq, file_path = @filePath
              WHERE d.id = @id AND ${owned("d")}
                AND (d.file_stamp IS NOT @fileStamp OR d.folder_seq IS NOT @folderSeq OR d.file_path IS NOT @filePath)`,
            {
              ...context.owner(actor),
              id,
              folderSeq,
              fileStamp: document.fileStamp ?? null,
              filePath: document.filePath,
            },
          )
        } else {
          if (before && before.content_hash !== document.contentHash) withdraw(before.seq)
          run(
            `INSERT INTO documents (id, owner_id, collection_seq, title, path, kind, size_bytes, stage, status, file_path,
               content_hash, url, folder_seq, file_stamp, created_at, updated_at)
             VALUES (@id, @owner, @collectionSeq, @title, @path, @kind, @sizeBytes, 'parse', 'queued', @filePath,
               @contentHash, @url, @folderSeq, @fileStamp, @now, @now)
             ON CONFLICT (collection_seq, path) DO UPDATE SET title = @title, kind = @kind, size_bytes = @sizeBytes,
               stage = 'parse', status = 'queued', error = NULL, file_path = @filePath, content_hash = @contentHash,
               url = coalesce(@url, url), folder_seq = @folderSeq, file_stamp = @fileStamp, updated_at = @now`,
            {
              ...context.owner(actor),
              id,
              collectionSeq,
              title: document.title,
              path: document.path,
              kind: document.kind,
              sizeBytes: document.sizeBytes,
              filePath: document.filePath,
              contentHash: document.contentHash,
              url: document.url ?? null,
              folderSeq,
              fileStamp: document.fileStamp ?? null,
              now: context.now(),
            },
          )
        }
        return { document: repository.get(actor, id), isUnchanged }
      })
    },
    get(actor, id) {
      const values = { ...context.owner(actor), id }
      const row = get<DocumentRow>(`${select} WHERE d.id = @id AND ${readableCollection("c")}`, values)
      if (!row) throw notFound("document")
      return toDocument(row, values.owner)
    },
    list(actor, query) {
      const after = decodeCursor(query.cursor, 1)
      const rows = all<DocumentRow>(
        `${select} WHERE ${readableCollection("c")} AND d.seq > @after
          ${query.collectionId ? "AND d.collection_seq = @collectionSeq" : ""}
          ${query.status ? "AND d.status = @status" : ""}
          ${query.q ? "AND (fold(d.title) LIKE @pattern ESCAPE '\\' OR fold(d.path) LIKE @pattern ESCAPE '\\')" : ""}
         ORDER BY d.seq LIMIT @limit`,
        {
          ...context.owner(actor),
          after: after?.[0] ?? 0,
          collectionSeq: query.collectionId ? context.seqOf(actor, "collections", query.collectionId, "read") : null,
          status: query.status ?? null,
          pattern: containing(query.q ?? ""),
          limit: query.limit + 1,
        },
      )
      return toPage(
        rows,
        query.limit,
        (row) => [row.seq],
        (row) => toDocument(row, actor.personId),
      )
    },
    setStage(actor, id, stage, status, error, contentHash) {
      const { changes } = run(
        `UPDATE documents AS d SET stage = @stage, status = @status, error = @error, updated_at = @now
          WHERE d.id = @id AND ${owned("d")} AND (@contentHash IS NULL OR d.content_hash = @contentHash)`,
        {
          ...context.owner(actor),
          id,
          stage,
          status,
          error: toNullableJson(error),
          contentHash: contentHash ?? null,
          now: context.now(),
        },
      )
      if (changes === 0) context.seqOf(actor, "documents", id)
    },
    writeContent(actor, id, content) {
      if (
        content.vectors !== null &&
        (content.fingerprint === null || content.vectors.length !== content.chunks.length)
      ) {
        throw new AppError("store.failed", "Chunks and vectors of a document do not belong together.")
      }
      return transaction(() => {
        const documentSeq = context.seqOf(actor, "documents", id)
        const row = get<{ collection_seq: number; title: string; kind: string; content_hash: string }>(
          "SELECT collection_seq, title, kind, content_hash FROM documents WHERE seq = @documentSeq",
          { documentSeq },
        )
        if (!row) throw notFound("document")
        if (content.contentHash !== undefined && content.contentHash !== row.content_hash) return false
        const title = content.title ?? row.title
        const reuse = removeAllChunks(documentSeq)
        run(
          `INSERT INTO document_texts (document_seq, text, pages, times) VALUES (@documentSeq, @text, @pages, @times)
           ON CONFLICT (document_seq) DO UPDATE SET text = excluded.text, pages = excluded.pages, times = excluded.times`,
          {
            documentSeq,
            text: content.text,
            pages: JSON.stringify(content.pages),
            times: JSON.stringify(content.times ?? []),
          },
        )
        const seqs = content.chunks.map((chunk) => {
          const headings = JSON.stringify(chunk.headingPath)
          return run(
            `INSERT INTO chunks (id, owner_id, collection_seq, document_seq, ordinal, title, headings, body, page, start,
               "end", token_count, start_ms, end_ms)
             VALUES (@id, @owner, @collectionSeq, @documentSeq, @ordinal, @title, @headings, @body, @page, @start, @end,
               @tokenCount, @startMs, @endMs)`,
            {
              ...context.owner(actor),
              id: reuse.take(headings + chunk.text) ?? newId(),
              collectionSeq: row.collection_seq,
              documentSeq,
              ordinal: chunk.ordinal,
              title,
              headings,
              body: chunk.text,
              page: chunk.page,
              start: chunk.start,
              end: chunk.end,
              tokenCount: chunk.tokenCount,
              startMs: chunk.startMs ?? null,
              endMs: chunk.endMs ?? null,
            },
          ).seq
        })
        if (content.vectors !== null && content.fingerprint !== null) {
          context.vectors.add(
            content.fingerprint,
            content.vectors.map((vector, n) => ({ seq: seqs[n] as number, vector })),
          )
        }
        run(
          `UPDATE documents SET title = @title, kind = @kind, stage = 'ready', status = 'ready', error = NULL, page_count = @pageCount,
             char_count = @charCount, chunk_count = @chunkCount, dated_at = @datedAt, updated_at = @now WHERE seq = @documentSeq`,
          {
            documentSeq,
            title,
            kind: content.kind ?? row.kind,
            pageCount: content.pageCount,
            charCount: content.text.length,
            chunkCount: content.chunks.length,
            datedAt: content.datedAt ?? null,
            now: context.now(),
          },
        )
        return true
      })
    },
    move(actor, id, to) {
      transaction(() => {
        const documentSeq = context.seqOf(actor, "documents", id)
        const there = get<{ seq: number }>(
          `SELECT d.seq FROM documents d WHERE d.path = @path AND d.seq <> @documentSeq AND ${owned("d")}
              AND d.collection_seq = (SELECT collection_seq FROM documents WHERE seq = @documentSeq)`,
          { ...context.owner(actor), documentSeq, path: to.path },
        )
        if (there) removeDocument(there.seq)
        run(
          `UPDATE documents SET path = @path, file_path = @filePath, title = @title, file_stamp = @fileStamp,
             folder_seq = @folderSeq, updated_at = @now WHERE seq = @documentSeq`,
          {
            documentSeq,
            path: to.path,
            filePath: to.filePath,
            title: to.title,
            fileStamp: to.fileStamp,
            folderSeq: folderSeqOf(actor, to.folderId),
            now: context.now(),
          },
        )
        run("UPDATE chunks SET title = @title WHERE document_seq = @documentSeq AND title <> @title", {
          documentSeq,
          title: to.title,
        })
      })
    },
    setStamps(actor, stamps) {
      transaction(() => {
        for (const { id, fileStamp } of stamps) {
          run(`UPDATE documents AS d SET file_stamp = @fileStamp WHERE d.id = @id AND ${owned("d")}`, {
            ...context.owner(actor),
            id,
            fileStamp,
          })
        }
      })
    },
    setTags(actor, id, tags) {
      return transaction(() => {
        const documentSeq = context.seqOf(actor, "documents", id)
        run("DELETE FROM document_tags WHERE document_seq = @documentSeq", { documentSeq })
        for (const tag of tags) {
          run("INSERT OR IGNORE INTO document_tags (document_seq, tag) VALUES (@documentSeq, @tag)", {
            documentSeq,
            tag,
          })
        }
        return repository.get(actor, id)
      })
    },
    text(actor, id) {
      const documentSeq = context.seqOf(actor, "documents", id, "read")
      const row = get<{ text: string; pages: string; times: string }>(
        "SELECT text, pages, times FROM document_texts WHERE document_seq = @documentSeq",
        { documentSeq },
      )
      return row
        ? { text: row.text, pages: fromJson(row.pages), times: fromJson(row.times) }
        : { text: "", pages: [], times: [] }
    },
    delete(actor, id) {
      transaction(() => {
        removeDocument(context.seqOf(actor, "documents", id))
      })
    },
  }
  return repository
}
