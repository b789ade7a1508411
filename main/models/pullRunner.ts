import { rm } from "node:fs/promises"
import { z } from "zod"
import type { JobRunner } from "#core/jobs.ts"
import type { Catalog } from "./catalog.ts"
import { type InstallDeps, incomingDirectory, installModel } from "./install.ts"

/** What a `model-pull` job carries. */
export const pullPayload = z.object({ modelId: z.string() })

/** Downloads models as jobs, one at a time. Pausing keeps what arrived; cancelling removes what is incomplete. */
export function createPullRunner(deps: {
  catalog: Catalog
  install: InstallDeps
  /** A model arrived or vanished. */
  onChange: (modelId: string) => void
}): JobRunner {
  return {
    lane: "models",
    async run(job, _actor, report, signal) {
      const model = deps.catalog.get(pullPayload.parse(job.payload).modelId)
      report({ done: 0, total: model.sizeBytes })
      await installModel(
        model,
        deps.install,
        ({ doneBytes, totalBytes, current }) => report({ done: doneBytes, total: totalBytes, current }),
        signal,
      )
      deps.onChange(model.id)
    },
    async discard(job) {
      const { modelId } = pullPayload.parse(job.payload)
      await rm(incomingDirectory(deps.install.modelsDir, modelId), { recursive: true, force: true, maxRetries: 3 })
      deps.onChange(modelId)
    },
  }
}
