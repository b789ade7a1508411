import { afterEach, beforeEach, expect, it, vi } from "vitest"
import { aggregatedHealth } from "#contract/ops.ts"
import { ownerActor } from "#core/actor.ts"
import { systemClock } from "#core/clock.ts"
import { AppError } from "#core/errors.ts"
import type { HostStatus } from "#core/host/types.ts"
import { createHealth, type HealthDeps } from "#ops/health.ts"
import { createMemoryStore } from "#store/memory/createMemoryStore.ts"

const never = new AbortController().signal
const running: HostStatus = { name: "llm", state: "running", pid: 1, lastFailure: null, crashes: 0, queued: 0 }

const health = (overrides: Partial<HealthDeps> = {}) =>
  createHealth({
    clock: systemClock,
    startedAt: systemClock.monotonic(),
    store: createMemoryStore(),
    models: async () => [{ role: "llm", isInstalled: true }],
    hosts: () => [running],
    disk: async () => ({ freeBytes: 10e9 }),
    ollama: null,
    ...overrides,
  })

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

it("is healthy when everything answers, and what is not configured does not count", async () => {
  const result = aggregatedHealth.parse(await health().aggregated(never))
  expect(result.overall_status).toBe("healthy")
  expect(result.services.ollama?.status).toBe("unknown")
  expect(result.services.db?.status).toBe("healthy")
})

it.each<[string, Partial<HealthDeps>, string, string]>([
  ["a missing model", { models: async () => [{ role: "stt", isInstalled: false }] }, "models", "degraded"],
  ["a broken engine", { hosts: () => [{ ...running, state: "broken" }] }, "engines", "degraded"],
  ["an Ollama that is down", { ollama: async () => Promise.reject(new Error("refused")) }, "ollama", "degraded"],
  ["little disk", { disk: async () => ({ freeBytes: 500e6 }) }, "disk", "degraded"],
  ["no disk", { disk: async () => ({ freeBytes: 1e6 }) }, "disk", "unhealthy"],
  [
    "a failing database",
    {
      store: {
        ...createMemoryStore(),
        check: async () => Promise.reject(new AppError("store.read-only", "It cannot be written.")),
      },
    },
    "db",
    "unhealthy",
  ],
])("tells %s", async (_name, overrides, service, overall) => {
  const result = await health(overrides).aggregated(never)
  expect(result.overall_status).toBe(overall)
  expect(result.services[service]?.status).not.toBe("healthy")
  const others = Object.entries(result.services).filter(([name]) => name !== service && name !== "ollama")
  expect(others.every(([, { status }]) => status === "healthy")).toBe(true)
})

it("gives a database that does not write as unhealthy", async () => {
  const check = await createMemoryStore().check("quick")
  const store = {
    ...createMemoryStore(),
    check: async () => ({ ...check, isWritable: false, problems: ["The database cannot be written."] }),
  }
  expect(await health({ store }).component("db", never)).toMatchObject({
    status: "unhealthy",
    detail: "The database cannot be written.",
  })
})

it("does not wait for a component beyond its own limit, and aborts what it asked", async () => {
  let asked: AbortSignal | undefined
  const stuck = health({
    ollama: (signal) => {
      asked = signal
      return new Promise(() => {})
    },
    limits: { ollama: 700 },
  }).aggregated(never)
  await vi.advanceTimersByTimeAsync(700)
  const { services, overall_status } = await stuck
  expect(services.ollama).toMatchObject({ status: "unhealthy", detail: "No answer within 700 ms." })
  expect(services.db?.status).toBe("healthy")
  expect(overall_status).toBe("degraded")
  expect(asked?.aborted).toBe(true)
})

it("never shows what an unknown error says", async () => {
  const ollama = async () => Promise.reject(new Error("/home/me/secret"))
  expect((await health({ ollama }).component("ollama", never)).detail).not.toContain("/home/me")
})

it("ends with the request that asked", async () => {
  const controller = new AbortController()
  const asking = health({ ollama: () => new Promise(() => {}) }).component("ollama", controller.signal)
  controller.abort(new Error("gone"))
  await expect(asking).rejects.toThrow("gone")
})

it("counts what another program reports until it expires, and lets nobody report for a component of ours", async () => {
  const clock = { now: () => Date.now(), monotonic: () => performance.now() }
  const reporting = health({ clock, store: createMemoryStore({ clock }) })
  await reporting.report(
    ownerActor,
    { component: "backup-disk", status: "degraded", detail: "90 % full", value: 0.9 },
    60_000,
  )
  const during = await reporting.aggregated(never)
  expect(during.services["backup-disk"]).toMatchObject({ status: "degraded", detail: "90 % full" })
  expect(during.overall_status).toBe("degraded")
  await vi.advanceTimersByTimeAsync(60_001)
  const after = await reporting.aggregated(never)
  expect(after.services["backup-disk"]).toBeUndefined()
  expect(after.overall_status).toBe("healthy")
  await expect(
    reporting.report(ownerActor, { component: "db", status: "healthy", detail: "", value: null }, 60_000),
  ).rejects.toMatchObject({ code: "request.conflict" })
})

it("measures once for all who ask within two seconds, and again after them", async () => {
  const clock = { now: () => Date.now(), monotonic: () => performance.now() }
  let asked = 0
  const disk = async () => {
    asked++
    return { freeBytes: asked === 1 ? 10e9 : 1e6 }
  }
  const watched = health({ clock, disk })
  const [first, second] = await Promise.all([watched.aggregated(never), watched.aggregated(never)])
  await vi.advanceTimersByTimeAsync(1999)
  expect((await watched.aggregated(never)).services.disk?.status).toBe("healthy")
  expect([first.services.disk, second.services.disk]).toEqual([first.services.disk, first.services.disk])
  expect(asked).toBe(1)
  await vi.advanceTimersByTimeAsync(2)
  expect((await watched.aggregated(never)).overall_status).toBe("unhealthy")
  expect(asked).toBe(2)
})
