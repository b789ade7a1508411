import type { EvalRunDetail, PinnedQuestion } from "#contract/evaluations.ts"
import { newId } from "#core/ids.ts"
import { notFound } from "../notFound.ts"
import type { EvaluationRepository } from "../types.ts"
import { fromJson, owned, type StoreContext, type Sync } from "./context.ts"

interface PinRow {
  id: string
  question: string
  document: string | null
  passage: string | null
  created_at: number
}

const toPin = (row: PinRow): PinnedQuestion => ({
  id: row.id,
  question: row.question,
  document: row.document,
  passage: row.passage,
  createdAt: row.created_at,
})

/** Runs kept; older ones go. */
const keptRuns = 500

export function createEvaluations(context: StoreContext): Sync<EvaluationRepository> {
  const { all, get, run } = context
  const toRun = (row: { id: string; body: string; created_at: number }): EvalRunDetail => ({
    ...fromJson<Omit<EvalRunDetail, "id" | "createdAt">>(row.body),
    id: row.id,
    createdAt: row.created_at,
  })
  return {
    addRun(actor, id, body) {
      const owner = context.owner(actor)
      const values = { ...owner, id, datasetHash: body.datasetHash, body: JSON.stringify(body), now: context.now() }
      run(
        `INSERT INTO eval_runs (id, owner_id, dataset_hash, body, created_at) VALUES (@id, @owner, @datasetHash, @body, @now)`,
        values,
      )
      run(
        `DELETE FROM eval_runs AS e WHERE ${owned("e")} AND e.seq NOT IN
           (SELECT k.seq FROM eval_runs k WHERE ${owned("k")} ORDER BY k.seq DESC LIMIT ${keptRuns})`,
        owner,
      )
      return { ...body, id, createdAt: values.now }
    },
    runs: (actor, limit) =>
      all<{ id: string; body: string; created_at: number }>(
        `SELECT e.* FROM eval_runs e WHERE ${owned("e")} ORDER BY e.seq DESC LIMIT @limit`,
        { ...context.owner(actor), limit },
      ).map(toRun),
    run(actor, id) {
      const row = get<{ id: string; body: string; created_at: number }>(
        `SELECT e.* FROM eval_runs e WHERE e.id = @id AND ${owned("e")}`,
        { ...context.owner(actor), id },
      )
      if (!row) throw notFound("evaluation")
      return toRun(row)
    },
    deleteRun(actor, id) {
      const { changes } = run(`DELETE FROM eval_runs AS e WHERE e.id = @id AND ${owned("e")}`, {
        ...context.owner(actor),
        id,
      })
      if (changes === 0) throw notFound("evaluation")
    },
    pins: (actor) =>
      all<PinRow>(
        `SELECT p.* FROM pinned_questions p WHERE ${owned("p")} ORDER BY p.seq DESC`,
        context.owner(actor),
      ).map(toPin),
    pin(actor, values) {
      const row = { ...values, id: newId(), created_at: context.now() }
      run(
        `INSERT INTO pinned_questions (id, owner_id, question, document, passage, created_at)
         VALUES (@id, @owner, @question, @document, @passage, @created_at)`,
        { ...context.owner(actor), ...row },
      )
      return toPin(row)
    },
    unpin(actor, id) {
      const { changes } = run(`DELETE FROM pinned_questions AS p WHERE p.id = @id AND ${owned("p")}`, {
        ...context.owner(actor),
        id,
      })
      if (changes === 0) throw notFound("evaluation")
    },
  }
}
