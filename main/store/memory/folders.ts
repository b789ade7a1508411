import type { Actor } from "#core/actor.ts"
import { AppError } from "#core/errors.ts"
import { newId } from "#core/ids.ts"
import type { FolderRecord, FolderRepository } from "../types.ts"
import { copy, found, mine, removeWhere, type Tables } from "./tables.ts"

/** Watched folders. */
export function createMemoryFolders(tables: Tables): FolderRepository {
  const rowOf = (actor: Actor, id: string) =>
    found(
      "folder",
      mine(actor, tables.folders).find(({ folder }) => folder.id === id),
    )
  return {
    async create(actor, values) {
      found(
        "collection",
        mine(actor, tables.collections).find(({ id }) => id === values.collectionId),
      )
      const isTaken = tables.folders.some(
        ({ folder }) =>
          folder.collectionId === values.collectionId && (folder.path === values.path || folder.name === values.name),
      )
      if (isTaken) {
        throw new AppError("request.conflict", `The folder “${values.name}” is already watched in this collection.`)
      }
      const folder: FolderRecord = {
        ...copy(values),
        id: newId(),
        isPaused: false,
        isReachable: true,
        identity: null,
        createdAt: tables.clock.now(),
      }
      tables.folders.push({ ownerId: actor.personId, seq: tables.nextSeq(), folder })
      return copy(folder)
    },
    get: async (actor, id) => copy(rowOf(actor, id).folder),
    list: async (actor) => mine(actor, tables.folders).map(({ folder }) => copy(folder)),
    async update(actor, id, changes) {
      const { folder } = rowOf(actor, id)
      Object.assign(folder, copy(changes))
      return copy(folder)
    },
    async delete(actor, id) {
      rowOf(actor, id)
      removeWhere(tables.folders, ({ folder }) => folder.id === id)
      for (const { document } of tables.documents) if (document.folderId === id) document.folderId = null
    },
    async summary(actor, id, limit) {
      rowOf(actor, id)
      const own = mine(actor, tables.documents).filter(({ document }) => document.folderId === id)
      const failed = own.filter(({ document }) => document.status === "failed")
      const errors = failed.flatMap(({ document: { path, error } }) => (error ? [{ path, error: copy(error) }] : []))
      errors.sort((a, b) => (a.path < b.path ? -1 : 1))
      return { documents: own.length, failed: failed.length, errors: errors.slice(0, limit) }
    },
    async documents(actor, id, below, separator) {
      rowOf(actor, id)
      return mine(actor, tables.documents).flatMap(({ document }) => {
        const { filePath } = document
        if (document.folderId !== id || filePath === null) return []
        if (below !== null && filePath !== below && !filePath.startsWith(below + separator)) return []
        return [
          {
            id: document.id,
            path: document.path,
            filePath,
            title: document.title,
            contentHash: document.contentHash,
            sizeBytes: document.sizeBytes,
            fileStamp: document.fileStamp ?? null,
            status: document.status,
          },
        ]
      })
    },
  }
}
