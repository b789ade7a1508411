import type { EvalRunDetail, PinnedQuestion } from "#contract/evaluations.ts"
import type { Actor } from "#core/actor.ts"

/** Measured runs of retrieval, and questions that a change must still answer. */
export interface EvaluationRepository {
  /** Keeps a run; the newest 500 are kept. */
  addRun(actor: Actor, id: string, run: Omit<EvalRunDetail, "id" | "createdAt">): Promise<EvalRunDetail>
  /** Newest first. */
  runs(actor: Actor, limit: number): Promise<EvalRunDetail[]>
  run(actor: Actor, id: string): Promise<EvalRunDetail>
  deleteRun(actor: Actor, id: string): Promise<void>
  /** Newest first. */
  pins(actor: Actor): Promise<PinnedQuestion[]>
  pin(actor: Actor, values: Pick<PinnedQuestion, "question" | "document" | "passage">): Promise<PinnedQuestion>
  unpin(actor: Actor, id: string): Promise<void>
}
