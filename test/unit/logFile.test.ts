import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, expect, it } from "vitest"
import { openLogFile } from "#core/logFile.ts"

let directory: string
let now = 0
const clock = { now: () => now, monotonic: () => now }
beforeEach(() => {
  directory = join(mkdtempSync(join(tmpdir(), "zenglow-logs-")), "logs")
})
afterEach(() => rmSync(join(directory, ".."), { recursive: true, force: true }))

it("begins a new file at its size, and keeps as many older ones as asked, newest first", () => {
  const file = openLogFile({ directory, maxBytes: 30, keep: 2, clock })
  for (let n = 0; n < 10; n++) file.write(`line ${n}, ten\n`)
  file.close()
  expect(readdirSync(directory).toSorted()).toEqual(["zenglow.1.log", "zenglow.2.log", "zenglow.log"])
  const read = (name: string) => readFileSync(join(directory, name), "utf8")
  expect(read("zenglow.log")).toBe("line 8, ten\nline 9, ten\n")
  expect(read("zenglow.1.log")).toBe("line 6, ten\nline 7, ten\n")
  expect(read("zenglow.2.log")).toBe("line 4, ten\nline 5, ten\n")
})

it("goes on in the file of the run before, for this user's eyes only", () => {
  openLogFile({ directory, maxBytes: 1000, keep: 1, clock }).write("before\n")
  openLogFile({ directory, maxBytes: 1000, keep: 1, clock }).write("after\n")
  const path = join(directory, "zenglow.log")
  expect(readFileSync(path, "utf8")).toBe("before\nafter\n")
  if (process.platform !== "win32") expect(statSync(path).mode & 0o077).toBe(0)
})

it("says that a disk takes nothing, fails nobody, and writes again once it does", () => {
  writeFileSync(directory, "a file where the folder should be")
  const file = openLogFile({ directory, maxBytes: 1000, keep: 1, clock })
  file.write("lost\n")
  expect(file.problem()).toMatch(/EEXIST|ENOTDIR/)
  rmSync(directory)
  now += 10_001
  file.write("kept\n")
  expect(file.problem()).toBeNull()
  expect(readFileSync(join(directory, "zenglow.log"), "utf8")).toBe("kept\n")
})
