import type { Collection, Document, DocumentSource } from "#contract/documents.ts"
import type { Folder } from "#contract/folders.ts"
import type { SearchIndex } from "#contract/searchIndex.ts"
import type { Sharing } from "#contract/sharing.ts"
import type { Actor } from "#core/actor.ts"
import type { Page } from "./page.ts"

export interface CollectionService {
  create(actor: Actor, values: { name: string; sharing?: Sharing }): Promise<Collection>
  list(actor: Actor): Promise<Collection[]>
  rename(actor: Actor, id: string, name: string): Promise<Collection>
  setLeaving(actor: Actor, id: string, mayLeave: boolean): Promise<Collection>
  delete(actor: Actor, id: string): Promise<void>
}

/** A file of a multipart request. It is deleted when the handler is done: move or copy what is kept. */
export interface UploadedFile {
  /** Where its bytes lie now. */
  path: string
  /** The name the client gave, without folders. */
  name: string
  sizeBytes: number
}

export interface DocumentService {
  list(
    actor: Actor,
    query: { collectionId?: string; status?: Document["status"]; q?: string; cursor?: string; limit: number },
  ): Promise<Page<Document>>
  get(actor: Actor, id: string): Promise<Document>
  source(actor: Actor, id: string, chunkId: string | null): Promise<DocumentSource>
  delete(actor: Actor, id: string): Promise<void>
  setTags(actor: Actor, id: string, tags: string[]): Promise<Document>
  reindex(actor: Actor, id: string): Promise<{ jobId: string }>
  /** `relativePath` is the path below a dropped folder, or the file's name. Null collection: the default one. */
  upload(
    actor: Actor,
    files: (UploadedFile & { relativePath: string })[],
    collectionId: string | null,
  ): Promise<{ jobId: string; collectionId: string }>
  addPath(actor: Actor, path: string, collectionId: string | null): Promise<{ jobId: string; collectionId: string }>
  /** Rejects with `page.refused` when the address can never be fetched; what happens on the way is told on the document. */
  addPage(actor: Actor, url: string, collectionId: string | null): Promise<{ jobId: string; collectionId: string }>
  /** Rejects with `document.unsupported` for what is no recording. */
  sound(actor: Actor, id: string): Promise<{ contentType: string; body: AsyncIterable<Uint8Array> }>
  /** Rejects with `document.unsupported` for what is no picture. */
  picture(actor: Actor, id: string): Promise<{ contentType: string; body: AsyncIterable<Uint8Array> }>
  addText(
    actor: Actor,
    text: { title: string; text: string },
    collectionId: string | null,
  ): Promise<{ jobId: string; collectionId: string }>
}

interface FolderRules {
  excludes?: string[]
  followsGitignore?: boolean
  maxFileBytes?: number
}

/** Watched folders. Unknown ids reject with `folder.not-found`. */
export interface FolderService {
  list(actor: Actor): Promise<Folder[]>
  get(actor: Actor, id: string): Promise<Folder>
  add(actor: Actor, folder: { path: string; collectionId?: string } & FolderRules): Promise<Folder>
  change(actor: Actor, id: string, changes: { isPaused?: boolean } & FolderRules): Promise<Folder>
  rescan(actor: Actor, id: string): Promise<Folder>
  remove(actor: Actor, id: string, documents: "keep" | "remove"): Promise<void>
}

export interface SearchIndexService {
  view(): Promise<SearchIndex>
  /** Rejects with `request.conflict` when nothing is refused. */
  useRefused(actor: Actor): Promise<{ jobId: string | null }>
}
