/** Entry of the store's thread: holds the only connection to the database and answers calls one after another. */
import { parentPort, workerData } from "node:worker_threads"
import { closeNetwork } from "#core/egress/closeNetwork.ts"
import { adoptVectorKernelModule } from "../../../native/vectorKernel/kernel.ts"
import type { DocumentContent } from "../types.ts"
import { createContext } from "./context.ts"
import { copyDatabase } from "./copyDatabase.ts"
import { noteDamage, openDatabase } from "./openDatabase.ts"
import {
  type PackedVectors,
  type StoreAnswer,
  type StoreCall,
  type StoreWorkerData,
  toPlainError,
  unpackVectors,
} from "./protocol.ts"
import { createRepositories } from "./repositories.ts"
import { isDamage, sqliteCode, toStoreError } from "./sqliteError.ts"

const port = parentPort
if (!port) throw new Error("The store's worker runs only as a thread.")
closeNetwork()
const options = workerData as StoreWorkerData
adoptVectorKernelModule(options.vectorKernel)
const answer = (message: StoreAnswer): void => port.postMessage(message)

let now = 0
let problems: string[] = []
let opened: ReturnType<typeof open> | undefined

function open() {
  const result = openDatabase(options)
  problems = [...problems, ...result.problems]
  return {
    db: result.db,
    store: createRepositories(
      createContext(result.db, () => now),
      options.file,
      Buffer.from(options.auditKey, "base64"),
    ),
  }
}

function perform(call: StoreCall): unknown {
  now = call.now
  opened ??= open()
  if (call.path === "check") {
    const checked = opened.store.check(call.args[0] === "full" ? "full" : "quick")
    return { ...checked, problems: [...problems, ...checked.problems] }
  }
  if (call.path === "scrub") return opened.store.scrub()
  const [repository, method] = call.path.split(".") as [keyof typeof opened.store, string]
  const methods = opened.store[repository] as unknown as Record<string, (...args: unknown[]) => unknown>
  const run = Object.hasOwn(methods, method) ? methods[method] : undefined
  if (!run) throw new Error(`The store has no ${call.path}.`)
  return run(...unpacked(call))
}

/** Vectors arrive as one block. */
function unpacked(call: StoreCall): unknown[] {
  if (call.path === "documents.writeContent") {
    const [actor, id, content] = call.args as [unknown, string, DocumentContent & { vectors: PackedVectors | null }]
    const vectors = content.vectors === null ? null : unpackVectors(content.vectors, content.chunks.length)
    return [actor, id, { ...content, vectors }]
  }
  if (call.path === "chunks.addVectors") {
    const [actor, fingerprint, chunkIds, packed] = call.args as [unknown, string, string[], PackedVectors]
    const vectors = unpackVectors(packed, chunkIds.length)
    return [actor, fingerprint, chunkIds.map((chunkId, n) => ({ chunkId, vector: vectors[n] }))]
  }
  return call.args
}

function close(): void {
  if (!opened) return
  try {
    opened.db.pragma("optimize")
    opened.db.pragma("wal_checkpoint(TRUNCATE)")
  } catch {
    // A full or read-only disk keeps the log; the next start reads it.
  }
  opened.db.close()
  opened = undefined
}

port.on("message", (call: StoreCall) => {
  try {
    if (call.path === "close") {
      close()
      answer({ type: "result", id: call.id, value: null })
      port.close()
      return
    }
    if (call.path === "backup") {
      opened ??= open()
      copyDatabase(opened.db, call.args[0] as string, (share) => answer({ type: "progress", id: call.id, share })).then(
        (value) => answer({ type: "result", id: call.id, value }),
        (error: unknown) => answer({ type: "error", id: call.id, error: toPlainError(toStoreError(error)) }),
      )
      return
    }
    answer({ type: "result", id: call.id, value: perform(call) })
  } catch (error) {
    if (isDamage(error)) noteDamage(options.file)
    // A connection opened while the directory was read-only stays so: a new one sees when that has ended.
    if (/^SQLITE_(READONLY|CANTOPEN|IOERR)/.test(sqliteCode(error) ?? "")) {
      opened?.db.close()
      opened = undefined
    }
    answer({ type: "error", id: call.id, error: toPlainError(toStoreError(error)) })
  }
})

try {
  opened = open()
  answer({ type: "ready", problems })
} catch (error) {
  answer({ type: "refused", error: toPlainError(error) })
  port.close()
}
