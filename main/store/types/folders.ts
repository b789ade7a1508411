import type { Document } from "#contract/documents.ts"
import type { Actor } from "#core/actor.ts"

/** A folder of the person that is kept up with. */
export interface FolderRecord {
  id: string
  collectionId: string
  /** Absolute, without links. Never leaves the core except to its owner. */
  path: string
  /** First part of the paths its documents are listed under; unique in the collection. */
  name: string
  /** Lines as in a .gitignore. */
  excludes: string[]
  /** Whether .gitignore files inside the folder count too. */
  followsGitignore: boolean
  maxFileBytes: number
  isPaused: boolean
  /** False while the folder cannot be reached: its documents are kept as they are. */
  isReachable: boolean
  /** Device and number of the folder when it was last read: an unmounted drive leaves another, empty one in its place. */
  identity: string | null
  createdAt: number
}

/** What is compared with the files on the disk. */
export interface FolderDocument {
  id: string
  path: string
  filePath: string
  title: string
  contentHash: string
  sizeBytes: number
  fileStamp: string | null
  status: Document["status"]
}

export interface FolderSummary {
  documents: number
  failed: number
  errors: { path: string; error: NonNullable<Document["error"]> }[]
}

export interface FolderRepository {
  /** Throws `request.conflict` when the collection already has this path or name. */
  create(
    actor: Actor,
    folder: Pick<FolderRecord, "collectionId" | "path" | "name" | "excludes" | "followsGitignore" | "maxFileBytes">,
  ): Promise<FolderRecord>
  get(actor: Actor, id: string): Promise<FolderRecord>
  list(actor: Actor): Promise<FolderRecord[]>
  update(
    actor: Actor,
    id: string,
    changes: Partial<
      Pick<FolderRecord, "excludes" | "followsGitignore" | "maxFileBytes" | "isPaused" | "isReachable" | "identity">
    >,
  ): Promise<FolderRecord>
  /** Its documents stay, without a folder. */
  delete(actor: Actor, id: string): Promise<void>
  /** How many documents the folder has, how many of them failed, and the first of those with what is wrong. */
  summary(actor: Actor, id: string, limit: number): Promise<FolderSummary>
  /** Documents of the folder; with `below`, those at this path or under it. `separator` is the one of the paths. */
  documents(actor: Actor, id: string, below: string | null, separator: string): Promise<FolderDocument[]>
}
