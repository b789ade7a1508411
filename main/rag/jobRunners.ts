import type { Actor } from "#core/actor.ts"
import type { JobRunner } from "#core/jobs.ts"
import { type Folders, isFolderPayload } from "./folders/folders.ts"
import type { IndexCare } from "./indexCare.ts"
import type { Ingest, IngestPayload } from "./ingest.ts"
import type { Pages } from "./pages/pages.ts"
import type { VectorIndex } from "./vectorIndex.ts"
import { waitForSpace } from "./waitForSpace.ts"

/** Both kinds of work use the same embedder, so they take turns. */
const lane = "ingest"

/** Runs jobs of the kind `ingest`. Started again after a restart, it skips what was finished. */
export function ingestRunner(ingest: Ingest, folders: () => Folders, pages: Pages): JobRunner {
  return waitForSpace({
    lane,
    async run(job, actor, report, signal) {
      if (isFolderPayload(job.payload)) {
        await folders().runJob(actor, { id: job.id, folderId: job.payload.folderId }, report, signal)
      } else {
        const payload = await pages.prepare(actor, job.payload as IngestPayload, signal)
        if (payload) await ingest.run(actor, payload, { signal, progress: report })
      }
    },
    async discard(job, actor) {
      if (isFolderPayload(job.payload)) await folders().discardJob(actor, job.payload.folderId)
      else await ingest.discard(actor, job.payload as IngestPayload)
    },
  })
}

/** What a `reindex` job does: makes the vectors of the current embedder, after a repair of everything where that is asked for. */
export interface ReindexPayload {
  isRepair?: boolean
}

/** Runs jobs of the kind `reindex`: vectors of the current embedder for everything. */
export function reindexRunner(vectorIndex: VectorIndex, care: Pick<IndexCare, "repair">): JobRunner {
  return waitForSpace({
    lane,
    run: (job, actor: Actor, report, signal) =>
      (job.payload as ReindexPayload | null)?.isRepair
        ? care.repair(actor, signal, (done, total, current) => report({ done, total, current }))
        : vectorIndex.rebuild(actor, signal, (done, total) => report({ done, total })),
  })
}
