import type { Actor } from "#core/actor.ts"
import type { JobRunner } from "#core/jobs.ts"
import { type Folders, isFolderPayload } from "./folders/folders.ts"
import type { IndexCare } from "./indexCare.ts"
import type { Ingest, IngestPayload } from "./ingest.ts"
import type { Pages } from "./pages/pages.ts"
import type { Resplit } from "./resplit/resplit.ts"
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

/** What a `reindex` job does: makes the vectors of the current embedder, unless something else is asked for. */
export interface ReindexPayload {
  /** Puts everything right before. */
  isRepair?: boolean
  /** Splits all documents as they are wanted now. */
  isResplit?: boolean
}

/** Runs jobs of the kind `reindex`. */
export function reindexRunner(
  vectorIndex: VectorIndex,
  care: Pick<IndexCare, "repair">,
  resplit: Pick<Resplit, "run">,
): JobRunner {
  return waitForSpace({
    lane,
    async run(job, actor: Actor, report, signal) {
      const { isRepair, isResplit } = (job.payload ?? {}) as ReindexPayload
      const tell = (done: number, total: number, current?: string): void => report({ done, total, current })
      if (isResplit) await resplit.run(actor, signal, tell)
      else if (isRepair) await care.repair(actor, signal, tell)
      else await vectorIndex.rebuild(actor, signal, tell)
    },
  })
}
