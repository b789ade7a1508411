import { open as openFile, rm, stat, writeFile } from "node:fs/promises"
import { join } from "node:path"
import Database from "better-sqlite3"
import type { DoctorFinding } from "#contract/ops.ts"
import { ownerActor } from "#core/actor.ts"
import { silentLogger } from "#core/logger.ts"
import { createHashEmbedder } from "#engines/onnx/hashEmbedder.ts"
import { createSecrets } from "#ops/secrets/createSecrets.ts"
import { openSqliteStore } from "#store/sqlite/openSqliteStore.ts"
import { entryUrl } from "../entries.ts"
import { startFinding } from "../startFindings.ts"
import type { Fault } from "./types.ts"

const auditKey = Buffer.alloc(32, 7)
const fileIn = (directory: string): string => join(directory, "zenglow.db")
const openStore = (directory: string) =>
  openSqliteStore({
    file: fileIn(directory),
    backupDir: join(directory, "backups"),
    log: silentLogger,
    workerUrl: entryUrl("store"),
    auditKey,
  })

/** A database with something in it, closed: everything lies in its one file. */
async function fill(directory: string): Promise<void> {
  const store = await openStore(directory)
  const collection = await store.collections.create(ownerActor, { name: "Drill" })
  for (let n = 0; n < 200; n++) {
    await store.documents.upsert(ownerActor, {
      collectionId: collection.id,
      title: `Document ${n}`,
      path: `${n}.md`,
      kind: "md",
      sizeBytes: 10,
      filePath: null,
      contentHash: String(n),
    })
  }
  await store.audit.record(ownerActor, { action: "drill.one", subject: "", outcome: "ok", requestId: null })
  await store.audit.record(ownerActor, { action: "drill.two", subject: "", outcome: "ok", requestId: null })
  await store.close()
}

const soundStart: DoctorFinding = { code: "core.start", status: "ok", message: "It opens.", remedy: null, ms: 0 }

/** Database, search index, audit log and secrets. */
export const dataFaults: readonly Fault[] = [
  {
    name: "pages of the database are overwritten",
    code: "database.integrity",
    expected: "error",
    async inject(directory) {
      await fill(directory)
      const damaged = await openStore(directory)
      const { size } = await stat(fileIn(directory))
      const file = await openFile(fileIn(directory), "r+")
      await file.write(Buffer.alloc(Math.floor(size / 2), 0xa5), 0, undefined, Math.floor(size / 4))
      await file.close()
      let store = damaged
      return {
        deps: { store: damaged },
        async remedy() {
          await store.close()
          store = await openStore(directory)
          // What was set aside is told once; a second start has nothing to tell.
          await store.close()
          store = await openStore(directory)
          return { store }
        },
        close: () => store.close(),
      }
    },
  },
  {
    name: "the database is of a newer version",
    code: "database.version",
    expected: "error",
    async inject(directory) {
      await fill(directory)
      const setVersion = (change: (version: number) => number): void => {
        const database = new Database(fileIn(directory))
        const version = Number(database.pragma("user_version", { simple: true }))
        database.pragma(`user_version = ${change(version)}`)
        database.close()
      }
      setVersion((version) => version + 1000)
      return {
        async examine() {
          try {
            await (await openStore(directory)).close()
            return { ...soundStart, code: "database.version" }
          } catch (error) {
            return startFinding(error)
          }
        },
        async remedy() {
          setVersion((version) => version - 1000)
          return undefined
        },
      }
    },
  },
  {
    name: "a line of the audit log was changed",
    code: "audit.chain",
    expected: "error",
    async inject(directory) {
      await fill(directory)
      const rewrite = (from: string, to: string): void => {
        const database = new Database(fileIn(directory))
        const triggers = database
          .prepare<[], { name: string; sql: string }>(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit'",
          )
          .all()
        for (const { name } of triggers) database.exec(`DROP TRIGGER "${name}"`)
        database.prepare("UPDATE audit SET action = ? WHERE action = ?").run(to, from)
        for (const { sql } of triggers) database.exec(sql)
        database.close()
      }
      rewrite("drill.one", "drill.none")
      let store = await openStore(directory)
      return {
        deps: { auditChain: () => store.audit.verify() },
        // What a restored backup has in this place.
        async remedy() {
          await store.close()
          rewrite("drill.none", "drill.one")
          store = await openStore(directory)
          return undefined
        },
        close: () => store.close(),
      }
    },
  },
  {
    name: "the search index lacks vectors",
    code: "search.index",
    expected: "warning",
    async inject(directory, signal) {
      const store = await openStore(directory)
      const embedder = createHashEmbedder()
      const { createIndexCare } = await import("#rag/indexCare.ts")
      const { createVectorIndex } = await import("#rag/vectorIndex.ts")
      const { createSwapGate } = await import("#rag/swapGate.ts")
      const collection = await store.collections.create(ownerActor, { name: "Drill" })
      const { document } = await store.documents.upsert(ownerActor, {
        collectionId: collection.id,
        title: "Document",
        path: "a.md",
        kind: "md",
        sizeBytes: 10,
        filePath: null,
        contentHash: "1",
      })
      await store.documents.writeContent(ownerActor, document.id, {
        text: "The walrus sleeps.",
        pages: [],
        pageCount: null,
        vectors: null,
        fingerprint: null,
        chunks: [
          { ordinal: 0, text: "The walrus sleeps.", headingPath: [], page: null, start: 0, end: 18, tokenCount: 5 },
        ],
      })
      const gate = createSwapGate({
        settings: store.settings,
        pinnedRecall: async () => null,
        onChange: () => {},
        now: () => Date.now(),
        log: silentLogger,
      })
      const vectorIndex = createVectorIndex({
        chunks: store.chunks,
        embedder: () => embedder,
        embedderOf: () => embedder,
        gate,
        log: silentLogger,
      })
      const care = createIndexCare({ chunks: store.chunks, vectorIndex, embedder: () => embedder, log: silentLogger })
      return {
        deps: { indexProblems: async () => (await care.inspect()).map(({ message }) => message) },
        async remedy() {
          await care.repair(ownerActor, signal, () => {})
          return undefined
        },
        close: () => store.close(),
      }
    },
  },
  {
    name: "the vault is locked",
    code: "secrets.readable",
    expected: "error",
    async inject(dataDir) {
      const passphrase = "correct horse battery staple"
      const open = (key: string | null) =>
        createSecrets({ dataDir, environment: {}, keychain: null, passphrase: key, log: silentLogger })
      await (await open(passphrase)).set("drill", "a value that is kept")
      return {
        deps: { secretsProblem: () => problemOf(async () => (await open(null)).get("drill")) },
        remedy: async () => ({ secretsProblem: () => problemOf(async () => (await open(passphrase)).get("drill")) }),
      }
    },
  },
  {
    name: "the file of secrets is damaged",
    code: "secrets.readable",
    expected: "error",
    async inject(dataDir) {
      await writeFile(join(dataDir, "secrets.json"), '{"version": 1, "vau')
      const open = () =>
        createSecrets({ dataDir, environment: {}, keychain: null, passphrase: null, log: silentLogger })
      const deps = { secretsProblem: () => problemOf(open) }
      return {
        deps,
        async remedy() {
          await rm(join(dataDir, "secrets.json"))
          return deps
        },
      }
    },
  },
]

async function problemOf(work: () => Promise<unknown>): Promise<{ message: string; remedy: string } | null> {
  try {
    await work()
    return null
  } catch (error) {
    const { message, remedy } = startFinding(error)
    return { message, remedy: remedy ?? "" }
  }
}
