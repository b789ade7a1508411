import { expect, it } from "vitest"
import type { Job } from "#contract/jobs.ts"
import { ownerActor } from "#core/actor.ts"
import { AppError } from "#core/errors.ts"
import { createHub } from "#core/hub.ts"
import { createJobs, type JobProgress, type JobRunner } from "#core/jobs.ts"
import { silentLogger } from "#core/logger.ts"
import { createFakeJobStore } from "../fakes/jobStore.ts"

/** A running piece of work that the test moves by hand. */
interface Work {
  id: string
  report: (progress: JobProgress) => void
  finish: () => void
  fail: (error: unknown) => void
}

function setUp(store = createFakeJobStore()) {
  const time = { ms: 0 }
  const hub = createHub<{ personId: string; job: Job }>((error) => {
    throw error
  })
  const seen: Job[] = []
  hub.subscribe(({ job }) => seen.push(job))
  const begun: Work[] = []
  const discarded: string[] = []
  const waiting = new Set<() => void>()
  const runner = (lane: string): JobRunner => ({
    lane,
    run: (job, _actor, report, signal) =>
      new Promise((resolve, reject) => {
        begun.push({ id: job.id, report, finish: resolve, fail: reject })
        for (const wake of waiting) wake()
        signal.addEventListener("abort", () => reject(signal.reason), { once: true })
      }),
    discard: async (job) => void discarded.push(job.id),
  })
  const jobs = createJobs({
    store,
    hub,
    clock: { now: () => time.ms, monotonic: () => time.ms },
    log: silentLogger,
    runners: { "model-pull": runner("models"), ingest: runner("documents") },
  })
  /** The nth piece of work that was ever begun. */
  const work = async (index: number): Promise<Work> => {
    while (!begun[index]) await new Promise<void>((resolve) => waiting.add(resolve))
    return begun[index] as Work
  }
  const until = (id: string, status: Job["status"]): Promise<Job> =>
    new Promise((resolve) => {
      const last = seen.findLast((job) => job.id === id)
      if (last?.status === status) return resolve(last)
      const end = hub.subscribe(({ job }) => {
        if (job.id !== id || job.status !== status) return
        end()
        resolve(job)
      })
    })
  const pull = (subjectId: string, total = 1000) =>
    jobs.start(ownerActor, {
      kind: "model-pull",
      title: subjectId,
      unit: "bytes",
      subjectId,
      total,
      payload: { modelId: subjectId },
    })
  const ingest = () =>
    jobs.start(ownerActor, { kind: "ingest", title: "folder", unit: "files", subjectId: null, payload: {} })
  return { store, time, jobs, seen, begun, discarded, work, until, pull, ingest }
}

it("runs downloads one after another, with an ingest beside them", async () => {
  const { begun, work, until, pull, ingest } = setUp()
  const first = await pull("a")
  const second = await pull("b")
  const beside = await ingest()
  await work(1)
  expect(begun.map(({ id }) => id)).toEqual([first.id, beside.id])
  const running = await work(0)
  running.finish()
  await until(first.id, "done")
  expect((await work(2)).id).toBe(second.id)
})

it("keeps a paused job where it was and goes on when resumed", async () => {
  const { jobs, work, until, pull, store } = setUp()
  const { id } = await pull("a")
  ;(await work(0)).report({ done: 400 })
  expect(await jobs.pause(ownerActor, id)).toMatchObject({ status: "paused", done: 400 })
  expect(store.rows.get(id)?.status).toBe("paused")
  await jobs.resume(ownerActor, id)
  ;(await work(1)).finish()
  expect(await until(id, "done")).toMatchObject({ progress: 1, done: 1000 })
})

it("lets the next job run while one is paused", async () => {
  const { jobs, work, pull } = setUp()
  const first = await pull("a")
  const second = await pull("b")
  await work(0)
  await jobs.pause(ownerActor, first.id)
  expect((await work(1)).id).toBe(second.id)
})

it("throws leftovers away when cancelled, and cancelling twice changes nothing", async () => {
  const { jobs, work, pull, discarded, store } = setUp()
  const { id } = await pull("a")
  await work(0)
  await jobs.cancel(ownerActor, id)
  await jobs.cancel(ownerActor, id)
  expect(discarded).toEqual([id])
  expect(store.rows.get(id)?.status).toBe("cancelled")
  await expect(jobs.resume(ownerActor, id)).rejects.toMatchObject({ code: "request.conflict" })
})

it("shows why a job failed and tries it again when resumed", async () => {
  const { jobs, work, until, pull } = setUp()
  const { id } = await pull("a")
  const failure = new AppError("download.no-space", "The disk is full.", { remedy: "Free some space." })
  ;(await work(0)).fail(failure)
  expect((await until(id, "failed")).error).toEqual({
    code: "download.no-space",
    message: "The disk is full.",
    remedy: "Free some space.",
  })
  await jobs.resume(ownerActor, id)
  ;(await work(1)).finish()
  expect((await until(id, "done")).error).toBeNull()
})

it("returns the job that already runs for a subject instead of starting a second", async () => {
  const { begun, jobs, work, pull } = setUp()
  const { id } = await pull("a")
  expect((await pull("a")).id).toBe(id)
  await work(0)
  await jobs.pause(ownerActor, id)
  expect((await pull("a")).id).toBe(id)
  await work(1)
  expect(begun.map((job) => job.id)).toEqual([id, id])
})

it("goes on after a restart with what ran or waited, and leaves paused jobs paused", async () => {
  const before = setUp()
  const paused = await before.pull("paused")
  await before.jobs.pause(ownerActor, paused.id)
  const running = await before.pull("running")
  const queued = await before.pull("queued")
  await before.work(1)
  await before.jobs.close()

  const after = setUp(before.store)
  await after.jobs.recover(ownerActor)
  expect((await after.work(0)).id).toBe(running.id)
  ;(await after.work(0)).finish()
  expect((await after.work(1)).id).toBe(queued.id)
  expect((await after.jobs.get(ownerActor, paused.id)).status).toBe("paused")
  await after.jobs.resume(ownerActor, paused.id)
  ;(await after.work(1)).finish()
  expect((await after.work(2)).id).toBe(paused.id)
})

it("publishes progress at most five times a second and always the end", async () => {
  const { time, seen, work, until, pull } = setUp()
  const { id } = await pull("a", 1000)
  const running = await work(0)
  seen.length = 0
  for (let step = 1; step <= 1000; step++) {
    time.ms = step
    running.report({ done: step, current: "a.bin" })
  }
  const reports = seen.filter(({ status }) => status === "running").length
  expect(reports).toBeGreaterThanOrEqual(4)
  expect(reports).toBeLessThanOrEqual(6)
  running.finish()
  expect(await until(id, "done")).toMatchObject({ progress: 1, ratePerSecond: null, remainingMs: null })
})

it("measures passages and bytes per second of an ingest, and forgets them when it rests", async () => {
  const { jobs, work, time, until } = setUp()
  const job = { kind: "ingest", title: "Notes", unit: "files", subjectId: "c", payload: { type: "files" } } as const
  const { id } = await jobs.start(ownerActor, job)
  const running = await work(0)
  for (let second = 0; second <= 20; second++) {
    time.ms = second * 1000
    running.report({ done: second, total: 40, bytes: second * 2_000_000, passages: second * 30 })
  }
  const { speed } = await jobs.get(ownerActor, id)
  expect(speed?.passagesPerSecond).toBeCloseTo(30, 0)
  expect(speed?.bytesPerSecond).toBeCloseTo(2_000_000, -3)
  running.finish()
  expect((await until(id, "done")).speed).toBeUndefined()
})

it("measures rate and remaining time from the reports", async () => {
  const { time, jobs, work, pull } = setUp()
  const { id } = await pull("a", 10_000)
  const running = await work(0)
  for (let step = 0; step <= 10; step++) {
    time.ms = step * 500
    running.report({ done: step * 500 })
  }
  const job = await jobs.get(ownerActor, id)
  expect(job.ratePerSecond).toBeCloseTo(1000, 0)
  expect(job.remainingMs).toBeCloseTo(5000, -1)
})

it("never shows a job's payload", async () => {
  const { jobs, seen, pull } = setUp()
  const { id } = await pull("a")
  for (const job of [...seen, await jobs.get(ownerActor, id), ...(await jobs.list(ownerActor)), ...jobs.active()]) {
    expect(job).not.toHaveProperty("payload")
  }
})
