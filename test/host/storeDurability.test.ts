import { fork } from "node:child_process"
import { once } from "node:events"
import { copyFileSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { ownerActor } from "#core/actor.ts"
import { silentLogger } from "#core/logger.ts"
import { migrations } from "#store/sqlite/migrations/index.ts"
import { openDatabase, schemaVersion } from "#store/sqlite/openDatabase.ts"
import { openSqliteStore } from "#store/sqlite/openSqliteStore.ts"
import type { Store } from "#store/types.ts"
import { slowMigration, victimChunks } from "../fakes/storeVictimRows.ts"

/** Kills per kind of work; the full run asks for more. */
const rounds = process.env.ZENGLOW_TEST_FULL ? 25 : 3
const victim = fileURLToPath(new URL("../fakes/storeVictim.ts", import.meta.url))

interface Acknowledged {
  started?: boolean
  message?: string
  text?: string
  document?: string
  deleted?: string
  migrated?: boolean
}

let directory: string
let file: string
let backupDir: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "zenglow-durability-"))
  file = join(directory, "zenglow.sqlite")
  backupDir = join(directory, "backups")
})
afterEach(() => rm(directory, { recursive: true, force: true }))

const open = (): Promise<Store> => openSqliteStore({ file, backupDir, log: silentLogger })

/** Lets the victim work until it has acknowledged so many lines, then kills it in whatever it is doing. */
async function killAfter(mode: string, lines: number, round: number): Promise<Acknowledged[]> {
  const child = fork(victim, [mode, file, backupDir, String(round)], {
    stdio: ["ignore", "pipe", "inherit", "ipc"],
    execArgv: [],
  })
  const exited = once(child, "exit")
  const acknowledged: Acknowledged[] = []
  if (!child.stdout) throw new Error("The victim has no stdout.")
  for await (const line of createInterface({ input: child.stdout })) {
    acknowledged.push(JSON.parse(line) as Acknowledged)
    if (acknowledged.length === lines) child.kill("SIGKILL")
  }
  await exited
  return acknowledged
}

async function expectSound(store: Store): Promise<void> {
  const check = await store.check("full")
  expect(check).toMatchObject({ integrity: "ok", isWritable: true, problems: [] })
  expect(check.counts.vectors).toBe(check.counts.chunks)
}

describe("a process killed at any moment", () => {
  it("loses no acknowledged message", async () => {
    const messages: Acknowledged[] = []
    for (let round = 0; round < rounds; round++) {
      messages.push(...(await killAfter("chat", 20 + round * 17, round)).filter(({ message }) => message))
      const store = await open()
      await expectSound(store)
      for (const { message, text } of messages) {
        expect((await store.messages.get(ownerActor, message ?? "")).text).toBe(text)
      }
      expect(await store.messages.search(ownerActor, `round ${round} message 5`, 1)).toHaveLength(1)
      await store.close()
    }
    expect(messages.length).toBeGreaterThan(50)
  })

  it("leaves whole documents only, and every acknowledged one", async () => {
    const documents: string[] = []
    for (let round = 0; round < rounds; round++) {
      for (const { document } of await killAfter("ingest", 5 + round * 3, round)) if (document) documents.push(document)
      const store = await open()
      await expectSound(store)
      for (const id of documents) expect((await store.documents.get(ownerActor, id)).status).toBe("ready")
      for (const { id, status, hasVectors } of (await store.documents.list(ownerActor, { limit: 1000 })).items) {
        const chunks = await store.chunks.byDocument(ownerActor, id)
        expect([0, victimChunks]).toContain(chunks.length)
        expect(status === "ready" ? [victimChunks, true] : [0, false]).toEqual([chunks.length, hasVectors])
      }
      await store.close()
    }
    expect(documents.length).toBeGreaterThan(15)
  })

  it("never brings back or halves a deleted document", async () => {
    const deleted: string[] = []
    for (let round = 0; round < rounds; round++) {
      for (const line of await killAfter("delete", 8 + round * 5, round)) if (line.deleted) deleted.push(line.deleted)
      const store = await open()
      await expectSound(store)
      const { items } = await store.documents.list(ownerActor, { limit: 1000 })
      expect(items.map(({ id }) => id)).not.toEqual(expect.arrayContaining([expect.toBeOneOf(deleted)]))
      for (const { id } of items) {
        expect([0, victimChunks]).toContain((await store.chunks.byDocument(ownerActor, id)).length)
      }
      await store.close()
    }
    expect(deleted.length).toBeGreaterThan(10)
  })

  it("is at the old schema or the new one, never between, and migrates afterwards", async () => {
    const acknowledged = (await killAfter("chat", 30, 0)).filter(({ message }) => message)
    for (let round = 0; round < rounds; round++) {
      await killAfter("migrate", 1, round)
      const { db } = openDatabase({ file, backupDir, migrations: listOfFile() })
      const isNew = schemaVersion(db) > migrations.length
      const columns = (db.pragma("table_info(conversations)") as { name: string }[]).map(({ name }) => name)
      expect(columns.includes("extra")).toBe(isNew)
      const texts = db.prepare("SELECT text FROM messages WHERE id = ?").pluck()
      for (const { message, text } of acknowledged) {
        expect(texts.get(message)).toBe(isNew ? `${text} (migrated)` : text)
      }
      expect(db.pragma("integrity_check", { simple: true })).toBe("ok")
      db.close()
    }
    const { db } = openDatabase({ file, backupDir, migrations: [...migrations, slowMigration] })
    expect(schemaVersion(db)).toBe(migrations.length + 1)
    expect(db.prepare("SELECT count(*) FROM extra").pluck().get()).toBe(400_000)
    db.prepare("INSERT INTO messages_fts (messages_fts, rank) VALUES ('integrity-check', 1)").run()
    db.close()
    expect(readdirSync(backupDir).some((name) => name.endsWith(".bak"))).toBe(true)
  })
})

/** The migrations that the file as it lies there has been through. */
function listOfFile() {
  try {
    openDatabase({ file, backupDir }).db.close()
    return migrations
  } catch {
    return [...migrations, slowMigration]
  }
}

it("reopens a torn log at a committed state", async () => {
  await killAfter("ingest", 12, 0)
  const whole = readFileSync(file)
  const log = readFileSync(`${file}-wal`)
  expect(log.length).toBeGreaterThan(0)
  let last = -1
  for (const share of [0, 0.13, 0.31, 0.5, 0.77, 0.999, 1]) {
    writeFileSync(file, whole)
    writeFileSync(`${file}-wal`, log)
    rmSync(`${file}-shm`, { force: true })
    truncateSync(`${file}-wal`, Math.floor(log.length * share))
    const store = await open()
    const check = await store.check("full")
    expect(check).toMatchObject({ integrity: "ok", problems: [] })
    expect(check.counts.chunks % victimChunks).toBe(0)
    expect(check.counts.vectors).toBe(check.counts.chunks)
    expect(check.counts.documents).toBeGreaterThanOrEqual(last)
    last = check.counts.documents
    await store.close()
  }
  expect(last).toBeGreaterThan(0)
})

describe("a damaged file", () => {
  const damage = (): void => {
    const bytes = readFileSync(file)
    bytes.fill(0xa5, 4096, Math.min(bytes.length, 4096 * 12))
    writeFileSync(file, bytes)
  }

  it("is set aside, a new database serves, and the person is told", async () => {
    const before = await open()
    await before.conversations.create(ownerActor, { title: "Lost" })
    await before.close()
    damage()
    const size = statSync(file).size
    const store = await open()
    const check = await store.check("full")
    expect(check.integrity).toBe("ok")
    expect(check.problems.join()).toMatch(/set aside in quarantine.*no backup was found/)
    expect((await store.conversations.list(ownerActor, { limit: 5 })).items).toEqual([])
    await store.conversations.create(ownerActor, { title: "Goes on" })
    await store.close()
    const [stamp] = readdirSync(join(directory, "quarantine"))
    expect(statSync(join(directory, "quarantine", stamp ?? "", "zenglow.sqlite")).size).toBe(size)
  })

  it("is replaced by the newest good backup", async () => {
    const before = await open()
    const { id } = await before.conversations.create(ownerActor, { title: "Kept" })
    await before.close()
    copyFileSync(file, join(backupDir, "zenglow.sqlite.v1.2026-01-01.bak"))
    writeFileSync(
      join(backupDir, "zenglow.sqlite.v1.2026-02-02.bak"),
      "not a database at all, but long enough to be read",
    )
    damage()
    const store = await open()
    expect((await store.conversations.get(ownerActor, id)).title).toBe("Kept")
    expect((await store.check("full")).problems.join()).toMatch(/backup .*2026-01-01.bak was restored/)
    await store.close()
  })

  it("is not taken for one when it is simply newer: it is refused, untouched", async () => {
    openDatabase({ file, backupDir, migrations: [...migrations, "CREATE TABLE later (x)"] }).db.close()
    const bytes = readFileSync(file)
    await expect(open()).rejects.toMatchObject({ code: "store.newer-schema" })
    expect(readFileSync(file).equals(bytes)).toBe(true)
  })
})

it("answers store.full without losing anything, and goes on once there is space", async () => {
  const empty = await open()
  const { id: collectionId } = await empty.collections.create(ownerActor, { name: "Library" })
  const { id: conversationId } = await empty.conversations.create(ownerActor, {})
  await empty.close()
  const maxSizeBytes = statSync(file).size + 200_000
  const store = await openSqliteStore({ file, backupDir, log: silentLogger, maxSizeBytes })
  const add = (text: string) =>
    store.messages.append(ownerActor, { conversationId, parentId: null, role: "user", text, kind: "text" })
  const kept: string[] = []
  let code = ""
  while (code === "" && kept.length < 1000) {
    await add("walrus ".repeat(500)).then(
      ({ id }) => kept.push(id),
      (error: { code: string }) => {
        code = error.code
      },
    )
  }
  expect(code).toBe("store.full")
  expect(kept.length).toBeGreaterThan(10)
  expect(await store.collections.get(ownerActor, collectionId)).toMatchObject({ name: "Library" })
  for (const id of kept) expect((await store.messages.get(ownerActor, id)).id).toBe(id)

  await store.conversations.delete(ownerActor, conversationId)
  await store.conversations.purge(ownerActor, -1000)
  const other = await store.conversations.create(ownerActor, { title: "Room again" })
  expect((await store.conversations.get(ownerActor, other.id)).title).toBe("Room again")
  expect(await store.check("full")).toMatchObject({ integrity: "ok", isWritable: true, problems: [] })
  await store.close()
})

it("starts the worker again after a crash, and only the call under way fails", async () => {
  const workerUrl = new URL("../fakes/crashingStoreWorker.ts", import.meta.url)
  const store = await openSqliteStore({ file, backupDir, log: silentLogger, workerUrl })
  const { id } = await store.conversations.create(ownerActor, { title: "Before" })
  await expect(store.collections.findByName(ownerActor, "crash")).rejects.toMatchObject({ code: "store.failed" })
  expect((await store.conversations.get(ownerActor, id)).title).toBe("Before")
  await store.close()
  await expect(store.conversations.get(ownerActor, id)).rejects.toMatchObject({ code: "core.stopping" })
})
