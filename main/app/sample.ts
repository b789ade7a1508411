import type { Job } from "#contract/jobs.ts"
import { ownerActor } from "#core/actor.ts"
import type { Hub } from "#core/hub.ts"
import type { Jobs } from "#core/jobs.ts"
import type { Documents } from "#rag/documents.ts"

/** The documents that come with the product. */
export interface Sample {
  /** On the first start, lists them and begins to read them. */
  add(): Promise<void>
  /** Resolves when what `add` began to read can be asked about, or could not be read. */
  ready(): Promise<void>
}

export function createSample(
  documents: Pick<Documents, "ensureSampleCollection">,
  jobs: Pick<Jobs, "active">,
  hub: Hub<{ job: Job }>,
): Sample {
  let ready: Promise<void> = Promise.resolve()
  return {
    ready: () => ready,
    async add() {
      const isNew = (await documents.ensureSampleCollection(ownerActor)) !== null
      if (isNew && jobs.active().some((job) => job.kind === "ingest")) ready = nextIngestEnd(hub)
    },
  }
}

/** Resolves when the next ingest has ended, whatever became of it. */
function nextIngestEnd(hub: Hub<{ job: Job }>): Promise<void> {
  return new Promise((resolve) => {
    const end = hub.subscribe(({ job }) => {
      if (job.kind !== "ingest" || job.status === "running" || job.status === "queued") return
      end()
      resolve()
    })
  })
}
