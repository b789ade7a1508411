import { type Transferable, Worker } from "node:worker_threads"
import Database from "better-sqlite3"
import { type Clock, systemClock } from "#core/clock.ts"
import { AppError } from "#core/errors.ts"
import type { Logger } from "#core/logger.ts"
import { vectorKernelModule } from "../../../native/vectorKernel/kernel.ts"
import type { Store, StoreCheck } from "../types.ts"
import { fromPlainError, packVectors, type StoreAnswer, type StoreCall, type StoreWorkerData } from "./protocol.ts"
import { type RepositoryName, repositoryMethods } from "./repositoryMethods.ts"

export interface SqliteStoreOptions {
  /** The database file; its log lies beside it. Directories are made. */
  file: string
  /** Where copies made before migrating are kept. */
  backupDir: string
  log: Logger
  /** Times of rows. Default: the system's. */
  clock?: Clock
  /** Entry of the worker. Default: `storeWorker.ts` beside this file, as it is in a checkout; a bundle names its own. */
  workerUrl?: URL
  /** Chains the audit log; a secret of this data directory. Default: none, for stores whose log nobody verifies. */
  auditKey?: Buffer
  /** Writes that would make the file larger answer `store.full`. Default: the disk is the limit. */
  maxSizeBytes?: number
}

interface Pending {
  path: string
  resolve: (value: unknown) => void
  reject: (error: unknown) => void
  onProgress?: (share: number) => void
}

interface Connection {
  worker: Worker
  /** Resolves at the thread's end. */
  gone: Promise<void>
  pending: Map<number, Pending>
}

/**
 * The store on SQLite, in a worker thread. Every write is durable when its promise resolves (WAL, synchronous FULL).
 * Throws `store.newer-schema`, `store.read-only`, `store.full`; a damaged file is set aside and told in `check().problems`.
 * After a crash of the worker the next call starts it again; calls under way fail with `store.failed`.
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<Store> {
  keepAddonLoaded()
  const clock = options.clock ?? systemClock
  let lastId = 0
  let isClosed = false
  let connecting: Promise<Connection> | undefined

  function connect(): Promise<Connection> {
    connecting ??= start(options, () => {
      connecting = undefined
    })
    return connecting
  }

  async function call(
    path: string,
    args: unknown[],
    transfer: Transferable[] = [],
    onProgress?: (share: number) => void,
  ): Promise<unknown> {
    if (isClosed) throw new AppError("core.stopping", "The store is closed.")
    const now = clock.now()
    const { worker, pending } = await connect()
    const id = ++lastId
    return new Promise((resolve, reject) => {
      pending.set(id, { path, resolve, reject, ...(onProgress ? { onProgress } : {}) })
      worker.postMessage({ id, path, args, now } satisfies StoreCall, transfer)
    })
  }

  /** The methods only carry their arguments over: what they take and return is the interface's. */
  const repository = <R extends RepositoryName>(name: R): Store[R] =>
    Object.fromEntries(
      Object.keys(repositoryMethods[name]).map((method) => [
        method,
        (...args: unknown[]) => call(`${name}.${method}`, args),
      ]),
    ) as unknown as Store[R]

  await connect()
  return {
    conversations: repository("conversations"),
    messages: repository("messages"),
    collections: repository("collections"),
    documents: {
      ...repository("documents"),
      async writeContent(actor, id, content) {
        const vectors = content.vectors === null ? null : packVectors(content.vectors)
        return (await call(
          "documents.writeContent",
          [actor, id, { ...content, vectors }],
          vectors ? [vectors.values.buffer] : [],
        )) as boolean
      },
    },
    folders: repository("folders"),
    chunks: {
      ...repository("chunks"),
      async addVectors(actor, fingerprint, added) {
        const packed = packVectors(added.map(({ vector }) => vector))
        const chunkIds = added.map(({ chunkId }) => chunkId)
        await call("chunks.addVectors", [actor, fingerprint, chunkIds, packed], [packed.values.buffer])
      },
    },
    settings: repository("settings"),
    jobs: repository("jobs"),
    keys: repository("keys"),
    people: repository("people"),
    audit: repository("audit"),
    timeline: repository("timeline"),
    memories: repository("memories"),
    artifacts: repository("artifacts"),
    evaluations: repository("evaluations"),
    voiceProfiles: repository("voiceProfiles"),
    clonedVoices: repository("clonedVoices"),
    turnSounds: repository("turnSounds"),
    healthReports: repository("healthReports"),
    feedback: repository("feedback"),
    backup: (target, onProgress) => call("backup", [target], [], onProgress) as Promise<{ schemaVersion: number }>,
    check: (depth) => call("check", [depth]) as Promise<StoreCheck>,
    async scrub() {
      await call("scrub", [])
    },
    async close() {
      if (isClosed) return
      const last = connecting
      const done = last ? call("close", []) : undefined
      isClosed = true
      await done
      // The thread ends by itself: ending it from outside can take the whole process down (nodejs/node#64500).
      await (await last)?.gone
    },
  }
}

/**
 * Loads the addon in the opening thread too. One that only a worker holds is unloaded at the worker's end, while the collector may still
 * call into it (better-sqlite3#1476).
 */
function keepAddonLoaded(): void {
  new Database(":memory:").close()
}

/** Resolves once the database is open and migrated. `onGone` hears of the worker's end, asked for or not. */
function start(options: SqliteStoreOptions, onGone: () => void): Promise<Connection> {
  const { log } = options
  const pending = new Map<number, Pending>()
  const worker = new Worker(options.workerUrl ?? new URL("./storeWorker.ts", import.meta.url), {
    name: "store",
    // The thread needs none of the flags the process was started with.
    execArgv: [],
    workerData: {
      file: options.file,
      backupDir: options.backupDir,
      maxSizeBytes: options.maxSizeBytes,
      auditKey: (options.auditKey ?? Buffer.alloc(32)).toString("base64"),
      vectorKernel: vectorKernelModule(),
    } satisfies StoreWorkerData,
  })
  const gone = new Promise<void>((resolve) => worker.once("exit", () => resolve()))
  return new Promise((resolve, reject) => {
    let failure: unknown
    worker.on("message", (message: StoreAnswer) => {
      if (message.type === "ready") {
        for (const problem of message.problems) log.error("database problem", { problem })
        resolve({ worker, gone, pending })
        return
      }
      if (message.type === "refused") {
        failure = fromPlainError(message.error)
        reject(failure)
        return
      }
      const waiting = pending.get(message.id)
      if (message.type === "progress") {
        waiting?.onProgress?.(message.share)
        return
      }
      pending.delete(message.id)
      if (message.type === "result") {
        waiting?.resolve(message.value)
        return
      }
      if (message.error.code.startsWith("store.")) {
        log.error("store call failed", { call: waiting?.path, code: message.error.code, cause: message.error.cause })
      }
      waiting?.reject(fromPlainError(message.error))
    })
    worker.on("error", (error) => {
      failure = error
      log.error("store worker crashed", { error })
    })
    worker.on("exit", () => {
      onGone()
      const error =
        failure instanceof AppError
          ? failure
          : new AppError("store.failed", "The database worker stopped.", {
              remedy: "Try again: it is started anew.",
              cause: failure,
            })
      for (const waiting of pending.values()) waiting.reject(error)
      pending.clear()
      reject(error)
    })
  })
}
