import { basename } from "node:path"
import type { Document, DocumentStage } from "#contract/documents.ts"
import type { Actor } from "#core/actor.ts"
import { AppError, errorInfo, isAbort } from "#core/errors.ts"
import type { Logger } from "#core/logger.ts"
import type { Embedder } from "#engines/types.ts"
import type { DocumentRepository, NewChunk } from "#store/types.ts"
import { createChannel } from "../channel.ts"
import { chunkDocument } from "../chunk.ts"
import { type Chunking, chunkingFor, defaultPassageTokens } from "../chunking.ts"
import { fileStamp } from "../fileStamp.ts"
import type { ParsedDocument } from "../parse/contract.ts"
import type { Parser } from "../parse/createParser.ts"
import type { VectorIndex } from "../vectorIndex.ts"
import { isStoreFull } from "../waitForSpace.ts"
import { createRegisterFile } from "./registerFile.ts"
import { embedBatch, type VectorStages } from "./vectorStages.ts"
import type { Outcome, Target, Work } from "./work.ts"

export interface IndexFilesDeps {
  documents: DocumentRepository
  parser: Parser
  embedder: () => Embedder | null
  /** How documents are split now. Default: as shipped. */
  chunking?: () => Chunking
  vectorIndex: Pick<VectorIndex, "written">
  vectors: Pick<VectorStages, "embed" | "fillOne">
  onDocument?: (document: { id: string; collectionId: string }) => void
  log: Logger
}

/**
 * Reads, splits, embeds and writes files as they come: bounded stages that work at the same time and hold each other back. Every
 * document is written as soon as it is complete. Ends when the files do.
 */
export type IndexFiles = (
  actor: Actor,
  targets: AsyncIterable<Target> | Iterable<Target>,
  onOutcome: (outcome: Outcome) => void,
  signal: AbortSignal,
) => Promise<void>

/**
 * Works at the same time per stage. Two embed: while one batch is computed, the next is gathered. Eight are split: the embedder counts
 * their tokens between two batches, and all that wait are counted in one gap, so that the next batch is full.
 */
const workers = { register: 4, parse: 2, chunk: 8, embed: 2, write: 1, fill: 1 }
/** Finished works that may wait before each stage. */
const ahead = { parse: 4, chunk: 4, embed: 64, write: 1, fill: 8 }

export function createIndexFiles(deps: IndexFilesDeps): IndexFiles {
  const { documents, vectors, log } = deps
  const register = createRegisterFile(documents, (actor, work, error) => fail(actor, work, "parse", error))

  async function index(
    actor: Actor,
    targets: AsyncIterable<Target> | Iterable<Target>,
    onOutcome: (outcome: Outcome) => void,
    outerSignal: AbortSignal,
  ): Promise<void> {
    outerSignal.throwIfAborted()
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
    const finish = ({ target, document, chunks = [], vectors: made }: Work, kind: Outcome["kind"]): void => {
      deps.onDocument?.(document)
      const isDeferred = kind === "indexed" && chunks.length > 0 && made === null && deps.embedder() !== null
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
          work.parsed = await deps.parser.parse({ bytes: work.bytes, fileName, actor }, signal)
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
        await vectors.embed(kept, signal)
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
        await vectors.fillOne(actor, work, signal)
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
      await Promise.all(work)
    } finally {
      await Promise.allSettled(work.slice(1))
      outerSignal.removeEventListener("abort", onAbort)
      for (const release of held) release()
    }
  }

  /** Sized by the embedder's own count of tokens; by rule of thumb where it cannot count. */
  async function chunk(parsed: ParsedDocument): Promise<NewChunk[]> {
    const embedder = deps.embedder()
    const { targetTokens, overlapTokens } = deps.chunking?.() ?? chunkingFor(defaultPassageTokens, embedder)
    const options = { targetTokens, overlapTokens }
    const rough = async (texts: string[]): Promise<number[]> => texts.map(roughTokens)
    if (!embedder) return chunkDocument(parsed, rough, options)
    try {
      return await chunkDocument(parsed, (texts) => embedder.countTokens(texts), options)
    } catch (error) {
      log.warn("tokens are estimated: the embedder cannot count", { error })
      return chunkDocument(parsed, rough, options)
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

  return index
}

/** English text has about four characters per token. */
const roughTokens = (text: string): number => Math.ceil(text.length / 4)
