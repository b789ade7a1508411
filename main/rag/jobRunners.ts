import type { Actor } from "#core/actor.ts"
import type { JobRunner } from "#core/jobs.ts"
import { type Folders, isFolderPayload } from "./folders/folders.ts"
import type { Ingest, IngestPayload } from "./ingest.ts"
import type { VectorIndex } from "./vectorIndex.ts"

/** Both kinds of work use the same embedder, so they take turns. */
const lane = "ingest"

/** Runs jobs of the kind `ingest`. Started again after a restart, it skips what was finished. */
export function ingestRunner(ingest: Ingest, folders: () => Folders): JobRunner {
  return {
    lane,
    async run(job, actor, report, signal) {
      if (isFolderPayload(job.payload)) {
        await folders().runJob(actor, { id: job.id, folderId: job.payload.folderId }, report, signal)
      } else await ingest.run(actor, job.payload as IngestPayload, { signal, progress: report })
    },
    async discard(job, actor) {
      if (isFolderPayload(job.payload)) await folders().discardJob(actor, job.payload.folderId)
      else await ingest.discard(actor, job.payload as IngestPayload)
    },
  }
}

/** Runs jobs of the kind `reindex`: vectors of the current embedder for everything. */
export function reindexRunner(vectorIndex: VectorIndex): JobRunner {
  return {
    lane,
    run: (_job, actor: Actor, report, signal) =>
      vectorIndex.rebuild(actor, signal, (done, total) => report({ done, total })),
  }
}
