import { isDeepStrictEqual } from "node:util"
import type { Job } from "#contract/jobs.ts"
import type { Actor } from "./actor.ts"
import type { Clock } from "./clock.ts"
import { actingPerson } from "./egress/actingPerson.ts"
import { AppError, errorInfo } from "./errors.ts"
import type { Hub } from "./hub.ts"
import type { Logger } from "./logger.ts"
import { createRateMeter, type RateMeter } from "./rateMeter.ts"

/** A job with what it needs to go on after a restart. */
export type StoredJob = Job & { payload: unknown }

export type NewJob = Pick<Job, "kind" | "title" | "unit" | "subjectId"> & { total?: number | null; payload: unknown }

/** Where jobs are kept; the store's JobRepository fits. */
export interface JobStore {
  create(actor: Actor, job: NewJob): Promise<StoredJob>
  get(actor: Actor, id: string): Promise<StoredJob>
  /** Jobs that have not ended, and those that changed since then. */
  list(actor: Actor, sinceMs: number): Promise<StoredJob[]>
  update(actor: Actor, id: string, changes: Partial<Omit<StoredJob, "id" | "kind" | "createdAt">>): Promise<StoredJob>
}

export interface JobProgress {
  done?: number
  total?: number | null
  /** In words, what is being worked on. */
  current?: string | null
  /** Ingest: bytes read and passages made so far, for the rates. */
  bytes?: number
  passages?: number
}

export interface JobRunner {
  /** Jobs of one lane run one after another; lanes run side by side. */
  lane: string
  /** Does the work, or goes on with it: it must bear being aborted or killed at any moment and called again. */
  run(job: StoredJob, actor: Actor, report: (progress: JobProgress) => void, signal: AbortSignal): Promise<void>
  /** Removes what a cancelled job left half done. */
  discard?(job: StoredJob, actor: Actor): Promise<void>
}

export interface Jobs {
  /** Queues a job. One that already waits, runs or is paused for the same subject is returned (and resumed) instead. */
  start(actor: Actor, job: NewJob): Promise<Job>
  /** Throws `job.not-found`. */
  get(actor: Actor, id: string): Promise<Job>
  /** What runs or waits, and what ended in the last day; newest first. */
  list(actor: Actor): Promise<Job[]>
  /** Throws `request.conflict` when the job has ended. Resolves when its work has stopped. */
  pause(actor: Actor, id: string): Promise<Job>
  /** Also tries a failed job again. Throws `request.conflict` when it is done or cancelled. */
  resume(actor: Actor, id: string): Promise<Job>
  /** What was finished stays. Cancelling an ended job changes nothing. */
  cancel(actor: Actor, id: string): Promise<void>
  /** Hears of every change of the actor's jobs. Returns the end of the subscription. */
  subscribe(actor: Actor, listener: (job: Job) => void): () => void
  /** At boot: jobs that ran or waited when the core ended go on. */
  recover(actor: Actor): Promise<void>
  /** Jobs that wait, run or are paused, from memory. */
  active(): Job[]
  /** Stops the work without ending the jobs: the next boot goes on. */
  close(): Promise<void>
}

export interface JobsDeps {
  store: JobStore
  /** Hears of every change, with the person it belongs to. */
  hub: Hub<{ personId: string; job: Job }>
  runners: Partial<Record<Job["kind"], JobRunner>>
  clock: Clock
  log: Logger
}

/** At most this often a running job is published. */
const publishEveryMs = 200
/** At most this often a running job's progress is stored. */
const storeEveryMs = 2000
const dayMs = 24 * 60 * 60 * 1000

type Intent = "run" | "pause" | "cancel" | "close"
interface Entry {
  job: StoredJob
  actor: Actor
  intent: Intent
  controller: AbortController
  meter: RateMeter
  byteMeter: RateMeter
  passageMeter: RateMeter
  publishedAt: number
  storedAt: number
  /** Settles when the work has stopped. */
  work: Promise<void>
}

export function createJobs(deps: JobsDeps): Jobs {
  /** Jobs that wait, run or are paused in this process. */
  const entries = new Map<string, Entry>()
  const busyLanes = new Set<string>()
  let isClosing = false

  const publish = ({ actor, job }: Entry): void =>
    deps.hub.publish({ personId: actor.personId, job: withoutPayload(job) })

  const change = async (entry: Entry, changes: Partial<StoredJob>): Promise<void> => {
    entry.job = { ...entry.job, ...changes, updatedAt: deps.clock.now() }
    await deps.store.update(entry.actor, entry.job.id, changes)
    publish(entry)
  }

  const enqueue = (actor: Actor, job: StoredJob): Entry => {
    const entry = idleEntry(actor, job, deps.clock)
    entries.set(job.id, entry)
    publish(entry)
    startWaiting()
    return entry
  }

  const startWaiting = (): void => {
    if (isClosing) return
    for (const entry of entries.values()) {
      const runner = deps.runners[entry.job.kind]
      if (entry.job.status !== "queued" || !runner || busyLanes.has(runner.lane)) continue
      busyLanes.add(runner.lane)
      entry.job = { ...entry.job, status: "running" }
      entry.work = work(entry, runner).finally(() => {
        busyLanes.delete(runner.lane)
        startWaiting()
      })
    }
  }

  const work = async (entry: Entry, runner: JobRunner): Promise<void> => {
    try {
      await change(entry, { status: "running", error: null })
      await actingPerson.run(entry.actor.personId, () =>
        runner.run(entry.job, entry.actor, (progress) => report(entry, progress), entry.controller.signal),
      )
      const { total, done } = entry.job
      await finish(entry, { status: "done", progress: 1, done: total ?? done, current: null })
    } catch (error) {
      await stop(entry, error).catch((failure: unknown) => {
        // The store cannot take the change: the next boot finds the job running and goes on.
        deps.log.error("job could not be stored", { job: entry.job.id, error: failure })
        entries.delete(entry.job.id)
      })
    }
  }

  const stop = async (entry: Entry, error: unknown): Promise<void> => {
    const resting = { ratePerSecond: null, remainingMs: null }
    if (entry.controller.signal.aborted && entry.intent !== "run") {
      if (entry.intent === "close") return
      entry.job = withoutSpeed(entry.job)
      if (entry.intent === "pause") return change(entry, { status: "paused", ...resting })
      await discard(entry.job, entry.actor)
      return finish(entry, { status: "cancelled", current: null })
    }
    deps.log.warn("job failed", { job: entry.job.id, kind: entry.job.kind, error })
    await finish(entry, { status: "failed", error: errorInfo(error) })
  }

  const discard = async (job: StoredJob, actor: Actor): Promise<void> => {
    try {
      await deps.runners[job.kind]?.discard?.(job, actor)
    } catch (error) {
      deps.log.warn("leftovers of a cancelled job stay", { job: job.id, error })
    }
  }

  const finish = async (entry: Entry, changes: Partial<StoredJob>): Promise<void> => {
    entries.delete(entry.job.id)
    entry.job = withoutSpeed(entry.job)
    await change(entry, { ...changes, ratePerSecond: null, remainingMs: null })
  }

  const report = (entry: Entry, progress: JobProgress): void => {
    if (entry.job.status !== "running") return
    const done = progress.done ?? entry.job.done
    const total = progress.total === undefined ? entry.job.total : progress.total
    const ratePerSecond = entry.meter.add(done)
    entry.job = {
      ...entry.job,
      done,
      total,
      current: progress.current === undefined ? entry.job.current : progress.current,
      progress: total ? Math.min(1, done / total) : null,
      ratePerSecond,
      ...speedOf(entry, progress),
      remainingMs: total && ratePerSecond ? Math.round(((total - done) / ratePerSecond) * 1000) : null,
      updatedAt: deps.clock.now(),
    }
    const now = deps.clock.monotonic()
    if (now - entry.publishedAt >= publishEveryMs) {
      entry.publishedAt = now
      publish(entry)
    }
    if (now - entry.storedAt >= storeEveryMs) {
      entry.storedAt = now
      const { done, total, current, progress } = entry.job
      deps.store.update(entry.actor, entry.job.id, { done, total, current, progress }).catch((error: unknown) => {
        deps.log.warn("job progress could not be stored", { job: entry.job.id, error })
      })
    }
  }

  /** The live entry of a job that has not ended, or undefined. */
  const live = async (actor: Actor, id: string): Promise<{ entry: Entry | undefined; job: StoredJob }> => {
    const stored = await deps.store.get(actor, id)
    const entry = entries.get(id)
    return { entry, job: entry?.job ?? stored }
  }

  const jobs: Jobs = {
    async start(actor, job) {
      const same = [...entries.values()].find(
        ({ job: other, actor: whose }) =>
          whose.personId === actor.personId &&
          job.subjectId !== null &&
          other.kind === job.kind &&
          other.subjectId === job.subjectId &&
          // Two ingests into one collection are different work unless they name the same files.
          (job.kind !== "ingest" || isDeepStrictEqual(other.payload, job.payload)),
      )
      if (same?.job.status === "paused") return jobs.resume(actor, same.job.id)
      if (same) return withoutPayload(same.job)
      return withoutPayload(enqueue(actor, await deps.store.create(actor, job)).job)
    },

    async get(actor, id) {
      return withoutPayload((await live(actor, id)).job)
    },

    async list(actor) {
      const stored = await deps.store.list(actor, deps.clock.now() - dayMs)
      return stored
        .map((job) => withoutPayload(entries.get(job.id)?.job ?? job))
        .sort((left, right) => right.createdAt - left.createdAt)
    },

    async pause(actor, id) {
      const { entry, job } = await live(actor, id)
      if (!entry) throw conflict(job, "paused")
      if (entry.job.status === "queued") await change(entry, { status: "paused" })
      if (entry.job.status === "running") {
        entry.intent = "pause"
        entry.controller.abort(new AppError("download.cancelled", "Paused."))
        await entry.work
      }
      return withoutPayload(entry.job)
    },

    async resume(actor, id) {
      const { entry, job } = await live(actor, id)
      if (entry && entry.job.status !== "paused") return withoutPayload(entry.job)
      if (!entry && job.status !== "failed" && job.status !== "paused") throw conflict(job, "resumed")
      await deps.store.update(actor, id, { status: "queued", error: null })
      return withoutPayload(enqueue(actor, { ...job, status: "queued", error: null }).job)
    },

    async cancel(actor, id) {
      const { entry, job } = await live(actor, id)
      if (entry?.job.status === "running") {
        entry.intent = "cancel"
        entry.controller.abort(new AppError("download.cancelled", "Cancelled."))
        await entry.work
        return
      }
      if (job.status === "done" || job.status === "cancelled") return
      const idle = entry ?? idleEntry(actor, job, deps.clock)
      await discard(job, actor)
      await finish(idle, { status: "cancelled", current: null })
    },

    subscribe: (actor, listener) =>
      deps.hub.subscribe(({ personId, job }) => {
        if (personId === actor.personId) listener(job)
      }),

    async recover(actor) {
      for (const job of await deps.store.list(actor, deps.clock.now())) {
        if (entries.has(job.id)) continue
        if (job.status === "running" || job.status === "queued") enqueue(actor, { ...job, status: "queued" })
        else if (job.status === "paused") entries.set(job.id, idleEntry(actor, job, deps.clock))
      }
    },

    active: () => [...entries.values()].map(({ job }) => withoutPayload(job)),

    async close() {
      isClosing = true
      const running = [...entries.values()].filter(({ job }) => job.status === "running")
      for (const entry of running) {
        entry.intent = "close"
        entry.controller.abort(new AppError("core.stopping", "ZenGlow is closing."))
      }
      await Promise.all(running.map((entry) => entry.work))
    },
  }
  return jobs
}

/** An entry that does not run. */
function idleEntry(actor: Actor, job: StoredJob, clock: Clock): Entry {
  return {
    job,
    actor,
    intent: "run",
    controller: new AbortController(),
    meter: createRateMeter(clock),
    byteMeter: createRateMeter(clock),
    passageMeter: createRateMeter(clock),
    publishedAt: Number.NEGATIVE_INFINITY,
    storedAt: clock.monotonic(),
    work: Promise.resolve(),
  }
}

function speedOf({ byteMeter, passageMeter }: Entry, { bytes, passages }: JobProgress): Pick<Job, "speed"> {
  if (bytes === undefined || passages === undefined) return {}
  const bytesPerSecond = byteMeter.add(bytes)
  const passagesPerSecond = passageMeter.add(passages)
  if (bytesPerSecond === null || passagesPerSecond === null) return { speed: null }
  return { speed: { bytesPerSecond, passagesPerSecond } }
}

/** A job that rests has none. */
function withoutSpeed({ speed: _, ...job }: StoredJob): StoredJob {
  return job
}

function withoutPayload(job: Job & { payload?: unknown }): Job {
  const { payload: _, ...rest } = job
  return rest
}

function conflict(job: Job, what: string): AppError {
  return new AppError("request.conflict", `The job is ${job.status} and cannot be ${what}.`)
}
