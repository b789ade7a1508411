import { stat } from "node:fs/promises"
import { basename, sep } from "node:path"
import type { Actor } from "#core/actor.ts"
import { AppError } from "#core/errors.ts"
import type { Logger } from "#core/logger.ts"
import type { Embedder } from "#engines/types.ts"
import type { Store } from "#store/types.ts"
import type { Chunking } from "./chunking.ts"
import { createIndexFiles, type IndexFiles } from "./ingest/indexFiles.ts"
import { createVectorStages, type VectorStages } from "./ingest/vectorStages.ts"
import { type Target, unreadable } from "./ingest/work.ts"
import type { Parser } from "./parse/createParser.ts"
import type { VectorIndex } from "./vectorIndex.ts"
import { walkFolder } from "./walkFolder.ts"

/** What an ingest job has to do; kept with the job, so that it goes on after a restart. */
export type IngestPayload =
  /** A file or a folder of this machine, which stays where it is. */
  | { type: "path"; collectionId: string; path: string }
  /** Files by absolute path, each with the path it is listed under. */
  | { type: "files"; collectionId: string; files: { filePath: string; relativePath: string }[] }
  /** A page of the web: fetched before, then one of the files. */
  | { type: "page"; collectionId: string; url: string }
  /** One document, read again even when its bytes are the same. */
  | { type: "document"; documentId: string }

export interface IngestProgress {
  /** Files finished: indexed, unchanged or failed. */
  done: number
  total: number
  /** Path of the file in work, as it is listed. */
  current: string | null
  /** Bytes of the finished files, and passages made of them. */
  bytes: number
  passages: number
}

export interface IngestSummary {
  indexed: number
  unchanged: number
  failed: number
  removed: number
}

export interface IngestDeps {
  store: Pick<Store, "documents" | "chunks">
  parser: Parser
  /** The embedder in use now. Null: documents are found by words until vectors follow. */
  embedder: () => Embedder | null
  /** How documents are split now. Default: as shipped. */
  chunking?: () => Chunking
  vectorIndex: VectorIndex
  /** Hears of every change of a document's stage or status. */
  onDocument?: (document: { id: string; collectionId: string }) => void
  log: Logger
}

export interface RunOptions {
  signal: AbortSignal
  progress: (progress: IngestProgress) => void
}

export interface Ingest {
  /** One bad file never ends the run: it is marked as failed, with its reason. Throws only when the path itself cannot be read. */
  run(actor: Actor, payload: IngestPayload, options: RunOptions): Promise<IngestSummary>
  index: IndexFiles
  /** Called before a document is noted with other bytes: the vectors it has. */
  remember: VectorStages["remember"]
  /** After a cancel nothing stays half-listed: what was never indexed goes, what was indexed before stays as it was. */
  discard(actor: Actor, payload: IngestPayload): Promise<void>
}

export function createIngest(deps: IngestDeps): Ingest {
  const { store, parser, embedder, chunking, vectorIndex, onDocument, log } = deps
  const { documents } = store
  const vectors = createVectorStages({ chunks: store.chunks, embedder, vectorIndex, onDocument, log })
  const index = createIndexFiles({ documents, parser, embedder, chunking, vectorIndex, vectors, onDocument, log })

  async function run(actor: Actor, payload: IngestPayload, { signal, progress }: RunOptions): Promise<IngestSummary> {
    const summary: IngestSummary = { indexed: 0, unchanged: 0, failed: 0, removed: 0 }
    const { targets, collectionId, root } = await targetsOf(actor, payload, signal)
    let bytes = 0
    let passages = 0
    const report = (current: string | null): void => {
      const done = summary.indexed + summary.unchanged + summary.failed
      progress({ done, total: targets.length, current, bytes, passages })
    }
    report(null)
    // A file that changes while it is read is read again, but one that never rests does not keep the run.
    let next: Target[] = targets
    for (let round = 0; round < 3 && next.length > 0; round++) {
      const again: Target[] = []
      const isLast = round === 2
      await index(
        actor,
        next,
        (outcome) => {
          if (outcome.kind === "outdated" && !isLast) {
            again.push(outcome.target)
            return
          }
          summary[outcome.kind === "outdated" ? "indexed" : outcome.kind]++
          bytes += outcome.sizeBytes
          passages += outcome.passages
          report(outcome.target.relativePath)
        },
        signal,
      )
      next = again
    }
    if (root !== null) summary.removed = await removeGone(actor, collectionId, root, targets)
    await vectors.fillVectors(actor, signal)
    report(null)
    return summary
  }

  /** The files to look at. `root`: the folder whose vanished files are to be removed. */
  async function targetsOf(
    actor: Actor,
    payload: IngestPayload,
    signal: AbortSignal,
  ): Promise<{ targets: Target[]; collectionId: string; root: string | null }> {
    if (payload.type === "document") {
      const { filePath, path, collectionId } = await documents.get(actor, payload.documentId)
      if (filePath === null) throw new AppError("document.unreadable", "The document has no file to read again.")
      const target = { collectionId, filePath, relativePath: path, isNamed: true, isForced: true }
      return { targets: [target], collectionId, root: null }
    }
    const { collectionId } = payload
    if (payload.type === "files") {
      const targets = payload.files.map((file) => ({ ...file, collectionId, isNamed: true, isForced: false }))
      return { targets, collectionId, root: null }
    }
    if (payload.type === "page") throw new AppError("page.unreachable", "The page was not fetched.")
    const info = await stat(payload.path).catch((cause) => {
      throw unreadable(cause)
    })
    const name = basename(payload.path)
    if (!info.isDirectory()) {
      const target = { collectionId, filePath: payload.path, relativePath: name, isNamed: true, isForced: false }
      return { targets: [target], collectionId, root: null }
    }
    const targets: Target[] = []
    for await (const found of walkFolder(payload.path, signal)) {
      const relativePath = `${name}/${found.relativePath}`
      targets.push({ ...found, collectionId, relativePath, isNamed: false, isForced: false })
    }
    return { targets, collectionId, root: payload.path }
  }

  /** Files that are gone from an added folder leave the index. */
  async function removeGone(
    actor: Actor,
    collectionId: string,
    root: string,
    targets: readonly Target[],
  ): Promise<number> {
    const present = new Set(targets.map((target) => target.filePath))
    const gone: string[] = []
    let cursor: string | undefined
    do {
      const page = await documents.list(actor, { collectionId, limit: 500, ...(cursor ? { cursor } : {}) })
      for (const document of page.items) {
        if (document.filePath?.startsWith(root + sep) && !present.has(document.filePath)) gone.push(document.id)
      }
      cursor = page.next ?? undefined
    } while (cursor)
    for (const id of gone) {
      await documents.delete(actor, id)
      deps.onDocument?.({ id, collectionId })
    }
    return gone.length
  }

  async function discard(actor: Actor, payload: IngestPayload): Promise<void> {
    if (payload.type === "document") return
    for (const status of ["queued", "working"] as const) {
      const { items } = await documents.list(actor, { collectionId: payload.collectionId, status, limit: 5000 })
      for (const document of items) {
        if (document.chunkCount === 0) await documents.delete(actor, document.id)
        else await documents.setStage(actor, document.id, "ready", "ready")
        deps.onDocument?.(document)
      }
    }
  }

  return { run, index, remember: vectors.remember, discard }
}
