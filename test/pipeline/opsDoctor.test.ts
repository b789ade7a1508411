import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises"
import { type AddressInfo, createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, expect, it } from "vitest"
import { type DoctorFinding, doctorFinding } from "#contract/ops.ts"
import { systemClock } from "#core/clock.ts"
import { AppError } from "#core/errors.ts"
import type { DoctorDeps } from "#ops/doctor/doctorDeps.ts"
import { runDoctor } from "#ops/doctor/runDoctor.ts"
import { createMemoryStore } from "#store/memory/createMemoryStore.ts"

const never = new AbortController().signal
let dataDir: string
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "zenglow-doctor-"))
})
afterEach(() => rm(dataDir, { recursive: true, force: true }))

const sound = (): DoctorDeps => ({
  clock: systemClock,
  dataDir,
  port: { host: "127.0.0.1", port: 9071, isServing: true },
  holdsLock: () => true,
  disk: async () => ({ freeBytes: 10e9 }),
  store: createMemoryStore(),
  indexProblems: async () => [],
  models: async () => [{ id: "small", name: "Small", isInstalled: true }],
  verifyModel: async () => ({ ok: true, files: [{ name: "small.gguf", ok: true, reason: null }] }),
  engines: [{ name: "llm", isInstalled: async () => true, load: async () => {} }],
  audio: async () => null,
  opensSound: async () => null,
  network: async () => [{ host: "models.example", isReachable: true }],
  hosts: () => [],
  nativeModules: async () => [{ name: "better-sqlite3", isLoadable: true, error: null }],
  auditChain: async () => ({ isIntact: true, entries: 3, brokenAt: null, problem: null }),
  newestRecordAt: async () => null,
  logProblem: () => null,
  secretsProblem: async () => null,
  proxy: null,
})

async function findings(overrides: Partial<DoctorDeps> = {}, signal = never): Promise<Map<string, DoctorFinding>> {
  const found = new Map<string, DoctorFinding>()
  for await (const finding of runDoctor({ ...sound(), ...overrides }, {}, signal)) {
    found.set(finding.code, doctorFinding.parse(finding))
  }
  return found
}

it("finds nothing wrong where nothing is, and every check keeps its code", async () => {
  const found = await findings()
  expect([...found.keys()]).toEqual([
    "node.version",
    "native.modules",
    "clock.skew",
    "data-dir.writable",
    "data-dir.private",
    "lock.held",
    "port.free",
    "disk.space",
    "log.written",
    "secrets.readable",
    "database.integrity",
    "search.index",
    "audit.chain",
    "models.installed",
    "models.hash.small",
    "engines.stable",
    "engines.llm",
    "audio.devices",
    "network.proxy",
    "network.reachable",
  ])
  expect([...found.values()].filter(({ status }) => status === "warning" || status === "error")).toEqual([])
})

it.each<[string, string, Partial<DoctorDeps>]>([
  ["lock.held", "error", { holdsLock: () => false }],
  ["disk.space", "error", { disk: async () => ({ freeBytes: 1 }) }],
  ["disk.space", "warning", { disk: async () => ({ freeBytes: 500e6 }) }],
  [
    "database.integrity",
    "error",
    { store: { check: async () => Promise.reject(new AppError("store.corrupt", "Damaged.")) } },
  ],
  ["search.index", "warning", { indexProblems: async () => ["3 of 9 passages have no vector."] }],
  ["models.installed", "warning", { models: async () => [{ id: "small", name: "Small", isInstalled: false }] }],
  [
    "models.hash.small",
    "error",
    { verifyModel: async () => ({ ok: false, files: [{ name: "small.gguf", ok: false, reason: "wrong hash" }] }) },
  ],
  [
    "engines.llm",
    "error",
    {
      engines: [
        {
          name: "llm",
          isInstalled: async () => true,
          load: async () =>
            Promise.reject(new AppError("model.incompatible", "Not for this machine.", { remedy: "Pull it again." })),
        },
      ],
    },
  ],
  ["audio.devices", "warning", { audio: async () => ({ backend: "alsa", inputs: 0, outputs: 1 }) }],
  [
    "audio.microphone",
    "warning",
    {
      audio: async () => ({ backend: "alsa", inputs: 1, outputs: 1 }),
      opensSound: async () => ({ message: "It is in use.", remedy: "Close the other program." }),
    },
  ],
  ["network.reachable", "warning", { network: async () => [{ host: "models.example", isReachable: false }] }],
])("tells %s as %s with a remedy, and goes on", async (code, status, overrides) => {
  const found = await findings(overrides)
  expect(found.get(code)).toMatchObject({ status, remedy: expect.stringMatching(/\w/) })
  expect(found.has("network.reachable")).toBe(true)
  const others = [...found.values()].filter((finding) => finding.code !== code)
  expect(others.filter((finding) => finding.status === "error")).toEqual([])
})

it("says what it did not check", async () => {
  const found = await findings({
    network: null,
    engines: [
      { name: "stt", isInstalled: async () => false, load: async () => Promise.reject(new Error("not asked for")) },
    ],
  })
  expect(found.get("network.reachable")?.status).toBe("not-run")
  expect(found.get("engines.stt")?.status).toBe("not-run")
})

it("sees a taken port and a data directory that is gone", async () => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const { port } = server.address() as AddressInfo
  const taken = await findings({ port: { host: "127.0.0.1", port, isServing: false } })
  expect(taken.get("port.free")).toMatchObject({ status: "error", message: expect.stringContaining(String(port)) })
  await new Promise((resolve) => server.close(resolve))
  const free = await findings({ port: { host: "127.0.0.1", port, isServing: false }, dataDir: join(dataDir, "gone") })
  expect(free.get("port.free")?.status).toBe("ok")
  expect(free.get("data-dir.writable")).toMatchObject({ status: "error" })
  expect(JSON.stringify([...free.values()])).not.toContain(dataDir)
})

it.skipIf(process.platform === "win32")("sees a key that others can read", async () => {
  await writeFile(join(dataDir, "api-key"), "secret", { mode: 0o600 })
  expect((await findings()).get("data-dir.private")?.status).toBe("ok")
  await chmod(join(dataDir, "api-key"), 0o644)
  expect((await findings()).get("data-dir.private")).toMatchObject({
    status: "error",
    remedy: expect.stringContaining("600"),
  })
})

it("stops when it is aborted", async () => {
  const controller = new AbortController()
  const stuck: Partial<DoctorDeps> = {
    engines: [
      {
        name: "llm",
        isInstalled: async () => true,
        load: () => {
          controller.abort(new Error("enough"))
          return new Promise(() => {})
        },
      },
    ],
  }
  await expect(findings(stuck, controller.signal)).rejects.toThrow("enough")
})
