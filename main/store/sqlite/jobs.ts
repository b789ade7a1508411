import { defined, newJob } from "../newRows.ts"
import { notFound } from "../notFound.ts"
import type { JobRecord, JobRepository } from "../types.ts"
import { fromJson, fromNullableJson, owned, type StoreContext, type Sync, toNullableJson } from "./context.ts"

interface JobRow {
  id: string
  kind: JobRecord["kind"]
  title: string
  status: JobRecord["status"]
  progress: number | null
  done: number
  total: number | null
  unit: JobRecord["unit"]
  rate_per_second: number | null
  remaining_ms: number | null
  current: string | null
  error: string | null
  subject_id: string | null
  payload: string
  created_at: number
  updated_at: number
}

const toJob = (row: JobRow): JobRecord => ({
  id: row.id,
  kind: row.kind,
  title: row.title,
  status: row.status,
  progress: row.progress,
  done: row.done,
  total: row.total,
  unit: row.unit,
  ratePerSecond: row.rate_per_second,
  remainingMs: row.remaining_ms,
  current: row.current,
  error: fromNullableJson(row.error),
  subjectId: row.subject_id,
  payload: fromJson(row.payload),
  createdAt: row.created_at,
  updatedAt: row.updated_at,
})

export function createJobs(context: StoreContext): Sync<JobRepository> {
  const { all, get, run, transaction } = context
  const bound = (job: JobRecord) => ({
    ...job,
    error: toNullableJson(job.error),
    payload: JSON.stringify(job.payload ?? null),
  })
  const repository: Sync<JobRepository> = {
    create(actor, values) {
      const job = newJob(values, context.now())
      run(
        `INSERT INTO jobs (id, owner_id, kind, title, status, progress, done, total, unit, rate_per_second, remaining_ms,
           current, error, subject_id, payload, created_at, updated_at)
         VALUES (@id, @owner, @kind, @title, @status, @progress, @done, @total, @unit, @ratePerSecond, @remainingMs,
           @current, @error, @subjectId, @payload, @createdAt, @updatedAt)`,
        { ...context.owner(actor), ...bound(job) },
      )
      return job
    },
    get(actor, id) {
      const row = get<JobRow>(`SELECT j.* FROM jobs j WHERE j.id = @id AND ${owned("j")}`, {
        ...context.owner(actor),
        id,
      })
      if (!row) throw notFound("job")
      return toJob(row)
    },
    list: (actor, sinceMs) =>
      all<JobRow>(
        `SELECT j.* FROM jobs j WHERE ${owned("j")}
           AND (j.updated_at >= @sinceMs OR j.status IN ('queued', 'running', 'paused')) ORDER BY j.seq`,
        { ...context.owner(actor), sinceMs },
      ).map(toJob),
    update(actor, id, changes) {
      return transaction(() => {
        const job: JobRecord = { ...repository.get(actor, id), updatedAt: context.now(), ...defined(changes), id }
        run(
          `UPDATE jobs AS j SET title = @title, status = @status, progress = @progress, done = @done, total = @total,
             unit = @unit, rate_per_second = @ratePerSecond, remaining_ms = @remainingMs, current = @current,
             error = @error, subject_id = @subjectId, payload = @payload, updated_at = @updatedAt
            WHERE j.id = @id AND ${owned("j")}`,
          { ...context.owner(actor), ...bound(job) },
        )
        return job
      })
    },
  }
  return repository
}
