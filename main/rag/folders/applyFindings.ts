import { kindOfName } from "#contract/documentKinds.ts"
import type { Actor } from "#core/actor.ts"
import { AppError } from "#core/errors.ts"
import type { FolderRecord, Store } from "#store/types.ts"
import type { EarlierVectors, Target } from "../ingest/work.ts"
import type { Ingest } from "../ingest.ts"
import type { Findings } from "./lookAtFolder.ts"

/** Up to this many files are read at once and unannounced; more become a job with progress. */
export const fewFiles = 20

export interface ApplyFindingsDeps {
  documents: Store["documents"]
  ingest: Pick<Ingest, "remember">
  /** Whether the file is on its way to being read as it is. */
  isReading(filePath: string): boolean
}

/** Takes everything out of the search that a look has found to be untrue, and says what is to be read. */
export async function applyFindings(
  actor: Actor,
  folder: FolderRecord,
  found: Findings,
  { documents, ingest, isReading }: ApplyFindingsDeps,
): Promise<Target[]> {
  for (const { id } of found.gone) await ignoringAbsence(documents.delete(actor, id))
  for (const { document, file, path, title, fileStamp } of found.moved) {
    const to = { path, filePath: file.filePath, title, fileStamp, folderId: folder.id }
    await ignoringAbsence(documents.move(actor, document.id, to))
  }
  const targets: Target[] = []
  for (const { file, path, document, contentHash, sizeBytes } of found.toRead) {
    let earlier: EarlierVectors | null = null
    if (document && contentHash !== null) {
      if (contentHash === document.contentHash && isReading(file.filePath)) continue
      if (contentHash !== document.contentHash) {
        // Only for few files: the vectors of a whole checkout would fill the memory.
        if (found.toRead.length <= fewFiles) earlier = await ingest.remember(actor, document.id)
        await documents.upsert(actor, {
          collectionId: folder.collectionId,
          title: document.title,
          path,
          kind: kindOfName(file.relativePath) ?? "unknown",
          sizeBytes,
          filePath: file.filePath,
          contentHash,
          folderId: folder.id,
          fileStamp: null,
        })
      }
    }
    targets.push({
      collectionId: folder.collectionId,
      filePath: file.filePath,
      relativePath: path,
      folderId: folder.id,
      isNamed: false,
      isForced: false,
      maxBytes: folder.maxFileBytes,
      ...(earlier ? { earlier } : {}),
    })
  }
  if (found.stamps.length > 0) await documents.setStamps(actor, found.stamps)
  return targets
}

/** Removed by the person in the meantime: then there is nothing to do. */
async function ignoringAbsence(work: Promise<void>): Promise<void> {
  try {
    await work
  } catch (error) {
    if (!(error instanceof AppError && error.code === "document.not-found")) throw error
  }
}
