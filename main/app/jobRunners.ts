import type { Actor } from "#core/actor.ts"
import type { JobRunner, JobsDeps } from "#core/jobs.ts"
import type { Logger } from "#core/logger.ts"
import { createPullRunner } from "#models/pullRunner.ts"
import { datasetRunner } from "#ops/datasets/datasetJob.ts"
import type { Datasets } from "#ops/datasets/datasets.ts"
import type { Folders } from "#rag/folders/folders.ts"
import type { IndexCare } from "#rag/indexCare.ts"
import type { Ingest } from "#rag/ingest.ts"
import { ingestRunner, reindexRunner } from "#rag/jobRunners.ts"
import type { Pages } from "#rag/pages/pages.ts"
import type { Resplit } from "#rag/resplit/resplit.ts"
import type { VectorIndex } from "#rag/vectorIndex.ts"
import { type RecordDeps, recordDataset, recordIndex, recordModel } from "./recordArtifacts.ts"

export interface JobRunnersDeps extends RecordDeps {
  ingest: Ingest
  /** Made after the jobs that they start. */
  folders(): Folders
  pages: Pages
  vectorIndex: VectorIndex
  indexCare: IndexCare
  resplit: Pick<Resplit, "run">
  /** Made after the jobs that they start. */
  evaluate(): JobRunner
  datasets(): Pick<Datasets, "build">
  install: Parameters<typeof createPullRunner>[0]["install"]
  onModelChange(modelId: string): void
  log: Logger
}

/** The work of each kind of job, each of which notes what it made among the artifacts. */
export function createJobRunners(deps: JobRunnersDeps): JobsDeps["runners"] {
  const { log } = deps
  return {
    ingest: recorded(ingestRunner(deps.ingest, deps.folders, deps.pages), log, (job, actor) =>
      recordIndex(actor, deps, job.subjectId),
    ),
    reindex: recorded(reindexRunner(deps.vectorIndex, deps.indexCare, deps.resplit), log, (_job, actor) =>
      recordIndex(actor, deps, null),
    ),
    evaluate: recorded(
      { lane: "evaluate", run: (job, actor, report, signal) => deps.evaluate().run(job, actor, report, signal) },
      log,
      (job, actor) => recordDataset(actor, job.subjectId ?? "", deps),
    ),
    // It notes its versions itself.
    dataset: datasetRunner(deps.datasets),
    "model-pull": recorded(
      createPullRunner({ catalog: deps.catalog, install: deps.install, onChange: deps.onModelChange }),
      log,
      (job, actor) => recordModel(actor, job.subjectId ?? "", deps),
    ),
  }
}

/** A job's runner that notes what it made when it is done. A note that cannot be written never fails the job. */
export const recorded = (
  runner: JobRunner,
  log: Logger,
  note: (job: Parameters<JobRunner["run"]>[0], actor: Actor) => Promise<void>,
): JobRunner => ({
  ...runner,
  async run(job, actor, report, signal) {
    await runner.run(job, actor, report, signal)
    await note(job, actor).catch((error: unknown) => log.warn("an artifact could not be recorded", { error }))
  },
})
