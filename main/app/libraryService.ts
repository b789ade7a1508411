import type { Actor } from "#core/actor.ts"
import type { Jobs } from "#core/jobs.ts"
import type { Documents } from "#rag/documents.ts"
import type { Folders } from "#rag/folders/folders.ts"
import type { CollectionService, DocumentService } from "#server/deps.ts"
import type { Store } from "#store/types.ts"

export interface LibraryServiceDeps {
  store: Pick<Store, "collections" | "documents">
  documents: Documents
  folders: Folders
  jobs: Pick<Jobs, "active" | "cancel">
  /** Null: more than one document changed. */
  onChange(documentId: string | null, actor: Actor): void
}

/** What the collection and document routes call: what is deleted leaves the watched folders and the running jobs too. */
export function createLibraryService(deps: LibraryServiceDeps): {
  collections: CollectionService
  documents: DocumentService
} {
  const { store, documents, folders, jobs, onChange } = deps
  return {
    collections: {
      ...store.collections,
      async delete(actor, id) {
        await folders.forgetCollection(actor, id)
        for (const job of jobs.active())
          if (job.kind === "ingest" && job.subjectId === id) await jobs.cancel(actor, job.id)
        await store.collections.delete(actor, id)
        await documents.forgetCollection(id)
        onChange(null, actor)
      },
    },
    documents: {
      ...documents,
      addText: (actor, { title, text }, collectionId) => documents.addText(actor, text, title, collectionId),
      async delete(actor, id) {
        const document = await store.documents.get(actor, id)
        await folders.leaveOut(actor, document)
        await documents.delete(actor, id)
        onChange(id, actor)
      },
      async setTags(actor, id, tags) {
        const changed = await documents.setTags(actor, id, tags)
        onChange(id, actor)
        return changed
      },
    },
  }
}
