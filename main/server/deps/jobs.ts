import type { Job } from "#contract/jobs.ts"
import type { Actor } from "#core/actor.ts"

export interface JobService {
  list(actor: Actor): Promise<Job[]>
  get(actor: Actor, id: string): Promise<Job>
  pause(actor: Actor, id: string): Promise<Job>
  resume(actor: Actor, id: string): Promise<Job>
  cancel(actor: Actor, id: string): Promise<void>
  /** Hears of every change of the actor's jobs. Returns the end of the subscription. */
  subscribe(actor: Actor, listener: (job: Job) => void): () => void
}
