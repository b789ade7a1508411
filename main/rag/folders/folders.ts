import { realpath, stat } from "node:fs/promises"
import { basename, relative, sep } from "node:path"
import type { Folder } from "#contract/folders.ts"
import type { Job } from "#contract/jobs.ts"
import type { Actor } from "#core/actor.ts"
import { AppError } from "#core/errors.ts"
import type { Logger } from "#core/logger.ts"
import type { FolderRecord, Store } from "#store/types.ts"
import { largestFileBytes } from "../ingest/registerFile.ts"
import type { Ingest, IngestProgress } from "../ingest.ts"
import { createFolderKeeper, type FolderKeeper } from "./folderKeeper.ts"
import { watchPath } from "./watchPath.ts"

/** What an ingest job has to do for a watched folder: read the files that its last look found. */
export interface FolderPayload {
  type: "folder"
  folderId: string
}

export const isFolderPayload = (payload: unknown): payload is FolderPayload =>
  typeof payload === "object" && payload !== null && "type" in payload && payload.type === "folder"

export interface FoldersDeps {
  store: Pick<Store, "folders" | "documents" | "collections">
  ingest: Ingest
  /** The collection that belongs to a path, made when it is new. */
  collectionOfPath(actor: Actor, path: string): Promise<{ id: string }>
  /** Queues a job of the kind `ingest`. */
  startJob(
    actor: Actor,
    job: Pick<Job, "kind" | "title" | "unit" | "subjectId"> & { payload: FolderPayload },
  ): Promise<{ id: string }>
  /** Ends a job; one that has ended already is left alone. */
  cancelJob(actor: Actor, jobId: string): Promise<void>
  /** Documents wait for vectors: somebody should make them. */
  onDeferred(): void
  /** A folder's state changed, or documents went or moved. */
  onChange(folderId: string): void
  /** Default: the system's notifications. */
  watch?: typeof watchPath
  /** How often it is checked that a folder still answers. Default 5,000 ms. */
  tickMs?: number
  log: Logger
}

export interface FolderChanges {
  isPaused?: boolean
  excludes?: string[]
  followsGitignore?: boolean
  maxFileBytes?: number
}

/** The folders of this machine that are kept up with. */
export interface Folders {
  list(actor: Actor): Promise<Folder[]>
  get(actor: Actor, id: string): Promise<Folder>
  /** Throws `document.unreadable` for a path that is no readable folder, `request.conflict` for one inside another of the collection. */
  add(actor: Actor, folder: { path: string; collectionId?: string } & Omit<FolderChanges, "isPaused">): Promise<Folder>
  change(actor: Actor, id: string, changes: FolderChanges): Promise<Folder>
  rescan(actor: Actor, id: string): Promise<Folder>
  remove(actor: Actor, id: string, documents: "keep" | "remove"): Promise<void>
  /** A document the person removed from the index stays out: its file becomes an exclude. */
  leaveOut(actor: Actor, document: { folderId?: string | null; filePath: string | null }): Promise<void>
  /** A collection is going, and its folders with it. */
  forgetCollection(actor: Actor, collectionId: string): Promise<void>
  /** Does the work of a job; see `FolderPayload`. */
  runJob(
    actor: Actor,
    job: { id: string; folderId: string },
    progress: (progress: IngestProgress) => void,
    signal: AbortSignal,
  ): Promise<void>
  /** A cancelled job means: not now. The folder is paused. */
  discardJob(actor: Actor, folderId: string): Promise<void>
  /** At boot: compares every folder with its documents and keeps up from then on. */
  start(actor: Actor): Promise<void>
  /** Resolves when nothing that was noticed waits to be looked at or read. */
  settled(folderId: string): Promise<void>
  close(): Promise<void>
}

export function createFolders(deps: FoldersDeps): Folders {
  const { store, log } = deps
  const keepers = new Map<string, FolderKeeper>()
  /** The job each folder reads with. */
  const jobIds = new Map<string, string>()
  /** Folders whose job is being ended by us and not by the person. */
  const ending = new Set<string>()
  let isClosed = false

  const open = (actor: Actor, record: FolderRecord): FolderKeeper => {
    const keeper = createFolderKeeper(actor, record, {
      ...deps,
      watch: deps.watch ?? watchPath,
      async startJob(owner, job) {
        const started = await deps.startJob(owner, job)
        jobIds.set(record.id, started.id)
        return started
      },
    })
    keepers.set(record.id, keeper)
    return keeper
  }

  const endJob = async (actor: Actor, id: string): Promise<void> => {
    const jobId = jobIds.get(id)
    if (jobId === undefined) return
    ending.add(id)
    try {
      await deps.cancelJob(actor, jobId)
    } finally {
      ending.delete(id)
      jobIds.delete(id)
    }
  }

  const close = async (id: string): Promise<void> => {
    const keeper = keepers.get(id)
    keepers.delete(id)
    await keeper?.close()
  }

  const view = async (actor: Actor, record: FolderRecord): Promise<Folder> => {
    const state = keepers.get(record.id)?.state()
    const found = await store.folders.summary(actor, record.id, shownErrors)
    const errors: Folder["errors"] = (state?.unreadable ?? []).map(({ path }) => ({
      path: `${record.name}/${relative(record.path, path).split(sep).join("/")}`,
      code: "document.unreadable",
      message: "It cannot be opened.",
      remedy: "Check that you may read it. What was read from it before is kept.",
    }))
    for (const { path, error } of found.errors) errors.push({ path, ...error })
    return {
      id: record.id,
      collectionId: record.collectionId,
      name: record.name,
      path: record.path,
      excludes: record.excludes,
      followsGitignore: record.followsGitignore,
      maxFileBytes: record.maxFileBytes,
      state: record.isPaused ? "paused" : (state?.state ?? "scanning"),
      mode: state?.mode ?? "events",
      done: state?.done ?? 0,
      total: state?.total ?? 0,
      documentCount: found.documents,
      skippedCount: state?.skipped ?? 0,
      errors: errors.slice(0, shownErrors),
      errorCount: found.failed + (state?.unreadable.length ?? 0),
      checkedAt: state?.checkedAt ?? null,
      createdAt: record.createdAt,
    }
  }

  /** Two folders of one collection may have the same name: their documents must not share a path. */
  const freeName = async (actor: Actor, collectionId: string, path: string): Promise<string> => {
    const name = basename(path) || "folder"
    const taken = new Set(
      (await store.folders.list(actor)).filter((each) => each.collectionId === collectionId).map((each) => each.name),
    )
    let free = name
    for (let number = 2; taken.has(free); number++) free = `${name} (${number})`
    return free
  }

  const folders: Folders = {
    async list(actor) {
      return Promise.all((await store.folders.list(actor)).map((record) => view(actor, record)))
    },
    async get(actor, id) {
      return view(actor, await store.folders.get(actor, id))
    },
    async add(actor, { path, collectionId, excludes = [], followsGitignore = true, maxFileBytes = largestFileBytes }) {
      const real = await readableFolder(path)
      const collection = collectionId
        ? await store.collections.get(actor, collectionId)
        : await deps.collectionOfPath(actor, real)
      for (const other of await store.folders.list(actor)) {
        if (other.collectionId !== collection.id) continue
        if (isInside(real, other.path) || isInside(other.path, real)) throw overlapping(other.name)
      }
      const record = await store.folders.create(actor, {
        collectionId: collection.id,
        path: real,
        name: await freeName(actor, collection.id, real),
        excludes,
        followsGitignore,
        maxFileBytes,
      })
      open(actor, record).start()
      deps.onChange(record.id)
      return view(actor, record)
    },
    async change(actor, id, changes) {
      const record = await store.folders.update(actor, id, changes)
      await endJob(actor, id)
      await close(id)
      // New rules take effect by a fresh look with a fresh keeper.
      if (!record.isPaused) open(actor, record).start()
      deps.onChange(id)
      return view(actor, record)
    },
    async rescan(actor, id) {
      const record = await store.folders.get(actor, id)
      const keeper = keepers.get(id)
      if (!keeper) {
        throw new AppError("request.conflict", "The folder is paused.", { remedy: "Resume it first." })
      }
      keeper.rescan()
      return view(actor, record)
    },
    async remove(actor, id, documents) {
      await store.folders.get(actor, id)
      await endJob(actor, id)
      await close(id)
      if (documents === "remove") {
        for (const document of await store.folders.documents(actor, id, null, sep)) {
          await store.documents.delete(actor, document.id)
        }
      }
      await store.folders.delete(actor, id)
      deps.onChange(id)
    },
    async leaveOut(actor, { folderId, filePath }) {
      if (!folderId || filePath === null) return
      const record = await store.folders.get(actor, folderId).catch(() => null)
      if (!record || !isInside(filePath, record.path)) return
      const line = `/${relative(record.path, filePath)
        .split(sep)
        .join("/")
        .replace(/[\\*?[\]!# ]/g, "\\$&")}`
      if (record.excludes.includes(line)) return
      await store.folders.update(actor, folderId, { excludes: [...record.excludes, line] })
      keepers.get(folderId)?.exclude(line)
      deps.onChange(folderId)
    },
    async forgetCollection(actor, collectionId) {
      for (const record of await store.folders.list(actor)) {
        if (record.collectionId !== collectionId) continue
        await endJob(actor, record.id)
        await close(record.id)
      }
    },
    async runJob(actor, { id, folderId }, progress, signal) {
      const record = await store.folders.get(actor, folderId).catch(() => null)
      // Removed or paused since the job was stored: nothing is left to do.
      if (!record || record.isPaused || isClosed) return
      jobIds.set(folderId, id)
      const keeper = keepers.get(folderId) ?? open(actor, record)
      keeper.start()
      await keeper.readBulk(progress, signal)
    },
    async discardJob(actor, folderId) {
      const record = await store.folders.get(actor, folderId).catch(() => null)
      if (!record || ending.has(folderId)) return
      await store.folders.update(actor, folderId, { isPaused: true })
      await close(folderId)
      deps.onChange(folderId)
    },
    async start(actor) {
      for (const record of await store.folders.list(actor)) {
        if (!record.isPaused && !keepers.has(record.id)) open(actor, record).start()
      }
    },
    settled: async (folderId) => keepers.get(folderId)?.settled(),
    async close() {
      isClosed = true
      await Promise.all([...keepers.keys()].map(close))
      log.debug("watched folders closed")
    },
  }
  return folders
}

const shownErrors = 50

async function readableFolder(path: string): Promise<string> {
  try {
    const real = await realpath(path)
    if ((await stat(real)).isDirectory()) return real
  } catch (cause) {
    throw new AppError("document.unreadable", "The folder does not exist or may not be read.", {
      remedy: "Check the path.",
      cause,
    })
  }
  throw new AppError("document.unreadable", "Only folders are watched, and this is a file.", {
    remedy: "Add the folder it lies in, or add the file without watching.",
  })
}

const isInside = (path: string, folder: string): boolean =>
  path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep)

const overlapping = (name: string): AppError =>
  new AppError("request.conflict", `The folder “${name}” of this collection is already watched and overlaps with it.`, {
    remedy: "Choose another collection, or remove that folder first.",
  })
