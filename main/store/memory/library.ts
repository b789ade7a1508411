import type { Collection } from "#contract/documents.ts"
import { type Actor, ownerActor } from "#core/actor.ts"
import { AppError } from "#core/errors.ts"
import { newId } from "#core/ids.ts"
import { decodeCursor, toPage } from "../cursor.ts"
import { nameTaken } from "../notFound.ts"
import { createIdReuse } from "../reusedIds.ts"
import type { ChunkRepository, CollectionRepository, DocumentRecord, DocumentRepository } from "../types.ts"
import { createMemoryChunks, createMemoryVectors } from "./chunks.ts"
import { changeSharing, copy, found, given, mine, readable, removeWhere, sharedFor, type Tables } from "./tables.ts"

/** Collections, documents and chunks. */
export function createMemoryLibrary(tables: Tables): {
  collections: CollectionRepository
  documents: DocumentRepository
  chunks: ChunkRepository
} {
  type CollectionRow = Tables["collections"][number]
  type DocumentRow = Tables["documents"][number]
  const vectors = createMemoryVectors(tables)

  tables.onRemoval.push((personId, things) => {
    const own = tables.collections.filter((row) => row.ownerId === personId)
    if (things === "erase") for (const { id } of own) removeCollection(id)
    const taken = new Set(mine(ownerActor, tables.collections).map(({ name }) => name))
    const { name } = tables.people.find(({ person }) => person.id === personId)?.person ?? { name: "" }
    for (const row of own) if (taken.has(row.name)) row.name = `${row.name} (${name})`
    for (const rows of [tables.collections, tables.documents, tables.chunks, tables.folders])
      given(rows)(personId, things)
  })
  const collectionRow = (actor: Actor, id: string) =>
    found(
      "collection",
      mine(actor, tables.collections).find((row) => row.id === id),
    )
  const readableCollections = (actor: Actor) => readable(tables, actor, tables.collections, true)
  const readableCollection = (actor: Actor, id: string) =>
    found(
      "collection",
      readableCollections(actor).find((row) => row.id === id),
    )
  const readableDocuments = (actor: Actor) => {
    const ids = new Set(readableCollections(actor).map((row) => row.id))
    return tables.documents.filter(({ document }) => ids.has(document.collectionId))
  }
  const readableDocument = (actor: Actor, id: string) =>
    found(
      "document",
      readableDocuments(actor).find((row) => row.document.id === id),
    )
  const documentRow = (actor: Actor, id: string) =>
    found(
      "document",
      mine(actor, tables.documents).find((row) => row.document.id === id),
    )
  const toCollection = (actor: Actor, row: CollectionRow): Collection => {
    const inside = tables.documents.filter(({ document }) => document.collectionId === row.id)
    return {
      id: row.id,
      name: row.name,
      documentCount: inside.length,
      chunkCount: inside.reduce((sum, { document }) => sum + document.chunkCount, 0),
      isSample: row.isSample,
      ...(row.mayLeave ? { mayLeave: true } : {}),
      ...sharedFor(tables, actor, row),
      createdAt: row.createdAt,
    }
  }
  const toDocument = (actor: Actor, { document, ownerId: owner }: DocumentRow): DocumentRecord => {
    const active = tables.indexes.find((index) => index.isActive)
    const own = tables.chunks.filter(({ chunk }) => chunk.documentId === document.id)
    return copy({
      ...document,
      fileStamp: document.fileStamp ?? null,
      folderId: document.folderId ?? null,
      ...(owner === actor.personId ? {} : { isShared: true }),
      isAway: tables.folders.some(({ folder }) => folder.id === document.folderId && !folder.isReachable),
      hasVectors: own.length > 0 && own.every((row) => active?.vectors.has(row.seq) === true),
    })
  }
  const removeChunks = (documentId: string) => {
    const old = tables.chunks.filter(({ chunk }) => chunk.documentId === documentId)
    vectors.remove(old.map((row) => row.seq))
    removeWhere(tables.chunks, ({ chunk }) => chunk.documentId === documentId)
    return old.map(({ chunk }) => ({ id: chunk.id, key: JSON.stringify(chunk.headingPath) + chunk.text }))
  }
  const removeDocument = (id: string) => {
    removeChunks(id)
    removeWhere(tables.documents, ({ document }) => document.id === id)
  }
  const removeCollection = (id: string) => {
    for (const { document } of tables.documents.filter((row) => row.document.collectionId === id)) {
      removeDocument(document.id)
    }
    removeWhere(tables.folders, ({ folder }) => folder.collectionId === id)
    removeWhere(tables.collections, (row) => row.id === id)
  }
  const requireFreeName = (actor: Actor, name: string) => {
    if (mine(actor, tables.collections).some((row) => row.name === name)) throw nameTaken(name)
  }

  const collections: CollectionRepository = {
    async create(actor, values) {
      requireFreeName(actor, values.name)
      const row: CollectionRow = {
        ownerId: actor.personId,
        seq: tables.nextSeq(),
        id: newId(),
        name: values.name,
        isSample: values.isSample ?? false,
        sourcePath: values.sourcePath ?? null,
        createdAt: tables.clock.now(),
        audience: "private",
        personIds: [],
      }
      if (values.sharing) changeSharing(tables, row, values.sharing)
      tables.collections.push(row)
      return toCollection(actor, row)
    },
    get: async (actor, id) => toCollection(actor, readableCollection(actor, id)),
    async findByName(actor, name) {
      const row = mine(actor, tables.collections).find((candidate) => candidate.name === name)
      return row ? toCollection(actor, row) : null
    },
    async findBySourcePath(actor, path) {
      const row = mine(actor, tables.collections).find((candidate) => candidate.sourcePath === path)
      return row ? toCollection(actor, row) : null
    },
    list: async (actor) => readableCollections(actor).map((row) => toCollection(actor, row)),
    async setSharing(actor, id, sharing) {
      const row = collectionRow(actor, id)
      changeSharing(tables, row, sharing)
      return toCollection(actor, row)
    },
    async setLeaving(actor, id, mayLeave) {
      const row = collectionRow(actor, id)
      row.mayLeave = mayLeave
      return toCollection(actor, row)
    },
    async rename(actor, id, name) {
      const row = collectionRow(actor, id)
      if (row.name !== name) requireFreeName(actor, name)
      row.name = name
      return toCollection(actor, row)
    },
    async delete(actor, id) {
      collectionRow(actor, id)
      removeCollection(id)
    },
  }

  const documents: DocumentRepository = {
    async upsert(actor, values) {
      collectionRow(actor, values.collectionId)
      const now = tables.clock.now()
      const before = mine(actor, tables.documents).find(
        ({ document }) => document.collectionId === values.collectionId && document.path === values.path,
      )
      if (!before) {
        const row: DocumentRow = {
          ownerId: actor.personId,
          seq: tables.nextSeq(),
          text: "",
          pages: [],
          times: [],
          withdrawn: [],
          document: {
            ...values,
            id: newId(),
            pageCount: null,
            charCount: 0,
            chunkCount: 0,
            url: values.url ?? null,
            datedAt: null,
            fileStamp: values.fileStamp ?? null,
            stage: "parse",
            status: "queued",
            error: null,
            createdAt: now,
            updatedAt: now,
          },
        }
        tables.documents.push(row)
        return { document: toDocument(actor, row), isUnchanged: false }
      }
      const isUnchanged = before.document.status === "ready" && before.document.contentHash === values.contentHash
      if (isUnchanged) {
        before.document.fileStamp = values.fileStamp ?? null
        before.document.filePath = values.filePath
        if (values.folderId !== undefined) before.document.folderId = values.folderId
      } else {
        if (before.document.contentHash !== values.contentHash) {
          before.withdrawn.push(...removeChunks(before.document.id))
          Object.assign(before.document, { chunkCount: 0, charCount: 0 })
          Object.assign(before, { text: "", pages: [], times: [] })
        }
        const { folderId = before.document.folderId ?? null, ...noted } = values
        Object.assign(before.document, noted, {
          folderId,
          fileStamp: values.fileStamp ?? null,
          url: values.url ?? before.document.url ?? null,
          stage: "parse",
          status: "queued",
          error: null,
          updatedAt: now,
        })
      }
      return { document: toDocument(actor, before), isUnchanged }
    },
    get: async (actor, id) => toDocument(actor, readableDocument(actor, id)),
    async list(actor, query) {
      const after = decodeCursor(query.cursor, 1)?.[0] ?? 0
      if (query.collectionId) readableCollection(actor, query.collectionId)
      const q = (query.q ?? "").toLowerCase()
      const rows = readableDocuments(actor).filter(
        ({ document, seq }) =>
          seq > after &&
          (!query.collectionId || document.collectionId === query.collectionId) &&
          (!query.status || document.status === query.status) &&
          (document.title.toLowerCase().includes(q) || document.path.toLowerCase().includes(q)),
      )
      return toPage(
        rows.slice(0, query.limit + 1),
        query.limit,
        (row) => [row.seq],
        (row) => toDocument(actor, row),
      )
    },
    async setStage(actor, id, stage, status, error, contentHash) {
      const { document } = documentRow(actor, id)
      if (contentHash !== undefined && contentHash !== document.contentHash) return
      Object.assign(document, {
        stage,
        status,
        error: error ?? null,
        updatedAt: tables.clock.now(),
      })
    },
    async writeContent(actor, id, content) {
      if (
        content.vectors !== null &&
        (content.fingerprint === null || content.vectors.length !== content.chunks.length)
      ) {
        throw new AppError("store.failed", "Chunks and vectors of a document do not belong together.")
      }
      const row = documentRow(actor, id)
      if (content.contentHash !== undefined && content.contentHash !== row.document.contentHash) return false
      if (content.vectors !== null && content.fingerprint !== null)
        vectors.require(content.fingerprint, content.vectors)
      const title = content.title ?? row.document.title
      const reuse = createIdReuse([...removeChunks(id), ...row.withdrawn])
      row.withdrawn = []
      const seqs = content.chunks.map((chunk) => {
        const seq = tables.nextSeq()
        const chunkId = reuse.take(JSON.stringify(chunk.headingPath) + chunk.text) ?? newId()
        tables.chunks.push({
          ownerId: actor.personId,
          seq,
          title,
          chunk: copy({
            startMs: null,
            endMs: null,
            ...chunk,
            id: chunkId,
            documentId: id,
            collectionId: row.document.collectionId,
          }),
        })
        return seq
      })
      if (content.vectors !== null && content.fingerprint !== null) {
        vectors.add(
          content.fingerprint,
          content.vectors.map((vector, n) => ({ seq: seqs[n] as number, vector })),
        )
      }
      row.text = content.text
      row.pages = copy(content.pages)
      row.times = copy(content.times ?? [])
      Object.assign(row.document, {
        title,
        kind: content.kind ?? row.document.kind,
        stage: "ready",
        status: "ready",
        error: null,
        pageCount: content.pageCount,
        charCount: content.text.length,
        chunkCount: content.chunks.length,
        datedAt: content.datedAt ?? null,
        updatedAt: tables.clock.now(),
      })
      return true
    },
    async move(actor, id, to) {
      const { document } = documentRow(actor, id)
      const there = mine(actor, tables.documents).find(
        (row) =>
          row.document.id !== id &&
          row.document.collectionId === document.collectionId &&
          row.document.path === to.path,
      )
      if (there) removeDocument(there.document.id)
      Object.assign(document, to, { updatedAt: tables.clock.now() })
      for (const row of tables.chunks) if (row.chunk.documentId === id) row.title = to.title
    },
    async setStamps(actor, stamps) {
      for (const { id, fileStamp } of stamps) {
        const row = mine(actor, tables.documents).find(({ document }) => document.id === id)
        if (row) row.document.fileStamp = fileStamp
      }
    },
    async setTags(actor, id, tags) {
      const row = documentRow(actor, id)
      row.document.tags = [...new Set(tags)].sort()
      return toDocument(actor, row)
    },
    async text(actor, id) {
      const { text, pages, times } = readableDocument(actor, id)
      return copy({ text, pages, times })
    },
    async delete(actor, id) {
      documentRow(actor, id)
      removeDocument(id)
    },
  }
  return { collections, documents, chunks: createMemoryChunks(tables, vectors) }
}
