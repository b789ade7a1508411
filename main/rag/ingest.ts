import { createHash } from "node:crypto"
import { readFile, stat } from "node:fs/promises"
import { basename, extname, sep } from "node:path"
import type { Document, DocumentStage } from "#contract/documents.ts"
import type { Actor } from "#core/actor.ts"
import { AppError, errorInfo, isAbort } from "#core/errors.ts"
import type { Logger } from "#core/logger.ts"
import type { Embedder } from "#engines/types.ts"
import type { DocumentRecord, NewChunk, Store } from "#store/types.ts"
import { chunkDocument } from "./chunk.ts"
import type { ParsedDocument } from "./parse/contract.ts"
import type { Parser } from "./parse/createParser.ts"
import { kindOfName } from "./parse/detectKind.ts"
import { passageInput } from "./passageInput.ts"
import { prefetch } from "./prefetch.ts"
import type { VectorIndex } from "./vectorIndex.ts"
import { walkFolder } from "./walkFolder.ts"

/** What an ingest job has to do; kept with the job, so that it goes on after a restart. */
export type IngestPayload =
  /** A file or a folder of this machine, which stays where it is. */
  | { type: "path"; collectionId: string; path: string }
  /** Files by absolute path, each with the path it is listed under. */
  | { type: "files"; collectionId: string; files: { filePath: string; relativePath: string }[] }
  /** One document, read again even when its bytes are the same. */
  | { type: "document"; documentId: string }

export interface IngestProgress {
  /** Files finished: indexed, unchanged or failed. */
  done: number
  total: number
  /** Path of the file in work, as it is listed. */
  current: string | null
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
  /** After a cancel nothing stays half-listed: what was never indexed goes, what was indexed before stays as it was. */
  discard(actor: Actor, payload: IngestPayload): Promise<void>
}

/** Bytes of one file. */
export const largestFileBytes = 200 * 1024 * 1024
/** Documents with more chunks are written at once, for search by words, and get their vectors when the rest is done. */
const deferredFrom = 256
const embedBatch = 32
const stagesAhead = 1
/** Room for title and headings in what the embedder reads. */
const reservedTokens = 40

interface Target {
  filePath: string
  relativePath: string
  /** A file named by the person is looked into whatever its name; in a folder the name decides. */
  isNamed: boolean
  isForced: boolean
}
/** A file on its way: each stage adds its part, or `error` ends the way. */
interface Work {
  document: DocumentRecord
  stage: DocumentStage
  bytes?: Uint8Array
  parsed?: ParsedDocument
  chunks?: NewChunk[]
  vectors?: Float32Array[] | null
  fingerprint?: string | null
  error?: unknown
}

export function createIngest(deps: IngestDeps): Ingest {
  const { store, log } = deps
  const { documents } = store

  async function setStage(
    actor: Actor,
    { document }: Work,
    stage: DocumentStage,
    status: Document["status"],
    error?: Document["error"],
  ): Promise<void> {
    await documents.setStage(actor, document.id, stage, status, error)
    deps.onDocument?.(document)
  }

  async function run(actor: Actor, payload: IngestPayload, { signal, progress }: RunOptions): Promise<IngestSummary> {
    const summary: IngestSummary = { indexed: 0, unchanged: 0, failed: 0, removed: 0 }
    const { targets, collectionId, root } = await targetsOf(actor, payload, signal)
    const report = (current: string | null): void =>
      progress({ done: summary.indexed + summary.unchanged + summary.failed, total: targets.length, current })
    report(null)

    /** Registers the files; those that need no work end here. */
    async function* changed(): AsyncGenerator<Work> {
      for (const target of targets) {
        signal.throwIfAborted()
        const { work, outcome } = await register(actor, collectionId, target)
        deps.onDocument?.(work.document)
        if (outcome !== "changed") {
          summary[outcome]++
          report(target.relativePath)
          continue
        }
        yield work
      }
    }

    /** A stage as a step of the pipeline: failed works pass through untouched. */
    async function* through(
      source: AsyncIterable<Work>,
      stage: DocumentStage,
      step: (work: Work) => Promise<void>,
    ): AsyncGenerator<Work> {
      for await (const work of prefetch(source, stagesAhead)) {
        signal.throwIfAborted()
        if (work.error === undefined) {
          try {
            work.stage = stage
            await setStage(actor, work, stage, "working")
            await step(work)
          } catch (error) {
            if (isAbort(error, signal)) throw error
            work.error = error
          }
        }
        yield work
      }
    }

    const parsed = through(changed(), "parse", async (work) => {
      const fileName = basename(work.document.path)
      work.parsed = await deps.parser.parse({ bytes: work.bytes ?? new Uint8Array(), fileName }, signal)
      delete work.bytes
    })
    const chunked = through(parsed, "chunk", async (work) => {
      work.chunks = await chunk(work.parsed as ParsedDocument)
    })
    const embedded = through(chunked, "embed", (work) => embed(work, signal))
    const written = through(embedded, "write", (work) => write(actor, work))
    for await (const work of written) {
      if (work.error === undefined) summary.indexed++
      else {
        summary.failed++
        await fail(actor, work)
      }
      deps.onDocument?.(work.document)
      report(work.document.path)
    }
    if (root !== null) summary.removed = await removeGone(actor, collectionId, root, targets)
    await fillVectors(actor, signal)
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
      const record = await documents.get(actor, payload.documentId)
      if (record.filePath === null) throw new AppError("document.unreadable", "The document has no file to read again.")
      const target = { filePath: record.filePath, relativePath: record.path, isNamed: true, isForced: true }
      return { targets: [target], collectionId: record.collectionId, root: null }
    }
    const { collectionId } = payload
    if (payload.type === "files") {
      const targets = payload.files.map((file) => ({ ...file, isNamed: true, isForced: false }))
      return { targets, collectionId, root: null }
    }
    const info = await stat(payload.path).catch((cause) => {
      throw unreadable(cause)
    })
    const name = basename(payload.path)
    if (!info.isDirectory()) {
      const target = { filePath: payload.path, relativePath: name, isNamed: true, isForced: false }
      return { targets: [target], collectionId, root: null }
    }
    const targets: Target[] = []
    for await (const found of walkFolder(payload.path, signal)) {
      targets.push({ ...found, relativePath: `${name}/${found.relativePath}`, isNamed: false, isForced: false })
    }
    return { targets, collectionId, root: payload.path }
  }

  /** Reads a file and notes it in the store. What cannot be read at all is noted as failed. */
  async function register(
    actor: Actor,
    collectionId: string,
    target: Target,
  ): Promise<{ work: Work; outcome: "changed" | "unchanged" | "failed" }> {
    const { filePath, relativePath } = target
    const kind = kindOfName(relativePath)
    const note = (contentHash: string, sizeBytes: number) =>
      documents.upsert(actor, {
        collectionId,
        title: basename(relativePath, extname(relativePath)),
        path: relativePath,
        kind: kind ?? "unknown",
        sizeBytes,
        filePath,
        contentHash,
      })
    let sizeBytes = 0
    try {
      const info = await stat(filePath)
      sizeBytes = info.size
      if (kind === null && !target.isNamed) throw unsupported()
      if (sizeBytes > largestFileBytes) throw tooLarge()
      const bytes = await readFile(filePath)
      const contentHash = createHash("sha256").update(bytes).digest("hex")
      const { document, isUnchanged } = await note(contentHash, sizeBytes)
      return {
        work: { document, stage: "parse", bytes },
        outcome: isUnchanged && !target.isForced ? "unchanged" : "changed",
      }
    } catch (error) {
      const known = error instanceof AppError ? error : unreadable(error)
      if (!known.code.startsWith("document.")) throw error
      const { document } = await note(`unread:${sizeBytes}`, sizeBytes)
      const work: Work = { document, stage: "parse", error: known }
      await fail(actor, work)
      return { work, outcome: "failed" }
    }
  }

  /** Sized by the embedder's own count of tokens; by rule of thumb where it cannot count. */
  async function chunk(parsed: ParsedDocument): Promise<NewChunk[]> {
    const embedder = deps.embedder()
    const targetTokens = Math.min(200, Math.max(64, (embedder?.maxTokens ?? 256) - reservedTokens))
    const rough = async (texts: string[]): Promise<number[]> => texts.map(roughTokens)
    if (!embedder) return chunkDocument(parsed, rough, { targetTokens })
    try {
      return await chunkDocument(parsed, (texts) => embedder.countTokens(texts), { targetTokens })
    } catch (error) {
      log.warn("tokens are estimated: the embedder cannot count", { error })
      return chunkDocument(parsed, rough, { targetTokens })
    }
  }

  /** Without an embedder, or when it fails, the document is still found by words; `fillVectors` catches up. */
  async function embed(work: Work, signal: AbortSignal): Promise<void> {
    const embedder = deps.embedder()
    const { parsed, chunks = [] } = work
    work.vectors = null
    work.fingerprint = null
    if (!embedder || !parsed || chunks.length > deferredFrom) return
    const vectors: Float32Array[] = []
    try {
      for (let from = 0; from < chunks.length; from += embedBatch) {
        signal.throwIfAborted()
        const texts = chunks
          .slice(from, from + embedBatch)
          .map((chunk) => passageInput({ title: parsed.title, ...chunk }))
        vectors.push(...(await embedder.embed(texts, "passage", signal)))
      }
      work.vectors = vectors
      work.fingerprint = embedder.fingerprint
    } catch (error) {
      if (isAbort(error, signal)) throw error
      log.warn("a document is found by words only until its vectors are made", { documentId: work.document.id, error })
    }
  }

  async function write(actor: Actor, work: Work): Promise<void> {
    const { document, parsed, chunks, vectors = null, fingerprint = null } = work
    if (!parsed || !chunks) return
    const { collectionId, path, sizeBytes, filePath, contentHash } = document
    // Title and kind are known only now, and the word index takes the title from the row.
    await documents.upsert(actor, {
      collectionId,
      path,
      sizeBytes,
      filePath,
      contentHash,
      title: parsed.title,
      kind: parsed.kind,
    })
    const { text, pages, pageCount } = parsed
    await documents.writeContent(actor, document.id, { text, pages, pageCount, chunks, vectors, fingerprint })
    if (fingerprint !== null) await deps.vectorIndex.written(fingerprint)
  }

  async function fail(actor: Actor, work: Work): Promise<void> {
    const info = errorInfo(work.error)
    if (info.code === "internal")
      log.error("a document could not be indexed", { documentId: work.document.id, error: work.error })
    try {
      await setStage(actor, work, work.stage, "failed", info)
    } catch (error) {
      // Removed by the person while it was read: there is nothing left to report on.
      if (!(error instanceof AppError && error.code === "document.not-found")) throw error
    }
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

  async function fillVectors(actor: Actor, signal: AbortSignal): Promise<void> {
    try {
      if (await deps.vectorIndex.needsRebuild()) await deps.vectorIndex.rebuild(actor, signal, () => {})
    } catch (error) {
      if (isAbort(error, signal)) throw error
      log.warn("vectors could not be completed", { error })
    }
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

  return { run, discard }
}

/** English text has about four characters per token. */
const roughTokens = (text: string): number => Math.ceil(text.length / 4)

const unsupported = (): AppError =>
  new AppError("document.unsupported", "Files of this type are not read.", {
    remedy: "Supported are txt, md, html, pdf and docx.",
  })

const tooLarge = (): AppError =>
  new AppError("document.too-large", "The file is larger than 200 MB.", { remedy: "Split it into smaller files." })

const unreadable = (cause: unknown): AppError =>
  new AppError("document.unreadable", "The file cannot be opened.", {
    remedy: "Check that it exists and that you may read it, then add it again.",
    cause,
  })
