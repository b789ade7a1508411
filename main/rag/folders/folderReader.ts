import type { Job } from "#contract/jobs.ts"
import type { Actor } from "#core/actor.ts"
import type { Logger } from "#core/logger.ts"
import { untilAborted } from "#core/untilAborted.ts"
import type { FolderRecord } from "#store/types.ts"
import { createChannel } from "../channel.ts"
import type { Outcome, Target } from "../ingest/work.ts"
import type { Ingest, IngestProgress } from "../ingest.ts"
import { fewFiles } from "./applyFindings.ts"

export interface FolderReaderDeps {
  ingest: Ingest
  startJob(
    actor: Actor,
    job: Pick<Job, "kind" | "title" | "unit" | "subjectId"> & { payload: { type: "folder"; folderId: string } },
  ): Promise<{ id: string }>
  /** Some vectors follow later. */
  onDeferred(): void
  /** The file changed while it was read. */
  onOutdated(filePath: string): void
  /** Nothing of the few files is under way any more. */
  onChange(): void
  /** The files could not be read: a full look finds them again. */
  onFailure(): void
  /** A piece of work is done. */
  onProgress(): void
  log: Logger
}

/** Reads what the looks at one folder have found: a few files aside, more as a job with progress. */
export interface FolderReader {
  read(targets: Target[]): Promise<void>
  isReading(filePath: string): boolean
  /** Nothing waits or is under way. */
  isIdle(): boolean
  /** Files of the job that wait or are under way. */
  isBulkPending(): boolean
  progress(): { done: number; total: number }
  /** Starts the job again where files wait that came in the moment it ended. */
  continueBulk(): Promise<void>
  /** The job's work, from the moment `found` settles. */
  readBulk(found: Promise<void>, progress: (progress: IngestProgress) => void, jobSignal: AbortSignal): Promise<void>
  close(): Promise<void>
}

export function createFolderReader(
  actor: Actor,
  folder: Pick<FolderRecord, "id" | "name" | "collectionId">,
  deps: FolderReaderDeps,
  signal: AbortSignal,
): FolderReader {
  const { ingest, log } = deps
  /** Files on their way through the line of few files. */
  const inFlight = new Map<string, number>()
  const urgent = createChannel<Target>(Number.POSITIVE_INFINITY)
  let line: Promise<void> | null = null
  const bulk = new Map<string, Target>()
  let bulkDone = 0
  let bulkTaken = 0
  let isReadingBulk = false
  let isBulkPaused = false

  async function read(targets: Target[]): Promise<void> {
    if (targets.length === 0) return
    if (targets.length > fewFiles) {
      for (const target of targets) bulk.set(target.filePath, target)
      return await startBulk()
    }
    line ??= ingest.index(actor, taken(), onUrgent, signal).catch((error: unknown) => {
      line = null
      inFlight.clear()
      if (!signal.aborted) log.error("changed files could not be read", { folderId: folder.id, error })
      deps.onFailure()
      deps.onProgress()
    })
    for (const target of targets) {
      inFlight.set(target.filePath, (inFlight.get(target.filePath) ?? 0) + 1)
      await urgent.put(target)
    }
  }

  async function* taken(): AsyncGenerator<Target> {
    for (let target = await urgent.take(); target !== undefined; target = await urgent.take()) yield target
  }

  function onUrgent({ target, kind, isDeferred }: Outcome): void {
    const left = (inFlight.get(target.filePath) ?? 1) - 1
    if (left > 0) inFlight.set(target.filePath, left)
    else inFlight.delete(target.filePath)
    if (kind === "outdated") deps.onOutdated(target.filePath)
    if (isDeferred) deps.onDeferred()
    if (inFlight.size === 0) deps.onChange()
    deps.onProgress()
  }

  /** A job that the person paused is left alone; its files wait. */
  async function startBulk(): Promise<void> {
    if (isReadingBulk || isBulkPaused) return
    await deps.startJob(actor, {
      kind: "ingest",
      title: folder.name,
      unit: "files",
      subjectId: folder.collectionId,
      payload: { type: "folder", folderId: folder.id },
    })
  }

  const readBulk: FolderReader["readBulk"] = async (found, progress, jobSignal) => {
    isReadingBulk = true
    isBulkPaused = false
    const both = AbortSignal.any([signal, jobSignal])
    const underWay = new Map<string, Target>()
    let bytes = 0
    let passages = 0
    let isDeferred = false
    bulkDone = 0
    const report = (current: string | null): void =>
      progress({ done: bulkDone, total: bulkDone + underWay.size + bulk.size, current, bytes, passages })
    function* next(): Generator<Target> {
      for (const [path, target] of bulk) {
        bulk.delete(path)
        underWay.set(path, target)
        bulkTaken = underWay.size
        yield target
      }
    }
    try {
      await untilAborted(found, both)
      report(null)
      while (bulk.size > 0) {
        await ingest.index(
          actor,
          next(),
          (outcome) => {
            underWay.delete(outcome.target.filePath)
            bulkTaken = underWay.size
            bulkDone++
            bytes += outcome.sizeBytes
            passages += outcome.passages
            isDeferred ||= outcome.isDeferred
            if (outcome.kind === "outdated") deps.onOutdated(outcome.target.filePath)
            report(outcome.target.relativePath)
          },
          both,
        )
      }
      if (isDeferred) deps.onDeferred()
    } finally {
      // A paused job goes on with what it had begun.
      if (!signal.aborted) for (const [path, target] of underWay) bulk.set(path, target)
      isBulkPaused = jobSignal.aborted
      isReadingBulk = false
      bulkTaken = 0
      deps.onChange()
      deps.onProgress()
    }
  }

  const isBulkPending = (): boolean => bulk.size + bulkTaken > 0
  return {
    read,
    isReading: (filePath) => inFlight.has(filePath),
    isIdle: () => inFlight.size === 0 && !isBulkPending(),
    isBulkPending,
    progress: () => ({ done: bulkDone, total: bulkDone + bulkTaken + bulk.size + inFlight.size }),
    async continueBulk() {
      if (bulk.size > 0) await startBulk()
    },
    readBulk,
    async close() {
      urgent.fail(signal.reason)
      await line
    },
  }
}
