import type { Job } from "#contract/jobs.ts"
import type { Actor } from "#core/actor.ts"

/** A job with what it needs to go on after a restart. */
export type JobRecord = Job & { payload: unknown }

export interface JobRepository {
  create(
    actor: Actor,
    job: Pick<Job, "kind" | "title" | "unit" | "subjectId"> & { total?: number | null; payload: unknown },
  ): Promise<JobRecord>
  get(actor: Actor, id: string): Promise<JobRecord>
  list(actor: Actor, sinceMs: number): Promise<JobRecord[]>
  update(actor: Actor, id: string, changes: Partial<Omit<JobRecord, "id" | "kind" | "createdAt">>): Promise<JobRecord>
}
