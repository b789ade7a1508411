import { createHash } from "node:crypto"
import { readFile, stat } from "node:fs/promises"
import { basename, extname, sep } from "node:path"
import { acceptedKinds, kindOfName } from "#contract/documentKinds.ts"
import type { Document, DocumentStage } from "#contract/documents.ts"
import type { Actor } from "#core/actor.ts"
import { AppError, errorInfo, isAbort } from "#core/errors.ts"
import type { Logger } from "#core/logger.ts"
import type { Embedder } from "#engines/types.ts"
import type { DocumentRecord, NewChunk, Store } from "#store/types.ts"
import { createByteGate } from "./byteGate.ts"
import { createChannel } from "./channel.ts"
import { chunkDocument } from "./chunk.ts"
import { fileStamp } from "./fileStamp.ts"
import type { ParsedDocument } from "./parse/contract.ts"
import type { Parser } from "./parse/createParser.ts"
import { passageInput } from "./passageInput.ts"
import type { VectorIndex } from "./vectorIndex.ts"
import { isStoreFull } from "./waitForSpace.ts"
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
  vectorIndex: VectorIndex
  /** Hears of every change of a document's stage or status. */
  onDocument?: (document: { id: string; collectionId: string }) => void
  log: Logger
}

export interface RunOptions {
  signal: AbortSignal
  progress: (progress: IngestProgress) => void
}

/** One file to look at. */
export interface Target {
  collectionId: string
  filePath: string
  /** The path it is listed under. */
  relativePath: string
  /** The watched folder it belongs to. Default: none. */
  folderId?: string
  /** A file named by the person is looked into whatever its name; in a folder the name decides. */
  isNamed: boolean
  isForced: boolean
  /** Default 200 MiB. */
  maxBytes?: number
  /** Vectors of its passages before it changed: those whose words stay are not made again. */
  earlier?: EarlierVectors
}

/** Vectors by what was embedded. */
export interface EarlierVectors {
  fingerprint: string
  byInput: ReadonlyMap<string, Float32Array>
}

/** What became of a file. `outdated`: it changed while it was read, and is looked at again. */
export interface Outcome {
  target: Target
  kind: "indexed" | "unchanged" | "failed" | "outdated"
  sizeBytes: number
  passages: number
  /** Its vectors follow later: see `fillVectors`. */
  isDeferred: boolean
}

export interface Ingest {
  /** One bad file never ends the run: it is marked as failed, with its reason. Throws only when the path itself cannot be read. */
  run(actor: Actor, payload: IngestPayload, options: RunOptions): Promise<IngestSummary>
  /**
   * Reads, splits, embeds and writes files as they come: bounded stages that work at the same time and hold each other back. Every
   * document is written as soon as it is complete. Ends when the files do.
   */
  index(
    actor: Actor,
    targets: AsyncIterable<Target> | Iterable<Target>,
    onOutcome: (outcome: Outcome) => void,
    signal: AbortSignal,
  ): Promise<void>
  /** The vectors of a document that is about to be noted with other bytes. Null: it has none of the embedder in use. */
  remember(actor: Actor, documentId: string): Promise<EarlierVectors | null>
  /** After a cancel nothing stays half-listed: what was never indexed goes, what was indexed before stays as it was. */
  discard(actor: Actor, payload: IngestPayload): Promise<void>
}

/** Bytes of one file, unless a watched folder says less. */
export const largestFileBytes = 200 * 1024 * 1024
/** Chunks embedded in one request. Killed midway, no more than those of two requests are made again. */
const embedBatch = 32
/** Room for title and headings in what the embedder reads. */
const reservedTokens = 40
/** Bytes of files that wait to be parsed; a larger file goes alone. */
const waitingBytes = 256 * 1024 * 1024
/** Works at the same time per stage. Two embed: while one batch is computed, the next is gathered. */
const workers = { register: 4, parse: 2, chunk: 2, embed: 2, write: 1, fill: 1 }
/** Finished works that may wait before each stage. */
const ahead = { parse: 4, chunk: 4, embed: 64, write: 1, fill: 8 }

/** A file on its way: each stage adds its part. */
interface Work {
  target: Target
  document: DocumentRecord
  /** How the file looked when it was read. */
  stamp: string
  bytes: Uint8Array
  /** Lets the bytes go. */
  release: () => void
  parsed?: ParsedDocument
  chunks?: NewChunk[]
  vectors?: Float32Array[] | null
  fingerprint?: string | null
}

export function createIngest(deps: IngestDeps): Ingest {
  const { store, log } = deps
  const { documents } = store
  /** Who reads a file last decides what is noted of it: one at a time per file. */
  const readers = new Map<string, Promise<unknown>>()
  const gate = createByteGate(waitingBytes)

  async function setStage(
    actor: Actor,
    { document }: Work,
    stage: DocumentStage,
    status: Document["status"],
    error?: Document["error"],
  ): Promise<void> {
    await documents.setStage(actor, document.id, stage, status, error, document.contentHash)
    deps.onDocument?.(document)
  }

  async function index(
    actor: Actor,
    targets: AsyncIterable<Target> | Iterable<Target>,
    onOutcome: (outcome: Outcome) => void,
    outerSignal: AbortSignal,
  ): Promise<void> {
    /** Files whose bytes are in memory. */
    const held = new Set<() => void>()
    const stopped = new AbortController()
    const signal = AbortSignal.any([outerSignal, stopped.signal])
    const toRegister = createChannel<Target>(workers.register)
    const toParse = createChannel<Work>(ahead.parse)
    const toChunk = createChannel<Work>(ahead.chunk)
    const toEmbed = createChannel<Work>(ahead.embed)
    const toWrite = createChannel<Work>(ahead.write)
    const toFill = createChannel<Work>(ahead.fill)
    const channels = [toRegister, toParse, toChunk, toEmbed, toWrite, toFill]
    const stop = (error: unknown): void => {
      stopped.abort(error)
      for (const channel of channels) channel.fail(error)
    }
    const onAbort = (): void => stop(outerSignal.reason)
    outerSignal.addEventListener("abort", onAbort, { once: true })

    /** A stage's own failure ends the run; a file's failure ends with the file. */
    const attempt = async (work: Work, stage: DocumentStage, step: () => Promise<void>): Promise<boolean> => {
      try {
        await setStage(actor, work, stage, "working")
        signal.throwIfAborted()
        await step()
        return true
      } catch (error) {
        // A full disk is nobody's fault: the run stops, and goes on with this file when there is space.
        if (isAbort(error, signal) || isStoreFull(error)) throw error
        work.release()
        await fail(actor, work, stage, error)
        finish(work, "failed")
        return false
      }
    }
    const finish = ({ target, document, chunks = [], vectors }: Work, kind: Outcome["kind"]): void => {
      deps.onDocument?.(document)
      const isDeferred = kind === "indexed" && chunks.length > 0 && vectors === null && deps.embedder() !== null
      onOutcome({ target, kind, sizeBytes: document.sizeBytes, passages: chunks.length, isDeferred })
    }
    const perValue = async <T>(from: { take(): Promise<T | undefined> }, step: (value: T) => Promise<void>) => {
      for (let value = await from.take(); value !== undefined; value = await from.take()) {
        signal.throwIfAborted()
        await step(value)
      }
    }
    /** Runs a stage's workers to the last one, then closes the line to the next stage. The first failure stops all of them. */
    const stage = async (count: number, worker: () => Promise<void>, next?: { close(): void }): Promise<void> => {
      const guarded = async (): Promise<void> => {
        try {
          await worker()
        } catch (error) {
          stop(error)
          throw error
        }
      }
      const ended = await Promise.allSettled(Array.from({ length: count }, guarded))
      for (const end of ended) if (end.status === "rejected") throw end.reason
      next?.close()
    }

    const feed = async (): Promise<void> => {
      for await (const target of targets) {
        signal.throwIfAborted()
        await toRegister.put(target)
      }
    }
    const registering = () =>
      perValue(toRegister, async (target) => {
        const { work, outcome } = await register(actor, target, held, signal)
        deps.onDocument?.(work.document)
        if (outcome === "changed") await toParse.put(work)
        else finish(work, outcome)
      })
    const parsing = () =>
      perValue(toParse, async (work) => {
        const fileName = basename(work.document.path)
        const isDone = await attempt(work, "parse", async () => {
          work.parsed = await deps.parser.parse({ bytes: work.bytes, fileName }, signal)
          work.release()
        })
        if (isDone) await toChunk.put(work)
      })
    const chunking = () =>
      perValue(toChunk, async (work) => {
        const isDone = await attempt(work, "chunk", async () => {
          work.chunks = await chunk(work.parsed as ParsedDocument)
        })
        if (isDone) await toEmbed.put(work)
      })
    const embedding = () =>
      perValue(toEmbed, async (first) => {
        const group = [first]
        let size = first.chunks?.length ?? 0
        while (size < embedBatch) {
          const next = toEmbed.takeReady()
          if (!next) break
          group.push(next)
          size += next.chunks?.length ?? 0
        }
        const kept: Work[] = []
        for (const work of group) if (await attempt(work, "embed", async () => {})) kept.push(work)
        await embed(kept, signal)
        for (const work of kept) await toWrite.put(work)
      })
    const writing = () =>
      perValue(toWrite, async (work) => {
        let isCurrent = true
        const isDone = await attempt(work, "write", async () => {
          isCurrent = await write(actor, work)
        })
        if (!isDone) return
        if (isCurrent && work.vectors === null) await toFill.put(work)
        else finish(work, isCurrent ? "indexed" : "outdated")
      })
    const filling = () =>
      perValue(toFill, async (work) => {
        await fillOne(actor, work, signal)
        finish(work, "indexed")
      })

    const work = [
      stage(1, feed, toRegister),
      stage(workers.register, registering, toParse),
      stage(workers.parse, parsing, toChunk),
      stage(workers.chunk, chunking, toEmbed),
      stage(workers.embed, embedding, toWrite),
      stage(workers.write, writing, toFill),
      stage(workers.fill, filling),
    ]
    try {
      outerSignal.throwIfAborted()
      await Promise.all(work)
    } finally {
      await Promise.allSettled(work.slice(1))
      outerSignal.removeEventListener("abort", onAbort)
      for (const release of held) release()
    }
  }

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

  /** Reads a file and notes it in the store. What cannot be read at all is noted as failed. */
  function register(
    actor: Actor,
    target: Target,
    held: Set<() => void>,
    signal: AbortSignal,
  ): Promise<{ work: Work; outcome: "changed" | "unchanged" | "failed" }> {
    const before = readers.get(target.filePath) ?? Promise.resolve()
    const own = before.then(() => readAndNote(actor, target, held, signal))
    const settled = own.catch(() => undefined)
    readers.set(target.filePath, settled)
    void settled.then(() => {
      if (readers.get(target.filePath) === settled) readers.delete(target.filePath)
    })
    return own
  }

  async function readAndNote(
    actor: Actor,
    target: Target,
    held: Set<() => void>,
    signal: AbortSignal,
  ): Promise<{ work: Work; outcome: "changed" | "unchanged" | "failed" }> {
    const { collectionId, filePath, relativePath, folderId } = target
    const kind = kindOfName(relativePath)
    const note = (contentHash: string, sizeBytes: number, stamp: string | null) =>
      documents.upsert(actor, {
        collectionId,
        title: basename(relativePath, extname(relativePath)),
        path: relativePath,
        kind: kind ?? "unknown",
        sizeBytes,
        filePath,
        contentHash,
        fileStamp: stamp,
        ...(folderId ? { folderId } : {}),
      })
    let sizeBytes = 0
    let release = (): void => {}
    try {
      const look = await fileStamp(filePath)
      sizeBytes = look.sizeBytes
      if (kind === null && !target.isNamed) throw unsupported()
      if (sizeBytes > (target.maxBytes ?? largestFileBytes)) throw tooLarge(target.maxBytes ?? largestFileBytes)
      const work: Omit<Work, "document"> = { target, stamp: look.stamp, bytes: none, release }
      await gate.enter(look.sizeBytes, signal)
      release = (): void => {
        if (!held.delete(release)) return
        work.bytes = none
        gate.leave(look.sizeBytes)
      }
      work.release = release
      held.add(release)
      work.bytes = await readFile(filePath)
      const { document, isUnchanged } = await note(hashOf(work.bytes), work.bytes.byteLength, look.kept)
      const isSame = isUnchanged && !target.isForced
      if (isSame) release()
      return { work: Object.assign(work, { document }), outcome: isSame ? "unchanged" : "changed" }
    } catch (error) {
      release()
      if (isAbort(error, signal)) throw error
      const known = error instanceof AppError ? error : unreadable(error)
      if (!known.code.startsWith("document.")) throw error
      const { document } = await note(`unread:${sizeBytes}`, sizeBytes, null)
      const work: Work = { target, document, stamp: "", bytes: none, release }
      await fail(actor, work, "parse", known)
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

  /** Without an embedder, or when it fails, the documents are still found by words; `fillVectors` catches up. */
  async function embed(group: readonly Work[], signal: AbortSignal): Promise<void> {
    const embedder = deps.embedder()
    for (const work of group) Object.assign(work, { vectors: null, fingerprint: null })
    if (!embedder) return
    // A long document is found by words at once, and by meaning piece by piece: see `fillOne`.
    const own = group.filter((work) => (work.chunks?.length ?? 0) <= embedBatch)
    const inputs = own.flatMap((work) =>
      (work.chunks ?? []).map((chunk) => {
        const text = passageInput({ title: work.parsed?.title ?? "", ...chunk })
        return { text, vector: earlierVector(work.target, embedder.fingerprint, text) }
      }),
    )
    try {
      const missing = inputs.filter(({ vector }) => vector === undefined)
      for (let from = 0; from < missing.length; from += embedBatch) {
        signal.throwIfAborted()
        const part = missing.slice(from, from + embedBatch)
        const texts = part.map(({ text }) => text)
        const made = await embedder.embed(texts, "passage", signal)
        for (const [at, input] of part.entries()) input.vector = made[at]
      }
      const vectors = inputs.map(({ vector }) => vector as Float32Array)
      let at = 0
      for (const work of own) {
        const count = work.chunks?.length ?? 0
        work.vectors = vectors.slice(at, at + count)
        work.fingerprint = embedder.fingerprint
        at += count
      }
    } catch (error) {
      if (isAbort(error, signal)) throw error
      log.warn("documents are found by words only until their vectors are made", { documents: own.length, error })
    }
  }

  /** False: the file has changed since it was read. */
  async function write(actor: Actor, work: Work): Promise<boolean> {
    const { target, document, parsed, chunks, vectors = null, fingerprint = null } = work
    if (!parsed || !chunks) return true
    const { units: _, sections: __, ...content } = parsed
    const { contentHash } = document
    const isWritten = await documents.writeContent(actor, document.id, {
      ...content,
      chunks,
      vectors,
      fingerprint,
      contentHash,
    })
    if (!isWritten) return false
    if (fingerprint !== null) await deps.vectorIndex.written(fingerprint)
    const stamp = await fileStamp(target.filePath).then(
      (look) => look.stamp,
      () => null,
    )
    return stamp === work.stamp
  }

  async function fail(actor: Actor, work: Work, stage: DocumentStage, error: unknown): Promise<void> {
    const info = errorInfo(error)
    if (info.code === "internal") log.error("a document could not be indexed", { documentId: work.document.id, error })
    try {
      await setStage(actor, work, stage, "failed", info)
    } catch (failure) {
      // Removed by the person while it was read: there is nothing left to report on.
      if (!(failure instanceof AppError && failure.code === "document.not-found")) throw failure
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

  /** Vectors of a document that is found by words already, each batch kept as soon as it is made. */
  async function fillOne(actor: Actor, work: Work, signal: AbortSignal): Promise<void> {
    const embedder = deps.embedder()
    if (!embedder || (work.chunks?.length ?? 0) <= embedBatch) return
    try {
      const rows = (await store.chunks.byDocument(actor, work.document.id)).map((row) => {
        const text = passageInput({ title: row.documentTitle, ...row })
        return { chunkId: row.id, text, vector: earlierVector(work.target, embedder.fingerprint, text) }
      })
      const known = rows.flatMap(({ chunkId, vector }) => (vector ? [{ chunkId, vector }] : []))
      if (known.length > 0) await store.chunks.addVectors(actor, embedder.fingerprint, known)
      const missing = rows.filter(({ vector }) => vector === undefined)
      // One batch is kept while the next one is made.
      let keeping: Promise<void> = Promise.resolve()
      for (let from = 0; from < missing.length; from += embedBatch) {
        signal.throwIfAborted()
        const batch = missing.slice(from, from + embedBatch)
        const texts = batch.map(({ text }) => text)
        const vectors = await embedder.embed(texts, "passage", signal)
        const added = batch.map(({ chunkId }, at) => ({ chunkId, vector: vectors[at] as Float32Array }))
        await keeping
        keeping = store.chunks.addVectors(actor, embedder.fingerprint, added)
        // A failure is told where it is awaited.
        keeping.catch(() => undefined)
      }
      await keeping
      await deps.vectorIndex.written(embedder.fingerprint)
      deps.onDocument?.(work.document)
      work.vectors = []
    } catch (error) {
      if (isAbort(error, signal) || isStoreFull(error)) throw error
      log.warn("a document is found by words only until its vectors are made", { documentId: work.document.id, error })
    }
  }

  async function fillVectors(actor: Actor, signal: AbortSignal): Promise<void> {
    try {
      if (await deps.vectorIndex.needsRebuild()) await deps.vectorIndex.rebuild(actor, signal, () => {})
    } catch (error) {
      if (isAbort(error, signal) || isStoreFull(error)) throw error
      log.warn("vectors could not be completed", { error })
    }
  }

  async function remember(actor: Actor, documentId: string): Promise<EarlierVectors | null> {
    const embedder = deps.embedder()
    if (!embedder) return null
    const { fingerprint } = embedder
    const rows = await store.chunks.byDocument(actor, documentId)
    const vectors = await store.chunks.vectors(actor, { fingerprint, chunkIds: rows.map(({ id }) => id) })
    const byInput = new Map<string, Float32Array>()
    for (const row of rows) {
      const vector = vectors.get(row.id)
      if (vector) byInput.set(passageInput({ title: row.documentTitle, ...row }), vector)
    }
    return byInput.size > 0 ? { fingerprint, byInput } : null
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

  return { run, index, remember, discard }
}

/** What identifies a file's bytes. */
export const hashOf = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex")

const none = new Uint8Array()

function earlierVector({ earlier }: Target, fingerprint: string, input: string): Float32Array | undefined {
  return earlier?.fingerprint === fingerprint ? earlier.byInput.get(input) : undefined
}

/** English text has about four characters per token. */
const roughTokens = (text: string): number => Math.ceil(text.length / 4)

const unsupported = (): AppError =>
  new AppError("document.unsupported", "Files of this type are not read.", {
    remedy: `Supported are ${acceptedKinds()}.`,
  })

const tooLarge = (limit: number): AppError =>
  new AppError("document.too-large", `The file is larger than ${Math.round(limit / 1024 / 1024)} MB.`, {
    remedy: "Split it into smaller files.",
  })

const unreadable = (cause: unknown): AppError =>
  new AppError("document.unreadable", "The file cannot be opened.", {
    remedy: "Check that it exists and that you may read it, then add it again.",
    cause,
  })
