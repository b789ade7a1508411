import { create } from "zustand"
import type { Collection, Document } from "#contract/documents.ts"
import type { Sharing } from "#contract/sharing.ts"
import { api } from "../../api/client.ts"
import { subscribe } from "../../api/socket.ts"
import { attempt, toastFailure } from "../frame/attempt.ts"
import { toast } from "../frame/frameStore.ts"
import { loadJobs } from "../frame/jobsStore.ts"
import type { DroppedFile } from "./droppedFiles.ts"
import { strings } from "./strings.ts"

interface DocumentsState {
  collections: Collection[]
  areCollectionsLoaded: boolean
  documents: Document[]
  next: string | null
  /** Which list `documents` is: a collection's id, or null for all. */
  listedCollectionId: string | null
  query: string
  isLoaded: boolean
  error: unknown
}

export const useDocuments = create<DocumentsState>(() => ({
  collections: [],
  areCollectionsLoaded: false,
  documents: [],
  next: null,
  listedCollectionId: null,
  query: "",
  isLoaded: false,
  error: null,
}))

const set = useDocuments.setState
const get = useDocuments.getState

export async function loadCollections(): Promise<void> {
  try {
    const { items } = await api("GET /api/collections")
    set({ collections: items, areCollectionsLoaded: true })
  } catch (error) {
    set({ error })
  }
}

/** Documents of one collection or all, filtered by words of their name. */
export async function loadDocuments(collectionId: string | null, query = ""): Promise<void> {
  const isSameList = get().listedCollectionId === collectionId && get().query === query
  set({ listedCollectionId: collectionId, query, ...(isSameList ? {} : { documents: [], isLoaded: false }) })
  try {
    const { items, next } = await api("GET /api/documents", {
      query: { limit: 5000, ...(collectionId ? { collectionId } : {}), ...(query ? { q: query } : {}) },
    })
    // An answer to an older question is not shown.
    if (get().listedCollectionId !== collectionId || get().query !== query) return
    set({ documents: items, next, isLoaded: true, error: null })
  } catch (error) {
    set({ error, isLoaded: true })
  }
}

export function followDocuments(): () => void {
  let timer: ReturnType<typeof setTimeout> | null = null
  const stop = subscribe("documents", (message) => {
    if (message.type !== "changed" || timer) return
    // A folder of files changes many times a second; four looks a second are enough.
    timer = setTimeout(() => {
      timer = null
      const { listedCollectionId, query, isLoaded } = get()
      void loadCollections()
      if (isLoaded) void loadDocuments(listedCollectionId, query)
    }, 250)
  })
  return () => {
    if (timer) clearTimeout(timer)
    stop()
  }
}

/** Files per request: a large folder arrives piece by piece, and its first files are ready early. */
const uploadBatch = 50

export async function addFiles(files: readonly DroppedFile[], collectionId: string | null): Promise<string | null> {
  if (files.length === 0) return null
  let target = collectionId
  try {
    for (let start = 0; start < files.length; start += uploadBatch) {
      const batch = files.slice(start, start + uploadBatch)
      const answer = await api("POST /api/documents/upload", {
        fields: {
          paths: JSON.stringify(batch.map((entry) => entry.path)),
          ...(target ? { collectionId: target } : {}),
        },
        files: batch.map((entry) => entry.file),
      })
      target = answer.collectionId
    }
    toast(strings.added(files.length))
  } catch (error) {
    toastFailure(error)
  }
  await Promise.all([loadCollections(), loadJobs().catch(() => undefined)])
  if (get().isLoaded) await loadDocuments(get().listedCollectionId, get().query)
  return target
}

/** A file or folder of this machine, read where it lies. */
export async function addPath(path: string, collectionId: string | null): Promise<void> {
  await attempt(async () => {
    await api("POST /api/documents/add-path", { body: { path, ...(collectionId ? { collectionId } : {}) } })
    await Promise.all([loadCollections(), loadJobs()])
    if (get().isLoaded) await loadDocuments(get().listedCollectionId, get().query)
  })
}

/** A page of the web, fetched by the core. */
export async function addPage(url: string, collectionId: string | null): Promise<void> {
  await attempt(async () => {
    await api("POST /api/documents/add-page", { body: { url, ...(collectionId ? { collectionId } : {}) } })
    toast(strings.pageAdded(url.replace(/^https?:\/\//, "")))
    await Promise.all([loadCollections(), loadJobs()])
    if (get().isLoaded) await loadDocuments(get().listedCollectionId, get().query)
  })
}

/** @param sharing Default: only oneself. */
export async function createCollection(name: string, sharing?: Sharing): Promise<Collection | null> {
  return attempt(async () => {
    const created = await api("POST /api/collections", { body: { name, ...(sharing ? { sharing } : {}) } })
    await loadCollections()
    return created
  })
}

export async function renameCollection(id: string, name: string): Promise<void> {
  await attempt(async () => {
    await api("PATCH /api/collections/:id", { params: { id }, body: { name } })
    await loadCollections()
  })
}

/** Whether passages of it may be sent to servers that may see documents. Throws `ApiError`. */
export async function changeCollectionLeaving(id: string, mayLeave: boolean): Promise<void> {
  await api("PUT /api/collections/:id/leaving", { params: { id }, body: { mayLeave } })
  await loadCollections()
}

export async function deleteCollection(id: string): Promise<void> {
  await attempt(async () => {
    await api("DELETE /api/collections/:id", { params: { id } })
    await loadCollections()
    await loadDocuments(null, "")
  })
}

export async function reindexDocument(id: string): Promise<void> {
  await attempt(async () => {
    await api("POST /api/documents/:id/reindex", { params: { id } })
    await loadDocuments(get().listedCollectionId, get().query)
  })
}

export async function setTags(id: string, tags: string[]): Promise<void> {
  await attempt(async () => {
    const changed = await api("PATCH /api/documents/:id", { params: { id }, body: { tags } })
    set((state) => ({ documents: state.documents.map((entry) => (entry.id === id ? changed : entry)) }))
  })
}

export async function removeDocument(id: string): Promise<void> {
  await attempt(async () => {
    await api("DELETE /api/documents/:id", { params: { id } })
    set((state) => ({ documents: state.documents.filter((entry) => entry.id !== id) }))
    await loadCollections()
  })
}
