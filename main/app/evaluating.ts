import { join } from "node:path"
import type { TurnDeps } from "#chat/runTurn.ts"
import type { Jobs } from "#core/jobs.ts"
import type { Logger } from "#core/logger.ts"
import type { Embedder } from "#engines/types.ts"
import { createEvaluations, type Evaluations } from "#rag/evaluation/evaluations.ts"
import type { RetrieveDeps } from "#rag/retrieve.ts"
import { openSqliteStore } from "#store/sqlite/openSqliteStore.ts"
import type { Store } from "#store/types.ts"
import type { Answering } from "./answering.ts"
import { entryUrl } from "./entries.ts"

export interface EvaluatingDeps {
  store: Pick<Store, "evaluations">
  /** Where the stores of test collections lie. */
  dir: string
  retrieval: RetrieveDeps
  embedder(): Embedder
  jobs: Pick<Jobs, "start">
  answer: Answering["answer"]
  persona: TurnDeps["persona"]
  log: Logger
}

/** Measured runs of retrieval and of answers; test collections have stores of their own. */
export function createEvaluating(deps: EvaluatingDeps): Evaluations {
  const { store, dir, retrieval, embedder, jobs, answer, persona, log } = deps
  return createEvaluations({
    repository: store.evaluations,
    retrieval,
    embedder,
    openScratch: (name) =>
      openSqliteStore({
        file: join(dir, `${name}.db`),
        backupDir: join(dir, "backups"),
        log,
        workerUrl: entryUrl("store"),
      }),
    startJob: (actor, job) => jobs.start(actor, { kind: "evaluate", unit: "questions", ...job }),
    async *answer(actor, question, collectionIds, signal) {
      const input = { actor, question, history: [], collectionIds, alwaysSearches: true, cacheKey: "evaluation" }
      yield* answer({ ...input, persona: await persona(null), model: null }, signal)
    },
  })
}
