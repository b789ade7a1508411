import { AppError } from "#core/errors.ts"
import { newId } from "#core/ids.ts"
import { notFound } from "../notFound.ts"
import type { FolderDocument, FolderRecord, FolderRepository } from "../types.ts"
import { fromJson, owned, type StoreContext, type Sync } from "./context.ts"
import { sqliteCode } from "./sqliteError.ts"

interface FolderRow {
  id: string
  collection_id: string
  path: string
  name: string
  excludes: string
  follows_gitignore: number
  max_file_bytes: number
  is_paused: number
  is_reachable: number
  identity: string | null
  created_at: number
}

interface DocumentRow {
  id: string
  path: string
  file_path: string
  title: string
  content_hash: string
  size_bytes: number
  file_stamp: string | null
  status: FolderDocument["status"]
}

const select = "SELECT f.*, c.id AS collection_id FROM folders f JOIN collections c ON c.seq = f.collection_seq"

const toFolder = (row: FolderRow): FolderRecord => ({
  id: row.id,
  collectionId: row.collection_id,
  path: row.path,
  name: row.name,
  excludes: fromJson(row.excludes),
  followsGitignore: row.follows_gitignore === 1,
  maxFileBytes: row.max_file_bytes,
  isPaused: row.is_paused === 1,
  isReachable: row.is_reachable === 1,
  identity: row.identity,
  createdAt: row.created_at,
})

export function createFolders(context: StoreContext): Sync<FolderRepository> {
  const { all, get, run, transaction } = context
  const repository: Sync<FolderRepository> = {
    create(actor, folder) {
      const id = newId()
      try {
        run(
          `INSERT INTO folders (id, owner_id, collection_seq, path, name, excludes, follows_gitignore, max_file_bytes, created_at)
           VALUES (@id, @owner, @collectionSeq, @path, @name, @excludes, @followsGitignore, @maxFileBytes, @now)`,
          {
            ...context.owner(actor),
            id,
            collectionSeq: context.seqOf(actor, "collections", folder.collectionId),
            path: folder.path,
            name: folder.name,
            excludes: JSON.stringify(folder.excludes),
            followsGitignore: folder.followsGitignore ? 1 : 0,
            maxFileBytes: folder.maxFileBytes,
            now: context.now(),
          },
        )
      } catch (error) {
        throw sqliteCode(error) === "SQLITE_CONSTRAINT_UNIQUE" ? alreadyWatched(folder.name) : error
      }
      return repository.get(actor, id)
    },
    get(actor, id) {
      const row = get<FolderRow>(`${select} WHERE f.id = @id AND ${owned("f")}`, { ...context.owner(actor), id })
      if (!row) throw notFound("folder")
      return toFolder(row)
    },
    list: (actor) => all<FolderRow>(`${select} WHERE ${owned("f")} ORDER BY f.seq`, context.owner(actor)).map(toFolder),
    update(actor, id, changes) {
      return transaction(() => {
        const next = { ...repository.get(actor, id), ...changes }
        run(
          `UPDATE folders AS f SET excludes = @excludes, follows_gitignore = @followsGitignore, max_file_bytes = @maxFileBytes,
             is_paused = @isPaused, is_reachable = @isReachable, identity = @identity WHERE f.id = @id AND ${owned("f")}`,
          {
            ...context.owner(actor),
            id,
            excludes: JSON.stringify(next.excludes),
            followsGitignore: next.followsGitignore ? 1 : 0,
            maxFileBytes: next.maxFileBytes,
            isPaused: next.isPaused ? 1 : 0,
            isReachable: next.isReachable ? 1 : 0,
            identity: next.identity,
          },
        )
        return repository.get(actor, id)
      })
    },
    delete(actor, id) {
      const seq = context.seqOf(actor, "folders", id)
      run("DELETE FROM folders WHERE seq = @seq", { seq })
    },
    summary(actor, id, limit) {
      const values = { ...context.owner(actor), folderSeq: context.seqOf(actor, "folders", id), limit }
      const where = `FROM documents d WHERE d.folder_seq = @folderSeq AND ${owned("d")}`
      const counts = get<{ documents: number; failed: number | null }>(
        `SELECT count(*) AS documents, sum(d.status = 'failed') AS failed ${where}`,
        values,
      )
      const rows = all<{ path: string; error: string }>(
        `SELECT d.path, d.error ${where} AND d.status = 'failed' AND d.error IS NOT NULL ORDER BY d.path LIMIT @limit`,
        values,
      )
      return {
        documents: counts?.documents ?? 0,
        failed: counts?.failed ?? 0,
        errors: rows.map(({ path, error }) => ({ path, error: fromJson(error) })),
      }
    },
    documents(actor, id, below, separator) {
      const folderSeq = context.seqOf(actor, "folders", id)
      // A range instead of LIKE: it uses the index, and wildcards in names mean nothing.
      const rows = all<DocumentRow>(
        `SELECT d.id, d.path, d.file_path, d.title, d.content_hash, d.size_bytes, d.file_stamp, d.status FROM documents d
          WHERE d.folder_seq = @folderSeq AND ${owned("d")} AND d.file_path IS NOT NULL
            ${below === null ? "" : "AND (d.file_path = @below OR (d.file_path > @from AND d.file_path < @to))"}`,
        {
          ...context.owner(actor),
          folderSeq,
          below,
          from: `${below}${separator}`,
          to: `${below}${String.fromCharCode(separator.charCodeAt(0) + 1)}`,
        },
      )
      return rows.map((row) => ({
        id: row.id,
        path: row.path,
        filePath: row.file_path,
        title: row.title,
        contentHash: row.content_hash,
        sizeBytes: row.size_bytes,
        fileStamp: row.file_stamp,
        status: row.status,
      }))
    },
  }
  return repository
}

const alreadyWatched = (name: string): AppError =>
  new AppError("request.conflict", `The folder “${name}” is already watched in this collection.`)
