import { spawn } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import { expect, it } from "vitest"
import { systemClock } from "#core/clock.ts"
import { createDiagnostics } from "#ops/diagnostics.ts"
import { createMachineProbe } from "#ops/machineProbe.ts"
import { probeNativeModules } from "#ops/nativeModules.ts"
import { createMemoryStore } from "#store/memory/createMemoryStore.ts"

const root = fileURLToPath(new URL("../..", import.meta.url))
const never = new AbortController().signal

it("measures this process, a child, and leaves out one that is gone", async () => {
  const child = spawn(process.execPath, ["--eval", "process.stdin.resume()"], { stdio: ["pipe", "ignore", "inherit"] })
  await once(child, "spawn")
  const probe = createMachineProbe()
  const gone = spawn(process.execPath, ["--eval", ""])
  await once(gone, "exit")
  const loads = await probe.processes([
    { name: "core", pid: process.pid },
    { name: "child", pid: child.pid ?? 0 },
    { name: "gone", pid: gone.pid ?? 0 },
  ])
  expect(loads.map(({ name }) => name)).toEqual(["core", "child"])
  for (const { rssBytes, cpuPercent } of loads) {
    expect(rssBytes).toBeGreaterThan(1_000_000)
    expect(cpuPercent).toBeGreaterThanOrEqual(0)
  }
  const { usedBytes, totalBytes } = probe.memory()
  expect(usedBytes).toBeGreaterThan(0)
  expect(usedBytes).toBeLessThan(totalBytes)
  expect(probe.cpuPercent()).toBeLessThanOrEqual(100)
  expect(probe.eventLoopDelayP99Ms()).toBeGreaterThanOrEqual(0)
  probe.close()
  child.kill()
  await once(child, "exit")
})

it("loads native modules in a child and says why one does not", async () => {
  const [sqlite, vectors, missing] = await probeNativeModules(root, never, [
    "better-sqlite3",
    "sqlite-vec",
    "no-such-module",
  ])
  expect(sqlite).toMatchObject({ isLoadable: true, error: null, version: expect.stringMatching(/^\d+\./) })
  expect(vectors).toMatchObject({ isLoadable: true })
  expect(missing).toMatchObject({ isLoadable: false, version: null, error: expect.stringContaining("no-such-module") })
})

it("sums up the machine, the versions and the configuration without secrets", async () => {
  let asked = 0
  const diagnostics = createDiagnostics({
    clock: systemClock,
    version: "1.2.3",
    configuration: () => [
      { name: "ZENGLOW_HOST", value: "http://me:hunter22@host", origin: "env", variable: "ZENGLOW_X" },
    ],
    hosts: () => [
      { name: "llm", state: "broken", pid: null, lastFailure: "bearer abcdefghijkl", crashes: 3, queued: 0 },
    ],
    models: async () => [],
    store: createMemoryStore(),
    nativeModules: async () => {
      asked++
      return []
    },
  })
  const summary = await diagnostics()
  await diagnostics()
  expect(asked).toBe(1)
  expect(summary).toMatchObject({ product: { version: "1.2.3" }, store: { isWritable: true } })
  expect(JSON.stringify(summary)).not.toMatch(/hunter22|abcdefghijkl/)
})
