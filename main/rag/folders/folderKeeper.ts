import { basename, dirname, relative, sep } from "node:path"
import type { Folder } from "#contract/folders.ts"
import type { Actor } from "#core/actor.ts"
import { AppError, isAbort } from "#core/errors.ts"
import type { Logger } from "#core/logger.ts"
import type { FolderRecord, Store } from "#store/types.ts"
import { createExcludes } from "../excludes.ts"
import type { Ingest, IngestProgress } from "../ingest.ts"
import { applyFindings } from "./applyFindings.ts"
import { createFolderReader, type FolderReaderDeps } from "./folderReader.ts"
import { type Findings, FolderUnreachable, folderIdentity, lookAtFolder } from "./lookAtFolder.ts"
import { answering, isRemote } from "./reachability.ts"
import type { PathWatch, WatchOptions } from "./watchPath.ts"

export interface FolderKeeperDeps {
  store: Pick<Store, "folders" | "documents">
  ingest: Ingest
  startJob: FolderReaderDeps["startJob"]
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

/** A second look at files that changed so recently that their times say little. */
const settleMs = 3000
const tickMs = 5000
/** Everything is compared at least this often: what the system failed to report is found then. */
const fullLookEveryMs = 10 * 60_000
/** Without notifications: at least this often, and never more than a twentieth of the time. */
const pollEveryMs = 15_000
const pollShare = 20
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
  /** Settles with the first look, or when there can be none. */
  const firstLook = Promise.withResolvers<void>()
  const idle = new Set<() => void>()

  const isIdle = (): boolean => looking === null && waiting === null && reader.isIdle()
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
  const reader = createFolderReader(
    actor,
    record,
    {
      ingest,
      startJob: deps.startJob,
      onDeferred: deps.onDeferred,
      onOutdated: (filePath) => notice([filePath]),
      onChange: changed,
      onFailure() {
        fullLookAt = 0
      },
      onProgress: wake,
      log,
    },
    signal,
  )

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
    const targets = await applyFindings(actor, folder, found, { documents, ingest, isReading: reader.isReading })
    if (found.gone.length + found.moved.length + targets.length > 0) changed()
    lookAgainAt(found.unsettled)
    await reader.read(targets)
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
      await reader.continueBulk()
      const everyMs = mode === "polling" ? Math.max(pollEveryMs, fullLookMs * pollShare) : fullLookEveryMs
      if (looking === null && performance.now() - fullLookAt > everyMs) notice(null)
    } catch (error) {
      if (error instanceof FolderUnreachable) await becomeUnreachable()
      else if (!signal.aborted) log.warn("a folder could not be checked", { folderId: folder.id, error })
    } finally {
      isTicking = false
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
      state: isUnreachable ? "unreachable" : !hasCaughtUp || reader.isBulkPending() ? "scanning" : "watching",
      mode,
      ...reader.progress(),
      skipped,
      unreadable,
      checkedAt,
    }),
    readBulk: (progress, jobSignal) => reader.readBulk(firstLook.promise, progress, jobSignal),
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
      const read = reader.close()
      await stopWatching()
      await looking
      await read
      wake()
    },
  }
}
