import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import Database from "better-sqlite3"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { ownerActor } from "#core/actor.ts"
import { silentLogger } from "#core/logger.ts"
import { createMemoryStore } from "#store/memory/createMemoryStore.ts"
import { openSqliteStore } from "#store/sqlite/openSqliteStore.ts"
import type { Store } from "#store/types.ts"

const child = { personId: "child", scopes: [] }
const auditKey = Buffer.alloc(32, 7)

async function fill(store: Store): Promise<void> {
  await store.audit.record(ownerActor, { action: "key.create", subject: "k1", outcome: "ok", requestId: "r1" })
  await store.audit.record(child, {
    action: "access.denied",
    subject: "GET /api/keys",
    outcome: "denied",
    requestId: "r2",
    detail: "auth.missing-scope",
  })
  await store.audit.record(ownerActor, { action: "document.delete", subject: "d1", outcome: "ok", requestId: null })
}

describe.each(["sqlite", "memory"])("the audit log in %s", (kind) => {
  let directory: string
  let store: Store
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "zenglow-audit-"))
    store = kind === "memory" ? createMemoryStore() : await open(directory)
    await fill(store)
  })
  afterEach(async () => {
    await store.close()
    await rm(directory, { recursive: true, force: true })
  })

  it("lists newest first, by action, outcome, person and page", async () => {
    const all = await store.audit.list(ownerActor, { limit: 10 })
    expect(all.items.map(({ seq, personId, action }) => [seq, personId, action])).toEqual([
      [3, "owner", "document.delete"],
      [2, "child", "access.denied"],
      [1, "owner", "key.create"],
    ])
    const first = await store.audit.list(ownerActor, { limit: 2 })
    expect(first.items).toHaveLength(2)
    const rest = await store.audit.list(ownerActor, { limit: 2, cursor: first.next as string })
    expect(rest).toMatchObject({ items: [{ seq: 1 }], next: null })
    expect((await store.audit.list(ownerActor, { limit: 9, action: "access" })).items).toMatchObject([
      { seq: 2, detail: "auth.missing-scope", requestId: "r2" },
    ])
    expect((await store.audit.list(ownerActor, { limit: 9, outcome: "denied" })).items).toHaveLength(1)
    expect((await store.audit.list(ownerActor, { limit: 9, personId: "child" })).items).toHaveLength(1)
    expect((await store.audit.list(ownerActor, { limit: 9, sinceMs: Date.now() + 1e6 })).items).toEqual([])
  })

  it("shows a person only their own rows", async () => {
    expect((await store.audit.list(child, { limit: 10 })).items.map(({ seq }) => seq)).toEqual([2])
    expect((await store.audit.list(child, { limit: 10, personId: "owner" })).items).toEqual([])
  })

  it("finds an untouched log intact", async () => {
    expect(await store.audit.verify()).toEqual({ isIntact: true, entries: 3, brokenAt: null, problem: null })
  })
})

describe("an audit log that was tampered with", () => {
  let directory: string
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "zenglow-audit-"))
    const store = await open(directory)
    await fill(store)
    await store.close()
  })
  afterEach(() => rm(directory, { recursive: true, force: true }))

  it("refuses to change or delete rows even by SQL", () => {
    const db = new Database(join(directory, "zenglow.db"))
    expect(() => db.exec("UPDATE audit SET subject = 'x' WHERE seq = 1")).toThrow(/append-only/)
    expect(() => db.exec("DELETE FROM audit WHERE seq = 3")).toThrow(/append-only/)
    db.close()
  })

  const unlocked = "DROP TRIGGER audit_stays; DROP TRIGGER audit_is_kept;"
  it.each([
    ["an edited row", "UPDATE audit SET outcome = 'ok' WHERE seq = 2", { brokenAt: 2, problem: "changed" }],
    ["an edited person", "UPDATE audit SET owner_id = 'owner' WHERE seq = 2", { brokenAt: 2, problem: "changed" }],
    ["a row taken out", "DELETE FROM audit WHERE seq = 2", { brokenAt: 3, problem: "missing" }],
    ["the first row taken out", "DELETE FROM audit WHERE seq = 1", { brokenAt: 2, problem: "missing" }],
    ["the last row cut off", "DELETE FROM audit WHERE seq = 3", { brokenAt: 3, problem: "missing" }],
    ["everything cut off", "DELETE FROM audit", { brokenAt: 1, problem: "missing" }],
    [
      "the end cut off and the head set back",
      "DELETE FROM audit WHERE seq = 3; UPDATE audit_head SET seq = 2, chain = (SELECT chain FROM audit WHERE seq = 2)",
      { brokenAt: 2, problem: "changed" },
    ],
    ["the head taken out", "DELETE FROM audit_head", { brokenAt: 3, problem: "missing" }],
    [
      "a row added by hand",
      `INSERT INTO audit SELECT 4, 'x', owner_id, at, action, subject, outcome, request_id, detail, chain FROM audit WHERE seq = 3`,
      { brokenAt: 4, problem: "changed" },
    ],
  ])("is told from %s", async (_name, sql, expected) => {
    const db = new Database(join(directory, "zenglow.db"))
    db.exec(`${unlocked}${sql}`)
    db.close()
    const store = await open(directory)
    expect(await store.audit.verify()).toMatchObject({ isIntact: false, ...expected })
    await store.close()
  })

  it("cannot be continued with another key", async () => {
    const store = await open(directory, Buffer.alloc(32, 8))
    expect(await store.audit.verify()).toMatchObject({ isIntact: false, brokenAt: 1 })
    await store.close()
  })
})

const open = (directory: string, key = auditKey): Promise<Store> =>
  openSqliteStore({
    file: join(directory, "zenglow.db"),
    backupDir: join(directory, "backups"),
    log: silentLogger,
    auditKey: key,
  })
