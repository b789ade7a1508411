import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest"
import { ownerActor } from "#core/actor.ts"
import { silentLogger } from "#core/logger.ts"
import { openDatabase } from "#store/sqlite/openDatabase.ts"
import { openSqliteStore } from "#store/sqlite/openSqliteStore.ts"

const pageBytes = 4096
const root = mkdtempSync(join(tmpdir(), "zenglow-damage-"))
let good: Buffer
let directory: string
let file: string
let backupDir: string
beforeAll(async () => {
  const made = join(root, "good.sqlite")
  const store = await openSqliteStore({ file: made, backupDir: join(root, "none"), log: silentLogger })
  for (let n = 0; n < 40; n++)
    await store.conversations.create(ownerActor, { title: `Chat ${n} ${"heron ".repeat(100)}` })
  await store.close()
  good = readFileSync(made)
})
beforeEach(() => {
  directory = mkdtempSync(join(root, "case-"))
  file = join(directory, "zenglow.sqlite")
  backupDir = join(directory, "backups")
  mkdirSync(backupDir)
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const edit = (change: (bytes: Buffer) => void): Buffer => {
  const bytes = Buffer.from(good)
  change(bytes)
  return bytes
}
const overwrite = (from: number, to: number, value = 0xa5) => edit((bytes) => void bytes.fill(value, from, to))

const damages: [string, () => Buffer][] = [
  ["another program's file", () => Buffer.from("this is no database, whatever its name says\n".repeat(400))],
  ["only zeros", () => Buffer.alloc(good.length)],
  ["only noise", () => Buffer.from(good.map((_, n) => (n * 167 + (n >> 8) * 31) & 0xff))],
  ["a wrong first byte", () => overwrite(0, 1)],
  ["no magic words", () => overwrite(0, 16, 0)],
  ["a page size that is none", () => overwrite(16, 18)],
  ["a header of zeros", () => overwrite(0, 100, 0)],
  ["a payload fraction that is none", () => overwrite(21, 24)],
  ["a schema page of zeros", () => overwrite(100, pageBytes, 0)],
  ["a schema page of noise", () => overwrite(100, pageBytes)],
  ["a wrong kind of root page", () => overwrite(100, 101)],
  ["a cell count beyond its page", () => overwrite(103, 105, 0xff)],
  ["cell pointers beyond their page", () => overwrite(108, 160, 0xff)],
  ["a second page of noise", () => overwrite(pageBytes, 2 * pageBytes)],
  ["ten pages of noise", () => overwrite(pageBytes, 11 * pageBytes)],
  ["ten pages of zeros", () => overwrite(pageBytes, 11 * pageBytes, 0)],
  [
    "every second page of noise",
    () =>
      edit((bytes) => {
        for (let at = pageBytes; at < bytes.length; at += 2 * pageBytes) bytes.fill(0xa5, at, at + pageBytes)
      }),
  ],
  [
    "two pages changed places",
    () =>
      edit((bytes) => {
        const second = Buffer.from(bytes.subarray(pageBytes, 2 * pageBytes))
        bytes.copy(bytes, pageBytes, 4 * pageBytes, 5 * pageBytes)
        second.copy(bytes, 4 * pageBytes)
      }),
  ],
  ["cut in the middle of a page", () => good.subarray(0, Math.floor(good.length / 2) - 100)],
  ["cut to its header", () => good.subarray(0, 100)],
  ["cut to a part of its header", () => good.subarray(0, 50)],
  ["its last pages lost", () => good.subarray(0, good.length - 3 * pageBytes)],
]

it("knows at least twenty ways", () => {
  expect(new Set(damages.map(([name]) => name)).size).toBeGreaterThanOrEqual(20)
})

it.each(damages)("%s: set aside whole, the backup takes its place, and it is told", (_name, damage) => {
  const bytes = damage()
  writeFileSync(file, bytes)
  writeFileSync(join(backupDir, "zenglow.sqlite.v1.2026-01-01.bak"), good)
  const { db, problems } = openDatabase({ file, backupDir })
  try {
    expect(db.pragma("integrity_check", { simple: true })).toBe("ok")
    expect(db.prepare("SELECT count(*) AS count FROM conversations").get()).toEqual({ count: 40 })
  } finally {
    db.close()
  }
  expect(problems.join()).toMatch(/quarantine.*2026-01-01\.bak was restored/)
  const [stamp = ""] = readdirSync(join(directory, "quarantine"))
  expect(readFileSync(join(directory, "quarantine", stamp, "zenglow.sqlite")).equals(bytes)).toBe(true)
})

it("without a backup a new database serves, and the damaged one is kept", () => {
  writeFileSync(file, overwrite(pageBytes, 11 * pageBytes))
  const { db, problems } = openDatabase({ file, backupDir })
  db.close()
  expect(problems.join()).toMatch(/no backup was found/)
  expect(existsSync(join(directory, "quarantine"))).toBe(true)
})

it("one that is whole is left alone", () => {
  copyFileSync(join(root, "good.sqlite"), file)
  const { db, problems } = openDatabase({ file, backupDir })
  db.close()
  expect(problems).toEqual([])
  expect(existsSync(join(directory, "quarantine"))).toBe(false)
})
