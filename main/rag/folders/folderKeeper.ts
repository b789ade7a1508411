import { statfs } from "node:fs/promises"
import { basename, dirname, relative, sep } from "node:path"
import { kindOfName } from "#contract/documentKinds.ts"
import type { Folder } from "#contract/folders.ts"
import type { Job } from "#contract/jobs.ts"
import type { Actor } from "#core/actor.ts"
import { AppError, isAbort } from "#core/errors.ts"
import type { Logger } from "#core/logger.ts"
import { untilAborted } from "#core/untilAborted.ts"
import type { FolderRecord, Store } from "#store/types.ts"
import { createChannel } from "../channel.ts"
import { createExcludes } from "../excludes.ts"
import type { EarlierVectors, Outcome, Target } from "../ingest/work.ts"
import type { Ingest, IngestProgress } from "../ingest.ts"
import { type Findings, FolderUnreachable, folderIdentity, lookAtFolder } from "./lookAtFolder.ts"
import type { PathWatch, WatchOptions } from "./watchPath.ts"

export interface FolderKeeperDeps {
  store: Pick<Store, "folders" | "documents">
  ingest: Ingest
  startJob(
    actor: Actor,
    job: Pick<Job, "kind" | "title" | "unit" | "subjectId"> & { payload: { type: "folder"; folderId: string } },
  ): Promise<{ id: string }>
  onDeferred(): void
  onChange(folderId: string): void
  watch(root: string, options: WatchOptions): Promise<PathWatch>
  /** How often it is checked that the folder still answers. Default 5,000 ms. */
  tickMs?: number
  log: Logger
}

export interface FolderKeeper {
  start(): void
  /** Something changed at or below these paths; null: anywhere. */
  notice(paths: string[] | null): void
  /** Compares all of it, on request. */
  rescan(): void
  /** Another line of what is left out. */
  exclude(line: string): void
  state(): {
    state: Exclude<Folder["state"], "paused">
    mode: Folder["mode"]
    done: number
    total: number
    skipped: number
    unreadable: Findings["unreadable"]
    checkedAt: number | null
  }
  /** Reads what the looks have found and is too much to read aside. */
  readBulk(progress: (progress: IngestProgress) => void, signal: AbortSignal): Promise<void>
  /** Resolves when nothing that was noticed waits to be looked at or read. */
  settled(): Promise<void>
  close(): Promise<void>
}

/** Up to this many files are read at once and unannounced; more become a job with progress. */
const fewFiles = 20
/** A second look at files that changed so recently that their times say little. */
const settleMs = 3000
const tickMs = 5000
/** Everything is compared at least this often: what the system failed to report is found then. */
const fullLookEveryMs = 10 * 60_000
/** Without notifications: at least this often, and never more than a twentieth of the time. */
const pollEveryMs = 15_000
const pollShare = 20
/** A drive that does not answer for this long is away. */
const answerMs = 10_000
/** Types of file systems on Linux whose changes by others are not reported: NFS, SMB, CIFS, SMB2, 9P, FUSE. */
const remoteFileSystems = new Set([0x6969, 0x517b, 0xff534d42, 0xfe534d42, 0x01021997, 0x65735546])

/** Keeps one folder and its documents the same: hears of changes, looks, takes out at once what is not true any more, and reads what is new. */
export function createFolderKeeper(actor: Actor, record: FolderRecord, deps: FolderKeeperDeps): FolderKeeper {
  const { store, ingest, log } = deps
  const { documents, folders } = store
  const controller = new AbortController()
  const { signal } = controller
  let folder = record
  let isStarted = false
  let isUnreachable = false
  let mode: Folder["mode"] = "events"
  let watching: PathWatch | null = null
  let watchedIdentity: string | null = null
  /** What waits to be looked at: paths, or all of it. */
  let waiting: Set<string> | "all" | null = null
  let looking: Promise<void> | null = null
  let hasLooked = false
  /** Everything that the first look, or one that was asked for, has found is read. */
  let hasCaughtUp = false
  let fullLookAt = 0
  let fullLookMs = 0
  let checkedAt: number | null = null
  let skipped = 0
  let unreadable: Findings["unreadable"] = []
  let ticker: NodeJS.Timeout | undefined
  let isTicking = false
  let settleTimer: NodeJS.Timeout | undefined
  const unsettled = new Set<string>()
  /** Files on their way through the line of few files. */
  const inFlight = new Map<string, number>()
  const urgent = createChannel<Target>(Number.POSITIVE_INFINITY)
  let line: Promise<void> | null = null
  const bulk = new Map<string, Target>()
  let bulkDone = 0
  let bulkTaken = 0
  let isReadingBulk = false
  let isBulkPaused = false
  /** Settles with the first look, or when there can be none. */
  const firstLook = Promise.withResolvers<void>()
  const idle = new Set<() => void>()

  const isIdle = (): boolean =>
    looking === null && waiting === null && inFlight.size === 0 && bulk.size === 0 && bulkTaken === 0
  const wake = (): void => {
    if (!isIdle() && !isUnreachable && !signal.aborted) return
    if (hasLooked && isIdle() && !hasCaughtUp) {
      hasCaughtUp = true
      changed()
    }
    for (const resolve of [...idle]) resolve()
    idle.clear()
  }
  const changed = (): void => deps.onChange(folder.id)

  function notice(paths: string[] | null): void {
    if (signal.aborted) return
    if (paths === null || paths.length === 0) waiting = "all"
    else if (waiting !== "all") {
      waiting ??= new Set()
      for (const path of paths) waiting.add(basename(path) === ".gitignore" ? dirname(path) : path)
    }
    looking ??= lookWhileWaiting().finally(() => {
      looking = null
      // Heard of in the moment between the last look and now.
      if (waiting !== null && !signal.aborted && !isUnreachable) notice([...(waiting === "all" ? [] : waiting)])
      wake()
    })
  }

  async function lookWhileWaiting(): Promise<void> {
    while (waiting !== null && !signal.aborted) {
      const paths = waiting === "all" ? null : [...waiting]
      waiting = null
      try {
        await look(paths)
      } catch (error) {
        if (isAbort(error, signal)) return
        if (error instanceof FolderUnreachable) {
          await becomeUnreachable()
          return
        }
        log.error("a watched folder could not be compared with its documents", { folderId: folder.id, error })
        // Found again by the next full look.
        fullLookAt = 0
        return
      }
    }
  }

  async function look(paths: string[] | null): Promise<void> {
    const startedAt = performance.now()
    const below = (path: string | null) => folders.documents(actor, folder.id, path, sep)
    await apply(await lookAtFolder(folder, paths, below, signal), paths)
    if (paths === null) {
      fullLookAt = performance.now()
      fullLookMs = fullLookAt - startedAt
      checkedAt = Date.now()
    }
    hasLooked = true
    firstLook.resolve()
  }

  async function apply(found: Findings, paths: string[] | null): Promise<void> {
    if (isUnreachable || !folder.isReachable || (paths === null && folder.identity !== found.identity)) {
      isUnreachable = false
      folder = await folders.update(actor, folder.id, { isReachable: true, identity: found.identity })
      changed()
    }
    if (paths === null) {
      unreadable = found.unreadable
      skipped = found.skipped ?? 0
    } else {
      const isLookedAt = (path: string): boolean => paths.some((each) => path === each || path.startsWith(each + sep))
      unreadable = [...unreadable.filter(({ path }) => !isLookedAt(path)), ...found.unreadable]
    }
    // First everything that makes passages untrue, then the work of reading.
    for (const { id } of found.gone) await ignoringAbsence(documents.delete(actor, id))
    for (const { document, file, path, title, fileStamp } of found.moved) {
      const to = { path, filePath: file.filePath, title, fileStamp, folderId: folder.id }
      await ignoringAbsence(documents.move(actor, document.id, to))
    }
    const targets: Target[] = []
    for (const { file, path, document, contentHash, sizeBytes } of found.toRead) {
      let earlier: EarlierVectors | null = null
      if (document && contentHash !== null) {
        if (contentHash === document.contentHash && inFlight.has(file.filePath)) continue
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
    if (found.gone.length + found.moved.length + targets.length > 0) changed()
    lookAgainAt(found.unsettled)
    await read(targets)
  }

  async function read(targets: Target[]): Promise<void> {
    if (targets.length === 0) return
    if (targets.length <= fewFiles) {
      line ??= ingest.index(actor, taken(), onUrgent, signal).catch((error: unknown) => {
        line = null
        inFlight.clear()
        if (!signal.aborted) log.error("changed files could not be read", { folderId: folder.id, error })
        fullLookAt = 0
        wake()
      })
      for (const target of targets) {
        inFlight.set(target.filePath, (inFlight.get(target.filePath) ?? 0) + 1)
        await urgent.put(target)
      }
      return
    }
    for (const target of targets) bulk.set(target.filePath, target)
    await startBulk()
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

  async function* taken(): AsyncGenerator<Target> {
    for (let target = await urgent.take(); target !== undefined; target = await urgent.take()) yield target
  }

  function onUrgent({ target, kind, isDeferred }: Outcome): void {
    const left = (inFlight.get(target.filePath) ?? 1) - 1
    if (left > 0) inFlight.set(target.filePath, left)
    else inFlight.delete(target.filePath)
    if (kind === "outdated") notice([target.filePath])
    if (isDeferred) deps.onDeferred()
    if (inFlight.size === 0) changed()
    wake()
  }

  function lookAgainAt(paths: string[]): void {
    for (const path of paths) unsettled.add(path)
    if (unsettled.size === 0 || settleTimer) return
    settleTimer = setTimeout(() => {
      settleTimer = undefined
      const again = [...unsettled]
      unsettled.clear()
      notice(again)
    }, settleMs)
    settleTimer.unref()
  }

  async function becomeUnreachable(): Promise<void> {
    waiting = null
    if (isUnreachable) return
    isUnreachable = true
    firstLook.resolve()
    await stopWatching()
    if (folder.isReachable) folder = await folders.update(actor, folder.id, { isReachable: false })
    changed()
    wake()
  }

  async function stopWatching(): Promise<void> {
    const before = watching
    watching = null
    await before?.close().catch((error: unknown) => log.warn("a folder's watch did not close", { error }))
  }

  async function watchAndLook(): Promise<void> {
    try {
      watchedIdentity = await answering(folderIdentity(folder.path))
      await stopWatching()
      mode = (await isRemote(folder.path)) ? "polling" : "events"
      const ignored = createExcludes(folder.excludes, false)
      const opened = await deps.watch(folder.path, {
        isIgnored(path, isFolder) {
          if (folder.followsGitignore && basename(path) === ".gitignore") return false
          const below = relative(folder.path, path).split(sep).join("/")
          return below !== "" && !below.startsWith("../") && ignored.has(below, isFolder ?? false)
        },
        onChange: (paths) => notice(paths),
        onBlind(error) {
          log.warn("the system reports no changes of a folder: it is looked at every so often", {
            folderId: folder.id,
            error,
          })
          mode = "polling"
        },
      })
      if (signal.aborted) await opened.close()
      else watching = opened
      isUnreachable = false
      notice(null)
    } catch (error) {
      if (signal.aborted) return
      if (!(error instanceof FolderUnreachable)) {
        log.warn("a folder cannot be watched: it is looked at every so often", { folderId: folder.id, error })
        mode = "polling"
        notice(null)
        return
      }
      await becomeUnreachable()
    }
  }

  async function tick(): Promise<void> {
    if (isTicking || signal.aborted) return
    isTicking = true
    try {
      const identity = await answering(folderIdentity(folder.path))
      if (isUnreachable || identity !== watchedIdentity) return await watchAndLook()
      // Found in the moment a job ended: it needs another one.
      if (bulk.size > 0) await startBulk()
      const everyMs = mode === "polling" ? Math.max(pollEveryMs, fullLookMs * pollShare) : fullLookEveryMs
      if (looking === null && performance.now() - fullLookAt > everyMs) notice(null)
    } catch (error) {
      if (error instanceof FolderUnreachable) await becomeUnreachable()
      else if (!signal.aborted) log.warn("a folder could not be checked", { folderId: folder.id, error })
    } finally {
      isTicking = false
    }
  }

  async function readBulk(progress: (progress: IngestProgress) => void, jobSignal: AbortSignal): Promise<void> {
    const both = AbortSignal.any([signal, jobSignal])
    isReadingBulk = true
    isBulkPaused = false
    await untilAborted(firstLook.promise, both)
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
            if (outcome.kind === "outdated") notice([outcome.target.filePath])
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
      changed()
      wake()
    }
  }

  return {
    start() {
      if (isStarted) return
      isStarted = true
      ticker = setInterval(() => void tick(), deps.tickMs ?? tickMs)
      ticker.unref()
      isTicking = true
      void watchAndLook().finally(() => {
        isTicking = false
      })
    },
    notice,
    rescan() {
      hasCaughtUp = false
      notice(null)
    },
    exclude(line) {
      folder = { ...folder, excludes: [...folder.excludes, line] }
    },
    state: () => ({
      state: isUnreachable ? "unreachable" : !hasCaughtUp || bulk.size + bulkTaken > 0 ? "scanning" : "watching",
      mode,
      done: bulkDone,
      total: bulkDone + bulkTaken + bulk.size + inFlight.size,
      skipped,
      unreadable,
      checkedAt,
    }),
    readBulk,
    async settled() {
      while (!(hasLooked && isIdle()) && !isUnreachable && !signal.aborted) {
        await new Promise<void>((resolve) => idle.add(resolve))
      }
    },
    async close() {
      controller.abort(new AppError("core.stopping", "The folder is not watched any more."))
      clearInterval(ticker)
      clearTimeout(settleTimer)
      firstLook.resolve()
      urgent.fail(signal.reason)
      await stopWatching()
      await looking
      await line
      wake()
    },
  }
}

/** Removed by the person in the meantime: then there is nothing to do. */
async function ignoringAbsence(work: Promise<void>): Promise<void> {
  try {
    await work
  } catch (error) {
    if (!(error instanceof AppError && error.code === "document.not-found")) throw error
  }
}

/** A drive that hangs never answers: that counts as away. */
async function answering<T>(promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new FolderUnreachable("The folder does not answer in time.")), answerMs)
    timer.unref()
  })
  promise.catch(() => undefined)
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}

async function isRemote(path: string): Promise<boolean> {
  if (path.startsWith("\\\\")) return true
  if (process.platform !== "linux") return false
  try {
    return remoteFileSystems.has((await statfs(path)).type)
  } catch {
    return false
  }
}
