import { createHash } from "node:crypto"
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { bootCore, type Core } from "#app/bootCore.ts"
import { loadConfig } from "#core/config.ts"
import { silentLogger } from "#core/logger.ts"
import { applyRestore } from "#ops/backups/applyRestore.ts"
import { type BackupsDeps, createBackups } from "#ops/backups/createBackups.ts"
import { createSecrets } from "#ops/secrets/createSecrets.ts"

const { signal } = new AbortController()
let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "zenglow-backups-"))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

describe("a running core", { timeout: 60_000 }, () => {
  let core: Core
  let dataDir: string
  // biome-ignore lint/suspicious/noExplicitAny: each test asserts what it reads.
  type Body = any
  const call = async (route: string, body?: unknown, bearer = core.apiKey): Promise<{ status: number; body: Body }> => {
    const [method = "", path = ""] = route.split(" ")
    const response = await fetch(`${core.baseUrl}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${bearer}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    return { status: response.status, body: await response.json() }
  }
  const remember = async (text: string): Promise<void> => {
    expect((await call("POST /api/memory", { text })).status).toBeLessThan(300)
  }
  const memories = async (): Promise<string[]> =>
    (await call("GET /api/memory")).body.items.map(({ text }: { text: string }) => text).sort()

  beforeEach(async () => {
    dataDir = join(directory, "data")
    const flags = { dataDir, modelsDir: join(directory, "models"), port: 0, offline: true, logLevel: "error" }
    core = await bootCore(loadConfig(flags, {}))
  })
  afterEach(() => core.close())

  it("goes back to a backup and forth again, windows stay open, and the audit log tells", async () => {
    const { body: session } = await call("POST /api/session", { ticket: core.mintTicket() }, "none")
    await remember("The boat is called Heron.")
    mkdirSync(join(dataDir, "uploads"), { recursive: true })
    writeFileSync(join(dataDir, "uploads", "kept.txt"), "first")
    const { status, body: made } = await call("POST /api/backups")
    expect(status).toBe(201)
    expect(made).toMatchObject({ reason: "manual" })
    const copied = readdirSync(join(dataDir, "backups", made.id))
    expect(copied).toEqual(expect.arrayContaining(["backup.json", "zenglow.db", "pii.db"]))

    await remember("The boat was sold.")
    writeFileSync(join(dataDir, "uploads", "kept.txt"), "second")
    writeFileSync(join(dataDir, "uploads", "later.txt"), "later")
    expect((await call(`POST /api/backups/${made.id}/verify`)).body).toMatchObject({ ok: true, files: made.files })
    expect((await call(`POST /api/backups/${made.id}/restore`, { confirm: "yes" })).status).toBe(409)
    expect(core.isRestartWanted()).toBe(false)

    const { status: accepted, body: restored } = await call(`POST /api/backups/${made.id}/restore`, {
      confirm: made.id,
    })
    expect(accepted).toBe(202)
    await core.restartWanted
    const { baseUrl } = core
    core = await core.startAnew()
    expect(core.baseUrl).toBe(baseUrl)
    expect(await memories()).toEqual(["The boat is called Heron."])
    expect(readFileSync(join(dataDir, "uploads", "kept.txt"), "utf8")).toBe("first")
    expect(existsSync(join(dataDir, "uploads", "later.txt"))).toBe(false)
    expect(existsSync(join(dataDir, "restore"))).toBe(false)
    expect((await call("GET /api/session", undefined, session.token)).status).toBe(200)
    const { body: audit } = await call("GET /api/audit?action=backup")
    expect(audit.items[0]).toMatchObject({ action: "backup.restored", subject: made.id, detail: restored.safetyId })
    expect((await call("GET /api/audit/verify")).body.isIntact).toBe(true)

    const { body: back } = await call(`POST /api/backups/${restored.safetyId}/restore`, { confirm: restored.safetyId })
    expect(back.id).toBe(restored.safetyId)
    core = await core.startAnew()
    expect(await memories()).toEqual(["The boat is called Heron.", "The boat was sold."])
    expect(readFileSync(join(dataDir, "uploads", "kept.txt"), "utf8")).toBe("second")
  })

  it("keeps writing while a backup is made, and refuses a second one meanwhile", async () => {
    await remember("Before.")
    const making = call("POST /api/backups")
    const second = call("POST /api/backups")
    await remember("During.")
    const statuses = [(await making).status, (await second).status].sort()
    expect(statuses).toEqual([201, 409])
    expect(await memories()).toEqual(["Before.", "During."])
  })

  it("gets its damaged database back from the newest whole backup", async () => {
    await remember("Kept by the backup.")
    expect((await call("POST /api/backups")).status).toBe(201)
    await core.close()
    for (const suffix of ["-wal", "-shm"]) rmSync(join(dataDir, `zenglow.db${suffix}`), { force: true })
    writeFileSync(
      join(dataDir, "zenglow.db"),
      "this is no database at all, but long enough to look like one".repeat(200),
    )
    const flags = { dataDir, modelsDir: join(directory, "models"), port: 0, offline: true, logLevel: "error" }
    core = await bootCore(loadConfig(flags, {}))
    expect(await memories()).toEqual(["Kept by the backup."])
  })
})

describe("backups", () => {
  let now: number
  let restarts: number
  const plan = { everyHours: 24, kept: 2 }
  const dataDir = () => join(directory, "data")
  const make = (deps: Partial<BackupsDeps> = {}) =>
    createBackups({
      dataDir: dataDir(),
      version: "1.0.0",
      newestSchema: 5,
      async copyDatabase(target) {
        writeFileSync(target, readFileSync(join(dataDir(), "zenglow.db")))
        return { schemaVersion: 5 }
      },
      plan: () => plan,
      dataKeys: async () => ({ "data-key:pii": "c2VjcmV0LWtleQ==" }),
      restart: () => {
        restarts++
      },
      clock: { now: () => now, monotonic: () => now },
      log: silentLogger,
      ...deps,
    })
  const write = (name: string, text: string): void => {
    mkdirSync(join(dataDir(), "uploads"), { recursive: true })
    writeFileSync(join(dataDir(), name), text)
  }
  const folder = (id: string, ...rest: string[]) => join(dataDir(), "backups", id, ...rest)
  const change = (id: string, edit: (manifest: Record<string, unknown>) => void): void => {
    const path = folder(id, "backup.json")
    const manifest = JSON.parse(readFileSync(path, "utf8"))
    edit(manifest)
    writeFileSync(path, JSON.stringify(manifest))
  }
  beforeEach(() => {
    now = Date.UTC(2026, 0, 1)
    restarts = 0
    write("zenglow.db", "rows of one")
    write("zenglow.db-wal", "log of one")
    write("config.json", "{}")
    write("uploads/a.txt", "alpha")
  })

  it.each<[string, string, (id: string) => void]>([
    ["a flipped byte", "backup.damaged", (id) => writeFileSync(folder(id, "zenglow.db"), "rows of onf")],
    ["a cut file", "backup.damaged", (id) => truncateSync(folder(id, "uploads", "a.txt"), 2)],
    ["a missing file", "backup.damaged", (id) => rmSync(folder(id, "config.json"))],
    ["a torn list", "backup.damaged", (id) => truncateSync(folder(id, "backup.json"), 40)],
    ["a list that was written by hand", "backup.damaged", (id) => change(id, (manifest) => (manifest.files = [{}]))],
    [
      "a list that leads out of the backup",
      "backup.damaged",
      (id) =>
        change(id, (manifest) => {
          writeFileSync(join(directory, "outside.txt"), "x")
          manifest.files = [
            { path: "../../../outside.txt", sizeBytes: 1, sha256: createHash("sha256").update("x").digest("hex") },
          ]
        }),
    ],
    ["another program's folder", "backup.foreign", (id) => writeFileSync(folder(id, "backup.json"), '{"product":"x"}')],
    ["a newer database", "backup.newer", (id) => change(id, (manifest) => (manifest.schemaVersion = 6))],
    ["a newer format", "backup.newer", (id) => change(id, (manifest) => (manifest.format = 2))],
    ["none at all", "backup.not-found", (id) => rmSync(folder(id), { recursive: true })],
  ])("%s is refused with a remedy, and nothing changes", async (_what, code, spoil) => {
    const backups = make()
    const { id } = await backups.create("manual", signal)
    spoil(id)
    const before = readdirSync(dataDir()).sort()
    await expect(backups.verify(id, signal)).rejects.toMatchObject({ code })
    await expect(backups.restore(id, { confirm: id }, signal)).rejects.toMatchObject({
      code,
      remedy: expect.any(String),
    })
    expect(readdirSync(dataDir()).sort()).toEqual(before)
    expect(readFileSync(join(dataDir(), "zenglow.db"), "utf8")).toBe("rows of one")
    expect(restarts).toBe(0)
  })

  it("a restore takes the old log away with the old database, and what was not there", async () => {
    const backups = make()
    rmSync(join(dataDir(), "uploads"), { recursive: true })
    const { id } = await backups.create("manual", signal)
    write("zenglow.db", "rows of two")
    write("uploads/b.txt", "beta")
    now += 1000
    await backups.restore(id, { confirm: id }, signal)
    expect(restarts).toBe(1)
    expect(readFileSync(join(dataDir(), "zenglow.db"), "utf8")).toBe("rows of two")
    expect(await applyRestore(dataDir())).toMatchObject({ id })
    expect(readFileSync(join(dataDir(), "zenglow.db"), "utf8")).toBe("rows of one")
    expect(existsSync(join(dataDir(), "zenglow.db-wal"))).toBe(false)
    expect(existsSync(join(dataDir(), "uploads"))).toBe(false)
    expect(await applyRestore(dataDir())).toBeNull()
  })

  it("one with keys opens where the keychain never saw them, with its passphrase alone", async () => {
    const backups = make()
    const { id } = await backups.create("manual", signal)
    await expect(backups.restore(id, { confirm: id, passphrase: "a long passphrase" }, signal)).rejects.toMatchObject({
      code: "request.conflict",
    })
    await backups.addKeys(id, "a long passphrase")
    expect(readFileSync(folder(id, "keys.json"), "utf8")).not.toContain("c2VjcmV0LWtleQ==")
    await expect(backups.restore(id, { confirm: id, passphrase: "another passphrase" }, signal)).rejects.toMatchObject({
      code: "secrets.locked",
    })
    expect(restarts).toBe(0)
    now += 1000
    await backups.restore(id, { confirm: id, passphrase: "a long passphrase" }, signal)
    expect(await applyRestore(dataDir())).toMatchObject({ id })

    const keychain = new Map<string, string>()
    const secrets = await createSecrets({
      dataDir: dataDir(),
      environment: {},
      keychain: {
        get: async (name) => keychain.get(name) ?? null,
        set: async (name, value) => void keychain.set(name, value),
        remove: async (name) => void keychain.delete(name),
      },
      passphrase: null,
      log: silentLogger,
    })
    expect((await secrets.dataKey("pii")).toString()).toBe("secret-key")
    expect(keychain.get("data-key:pii")).toBe("c2VjcmV0LWtleQ==")
    expect(readFileSync(join(dataDir(), "secrets.json"), "utf8")).not.toContain("c2VjcmV0LWtleQ==")
  })

  it("keys that were changed from outside are refused", async () => {
    const backups = make()
    const { id } = await backups.create("manual", signal)
    await backups.addKeys(id, "a long passphrase")
    const keys = JSON.parse(readFileSync(folder(id, "keys.json"), "utf8"))
    keys.keys["data-key:pii"].tag = Buffer.alloc(16).toString("base64")
    writeFileSync(folder(id, "keys.json"), JSON.stringify(keys))
    await expect(backups.restore(id, { confirm: id, passphrase: "a long passphrase" }, signal)).rejects.toMatchObject({
      code: "backup.damaged",
    })
  })

  it("one that was cut off while it was prepared changes nothing", async () => {
    const backups = make()
    const { id } = await backups.create("manual", signal)
    now += 1000
    await backups.restore(id, { confirm: id }, signal)
    rmSync(join(dataDir(), "restore", "ready.json"))
    write("zenglow.db", "rows of two")
    expect(await applyRestore(dataDir())).toBeNull()
    expect(readFileSync(join(dataDir(), "zenglow.db"), "utf8")).toBe("rows of two")
    expect(existsSync(join(dataDir(), "restore"))).toBe(false)
  })

  it("a half made one is no backup, and is cleared away by the next", async () => {
    const backups = make({
      async copyDatabase() {
        throw Object.assign(new Error("no space"), { code: "ENOSPC" })
      },
    })
    await expect(backups.create("manual", signal)).rejects.toMatchObject({ code: "store.full" })
    expect((await backups.list()).items).toEqual([])
    mkdirSync(folder("2026-01-01T00-00-00-000Z.part"), { recursive: true })
    await make().create("manual", signal)
    expect(readdirSync(join(dataDir(), "backups"))).toEqual(["2026-01-01T00-00-00-000Z"])
  })

  it("are made when they are due, the oldest go, those made by hand stay, and a failure is told", async () => {
    const backups = make()
    const { id: own } = await backups.create("manual", signal)
    await backups.keepPlan(signal)
    expect((await backups.list()).items).toHaveLength(1)
    for (let day = 1; day <= 4; day++) {
      now += 24 * 3_600_000
      await backups.keepPlan(signal)
    }
    const { items, nextAt } = await backups.list()
    expect(items.map(({ reason }) => reason)).toEqual(["scheduled", "scheduled", "manual"])
    expect(items.at(-1)?.id).toBe(own)
    expect(nextAt).toBe(now + 24 * 3_600_000)
    now += 24 * 3_600_000
    const failing = make({ copyDatabase: () => Promise.reject(new Error("the disk is gone")) })
    await failing.keepPlan(signal)
    expect((await failing.list()).problem).not.toBeNull()
  })

  it("share what did not change, and each is whole without the other", async () => {
    const backups = make()
    const { id: first } = await backups.create("manual", signal)
    now += 1000
    write("config.json", '{"changed":true}')
    const { id: second } = await backups.create("manual", signal)
    await backups.remove(first)
    await expect(backups.verify(second, signal)).resolves.toMatchObject({ files: 3 })
    expect(readFileSync(folder(second, "config.json"), "utf8")).toBe('{"changed":true}')
  })
})
