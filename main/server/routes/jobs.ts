import type { Job, jobRoutes } from "#contract/jobs.ts"
import type { Actor } from "#core/actor.ts"
import { createPushQueue } from "#core/queue.ts"
import type { JobService, ServerDeps } from "../deps.ts"
import type { HandlersFor, StreamItem } from "../handlers.ts"

export const jobHandlers = ({ jobs }: Pick<ServerDeps, "jobs">): HandlersFor<typeof jobRoutes> => ({
  "GET /api/jobs": async (_input, { actor }) => ({ items: (await jobs.list(actor)).map(publicJob) }),
  "GET /api/jobs/:id": async ({ params }, { actor }) => publicJob(await jobs.get(actor, params.id)),
  "GET /api/jobs/:id/events": async ({ params }, { actor, signal }) => {
    const first = await jobs.get(actor, params.id)
    return follow(jobs, actor, first, signal)
  },
  "POST /api/jobs/:id/pause": async ({ params }, { actor }) => publicJob(await jobs.pause(actor, params.id)),
  "POST /api/jobs/:id/resume": async ({ params }, { actor }) => publicJob(await jobs.resume(actor, params.id)),
  "DELETE /api/jobs/:id": async ({ params }, { actor }) => {
    await jobs.cancel(actor, params.id)
    return { ok: true }
  },
})

const isOver = (job: Job): boolean => job.status === "done" || job.status === "failed" || job.status === "cancelled"

/** The job now and after every change, until it ends. A slow reader sees fewer states, and always the last. */
async function* follow(
  jobs: JobService,
  actor: Actor,
  first: Job,
  signal: AbortSignal,
): AsyncGenerator<StreamItem<Job>> {
  const wake = createPushQueue<void>(1)
  let latest = first
  const unsubscribe = jobs.subscribe(actor, (job) => {
    if (job.id !== first.id) return
    latest = job
    wake.push()
  })
  const stop = (): void => wake.fail(signal.reason)
  signal.addEventListener("abort", stop)
  try {
    // Read again: it may have changed before the subscription began.
    latest = await jobs.get(actor, first.id)
    yield { event: "job", data: publicJob(latest) }
    if (isOver(latest)) return
    signal.throwIfAborted()
    for await (const _ of wake) {
      yield { event: "job", data: publicJob(latest) }
      if (isOver(latest)) return
    }
  } finally {
    signal.removeEventListener("abort", stop)
    unsubscribe()
  }
}

/** Only what the contract names: a stored job also holds what it needs to go on, absolute paths among it. */
export const publicJob = (row: Job): Job => ({
  id: row.id,
  kind: row.kind,
  title: row.title,
  status: row.status,
  progress: row.progress,
  done: row.done,
  total: row.total,
  unit: row.unit,
  ratePerSecond: row.ratePerSecond,
  remainingMs: row.remainingMs,
  current: row.current,
  error: row.error,
  subjectId: row.subjectId,
  createdAt: row.createdAt,
  updatedAt: row.updatedAt,
})
