import { mkdtemp, rm } from "node:fs/promises"
import { homedir, tmpdir, userInfo } from "node:os"
import { join } from "node:path"
import { Writable } from "node:stream"
import { afterEach, beforeEach, expect, it } from "vitest"
import { systemClock } from "#core/clock.ts"
import { createHiddenValues, createLogger } from "#core/logger.ts"
import type { OpsDeps } from "#ops/createOps.ts"
import { createLogBuffer } from "#ops/logBuffer.ts"
import { createMetrics } from "#ops/metrics.ts"
import { createSupportBundle } from "#ops/supportBundle.ts"
import { createMemoryStore } from "#store/memory/createMemoryStore.ts"

const never = new AbortController().signal
let dataDir: string
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "zenglow-support-"))
})
afterEach(() => rm(dataDir, { recursive: true, force: true }))

/** Canaries by the way they come in: as a known secret, and by the shape of a credential. */
const secret = "canary-known-secret-0001"
const shapes = [
  "Bearer canary-bearer-0002",
  "zg_canary-key-00000003",
  "https://me:canary-password-0004@example.org/x",
  "http://127.0.0.1:9071/#ticket=canary-ticket-0005",
]

function open() {
  const store = createMemoryStore()
  const hidden = createHiddenValues()
  hidden.add(secret)
  const logs = createLogBuffer()
  const destination = new Writable({ write: (_chunk, _encoding, done) => done() })
  // Without what the logger itself hides: the bundle must not rely on it.
  const log = createLogger({ level: "debug", json: true, destination })
  const tapped = createLogger({ level: "debug", json: true, destination, tap: logs.tap })
  const hosts = () => [
    {
      name: "llm",
      state: "broken" as const,
      pid: null,
      lastFailure: `signal 11 in ${homedir()}/models ${shapes.join(" ")} ${secret}`,
      crashes: 3,
      queued: 0,
    },
  ]
  const metrics = createMetrics({
    clock: systemClock,
    log,
    version: "1.2.3",
    hosts,
    models: async () => [],
    memory: () => ({ budgetBytes: 1, engineBytes: 0 }),
    gpu: { loads: async () => [] },
  })
  const deps: OpsDeps = {
    metrics,
    history: { add: async () => {}, list: () => [] },
    logs,
    mask: hidden.mask,
    notReady: () => [],
    reloadConfiguration: async () => ({ changed: [] }),
    backends: () => [],
    backendAddresses: () => new Set(),
    health: {
      clock: systemClock,
      startedAt: 0,
      store,
      hosts,
      models: async () => [],
      disk: async () => ({ freeBytes: 10e9 }),
      ollama: null,
    },
    diagnostics: {
      clock: systemClock,
      version: "1.2.3",
      store,
      hosts,
      models: async () => [],
      configuration: () => [
        { name: "ZENGLOW_X", value: `${secret} ${shapes[2]}`, origin: "env", variable: "ZENGLOW_X" },
      ],
      nativeModules: async () => [],
    },
    doctor: {
      clock: systemClock,
      dataDir,
      port: { host: "127.0.0.1", port: 1, isServing: true },
      holdsLock: () => true,
      disk: async () => ({ freeBytes: 10e9 }),
      store,
      indexProblems: async () => [`Something with ${secret} in ${homedir()}/Documents.`],
      models: async () => [{ id: "small", name: "Small", isInstalled: true }],
      verifyModel: async () => {
        throw new Error("A bundle reads no whole models.")
      },
      engines: [],
      audio: async () => null,
      opensSound: async () => null,
      network: null,
      hosts,
      nativeModules: async () => [],
      auditChain: async () => ({ isIntact: true, entries: 0, brokenAt: null, problem: null }),
      newestRecordAt: async () => null,
      logProblem: () => null,
      secretsProblem: async () => null,
      proxy: null,
    },
  }
  return { bundle: createSupportBundle(deps), log: tapped, metrics }
}

it("holds what helps, and no secret whichever way it came in", async () => {
  const { bundle, log, metrics } = open()
  log.warn(`failed with ${secret}`, { reason: shapes.join(" | "), folder: `${homedir()}/Documents/Divorce`, ms: 12 })
  log.debug("what was asked", { question: "canary-question" })
  const { files } = await bundle([], never)
  metrics.close()
  expect(files.map(({ name }) => name)).toEqual([
    "README.txt",
    "findings.json",
    "summary.json",
    "health.json",
    "metrics.json",
    "metrics-history.json",
    "configuration.json",
    "log.jsonl",
  ])
  const whole = files.map(({ text }) => text).join("\n")
  expect(whole).not.toContain("canary")
  expect(whole).not.toContain(homedir())
  if (userInfo().username.length >= 4)
    expect(whole).not.toMatch(new RegExp(`(?<![\\w-])${userInfo().username}(?![\\w-])`))
  expect(whole).toContain("engines.stable")
  expect(whole).toContain("signal 11")
  expect(files.find(({ name }) => name === "log.jsonl")?.text).toContain('"ms":12')
  for (const { text, sizeBytes } of files) expect(sizeBytes).toBe(Buffer.byteLength(text))
})

it("takes out the words that the person names, in any case, and says how often", async () => {
  const { bundle, log, metrics } = open()
  log.info("read Divorce.pdf", { folder: "~/Documents/DIVORCE" })
  const { files, hidden } = await bundle(["divorce", 'quo"te', "absent"], never)
  metrics.close()
  expect(hidden).toEqual([
    { word: "divorce", count: 2 },
    { word: 'quo"te', count: 0 },
    { word: "absent", count: 0 },
  ])
  expect(files.map(({ text }) => text).join("\n")).not.toMatch(/divorce/i)
})
