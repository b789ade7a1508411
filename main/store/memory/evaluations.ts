import type { EvalRunDetail, PinnedQuestion } from "#contract/evaluations.ts"
import type { Actor } from "#core/actor.ts"
import { newId } from "#core/ids.ts"
import type { EvaluationRepository } from "../types.ts"
import { copy, found, given, mine, type Tables } from "./tables.ts"

export function createMemoryEvaluations(tables: Tables): EvaluationRepository {
  const runs: { ownerId: string; run: EvalRunDetail }[] = []
  const pins: { ownerId: string; pin: PinnedQuestion }[] = []
  tables.onRemoval.push(given(runs), given(pins))
  const remove = <T extends { ownerId: string }>(actor: Actor, rows: T[], matches: (row: T) => boolean): void => {
    const row = found("evaluation", mine(actor, rows).find(matches))
    rows.splice(rows.indexOf(row), 1)
  }
  return {
    async addRun(actor, id, body) {
      const run = { ...copy(body), id, createdAt: tables.clock.now() }
      runs.unshift({ ownerId: actor.personId, run })
      return copy(run)
    },
    runs: async (actor, limit) =>
      mine(actor, runs)
        .slice(0, limit)
        .map(({ run }) => copy(run)),
    run: async (actor, id) =>
      copy(
        found(
          "evaluation",
          mine(actor, runs).find(({ run }) => run.id === id),
        ).run,
      ),
    deleteRun: async (actor, id) => remove(actor, runs, ({ run }) => run.id === id),
    pins: async (actor) => mine(actor, pins).map(({ pin }) => copy(pin)),
    async pin(actor, values) {
      const pin = { ...values, id: newId(), createdAt: tables.clock.now() }
      pins.unshift({ ownerId: actor.personId, pin })
      return copy(pin)
    },
    unpin: async (actor, id) => remove(actor, pins, ({ pin }) => pin.id === id),
  }
}
