import type { ErrorCode } from "#contract/errors.ts"
import { errorCodes } from "#contract/errors.ts"
import type { Job } from "#contract/jobs.ts"
import { job as jobSchema } from "#contract/jobs.ts"
import { AppError } from "#core/errors.ts"
import type { Client } from "./client.ts"
import { createProgressLine, formatBytes, formatDuration } from "./output.ts"

/** Follows a job with a progress line on stderr until it ends. Throws the job's own error; an abort cancels the job. */
export async function followJob(client: Client, jobId: string, signal: AbortSignal): Promise<Job> {
  const line = createProgressLine()
  let last: Job | undefined
  try {
    for await (const value of client.stream(`/api/jobs/${encodeURIComponent(jobId)}/events`, signal)) {
      const parsed = jobSchema.safeParse(value)
      if (!parsed.success) continue
      last = parsed.data
      // Before the files are counted there is nothing to tell.
      if (last.done > 0 || last.total) line.show(describe(last))
    }
  } finally {
    line.clear()
  }
  last = last && isEnded(last) ? last : await client.api("GET /api/jobs/:id", { params: { id: jobId } }, signal)
  if (last.status === "done") return last
  const code = last.error?.code
  throw new AppError(
    code && code in errorCodes ? (code as ErrorCode) : "internal",
    last.error?.message ?? `${last.title}: ${last.status}.`,
    {
      remedy: last.error?.remedy ?? "Run the command again: what was finished is kept.",
    },
  )
}

/**
 * Waits for documents that are on their way when they are what a question needs: while nothing is searchable yet, and for the
 * search index of a core that lives only for this command.
 */
export async function awaitDocuments(client: Client, signal: AbortSignal): Promise<void> {
  const [{ items: jobs }, { items: collections }] = await Promise.all([
    client.api("GET /api/jobs", {}, signal),
    client.api("GET /api/collections", {}, signal),
  ])
  const isEmpty = collections.every((collection) => collection.chunkCount === 0)
  for (const job of jobs) {
    if (job.status !== "queued" && job.status !== "running") continue
    if ((job.kind === "ingest" && isEmpty) || (job.kind === "reindex" && client.isOwn))
      await followJob(client, job.id, signal)
  }
}

const isEnded = (job: Job): boolean => job.status === "done" || job.status === "failed" || job.status === "cancelled"

function describe(job: Job): string {
  const amount = job.unit === "bytes" ? formatBytes(job.done) : `${Math.round(job.done)}`
  const total = job.total === null ? "" : ` of ${job.unit === "bytes" ? formatBytes(job.total) : Math.round(job.total)}`
  const rate = job.ratePerSecond && job.unit === "bytes" ? `, ${formatBytes(job.ratePerSecond)}/s` : ""
  const passages = job.speed
    ? `, ${Math.round(job.speed.passagesPerSecond)} passages/s, ${formatBytes(job.speed.bytesPerSecond)}/s`
    : ""
  const remaining = job.remainingMs ? `, ${formatDuration(job.remainingMs)} left` : ""
  return `${job.title}: ${amount}${total}${job.unit === "bytes" ? "" : ` ${job.unit}`}${rate}${passages}${remaining}`
}
