import type { Collection, Document, DocumentStage } from "#contract/documents.ts"
import type { Sharing } from "#contract/sharing.ts"
import type { Actor } from "#core/actor.ts"
import type { NewChunk } from "./chunks.ts"
import type { Page } from "./page.ts"

export interface CollectionRepository {
  create(
    actor: Actor,
    values: {
      name: string
      isSample?: boolean
      /** Real path of an `--docs` folder: one collection per path. */
      sourcePath?: string
      /** Default: private. */
      sharing?: Sharing
    },
  ): Promise<Collection>
  get(actor: Actor, id: string): Promise<Collection>
  /** Of the actor's own. */
  findByName(actor: Actor, name: string): Promise<Collection | null>
  findBySourcePath(actor: Actor, path: string): Promise<Collection | null>
  /** The actor's own and those shared with them. */
  list(actor: Actor): Promise<Collection[]>
  /** Unknown people throw `person.not-found`. */
  setSharing(actor: Actor, id: string, sharing: Sharing): Promise<Collection>
  setLeaving(actor: Actor, id: string, mayLeave: boolean): Promise<Collection>
  rename(actor: Actor, id: string, name: string): Promise<Collection>
  delete(actor: Actor, id: string): Promise<void>
}

export interface NewDocument {
  collectionId: string
  title: string
  path: string
  kind: Document["kind"]
  sizeBytes: number
  /** Absolute path of a file that stays where it is, or of the kept upload. Never leaves the core. */
  filePath: string | null
  /** sha256 of the file's bytes. */
  contentHash: string
  /** Address of a web page. Absent: as noted before. */
  url?: string | null
  /** The watched folder it belongs to. Absent: as it was. */
  folderId?: string | null
  /** How the file looked when its bytes were read, see `fileStamp`. Absent or null: unknown, it is read again at the next look. */
  fileStamp?: string | null
}

/** A document as the core keeps it: the public row and what stays inside. */
export type DocumentRecord = Document & { filePath: string | null; contentHash: string; fileStamp: string | null }

/** Everything that becomes searchable at once, in one transaction. */
export interface DocumentContent {
  text: string
  pages: { page: number; start: number }[]
  pageCount: number | null
  /** When the text from `start` on is spoken. Absent for formats without times. */
  times?: TextTime[]
  datedAt?: number | null
  chunks: NewChunk[]
  /** Vectors of the chunks, in order; null when they will follow. */
  vectors: Float32Array[] | null
  fingerprint: string | null
  /** Title and kind as the file itself tells them. Absent: as they were. */
  title?: string
  kind?: Document["kind"]
  /** The bytes this was made of. When the document has been noted with others since, nothing is written. Absent: not checked. */
  contentHash?: string
}

/** Milliseconds of the text from the offset `start` to the next entry. */
export interface TextTime {
  start: number
  startMs: number
  endMs: number
}

export interface DocumentRepository {
  /**
   * Creates, or returns the row of the same collection and path with its changed bytes noted. Passages made of other bytes leave the
   * search at once; those that come again with the same words keep their ids.
   */
  upsert(actor: Actor, document: NewDocument): Promise<{ document: DocumentRecord; isUnchanged: boolean }>
  get(actor: Actor, id: string): Promise<DocumentRecord>
  list(
    actor: Actor,
    query: { collectionId?: string; status?: Document["status"]; q?: string; cursor?: string; limit: number },
  ): Promise<Page<DocumentRecord>>
  setStage(
    actor: Actor,
    id: string,
    stage: DocumentStage,
    status: Document["status"],
    error?: Document["error"],
    /** When the document has been noted with other bytes since, nothing is set. Absent: not checked. */
    contentHash?: string,
  ): Promise<void>
  /**
   * Replaces the document's text, chunks, words and vectors atomically, and marks it ready. False: the file has changed since
   * (see `contentHash`), nothing was written.
   */
  writeContent(actor: Actor, id: string, content: DocumentContent): Promise<boolean>
  /** The same bytes lie elsewhere: ids, passages and vectors stay. A document that was listed under this path goes. */
  move(
    actor: Actor,
    id: string,
    to: { path: string; filePath: string; title: string; fileStamp: string | null; folderId: string },
  ): Promise<void>
  /** The files were looked at: same bytes, new stamps. */
  setStamps(actor: Actor, stamps: { id: string; fileStamp: string | null }[]): Promise<void>
  text(
    actor: Actor,
    id: string,
  ): Promise<{ text: string; pages: { page: number; start: number }[]; times?: TextTime[] }>
  /** Replaces the document's tags. */
  setTags(actor: Actor, id: string, tags: string[]): Promise<DocumentRecord>
  delete(actor: Actor, id: string): Promise<void>
}
