import { type DatasetRecipe, datasetRecipe } from "#contract/datasets.ts"
import type { Actor } from "#core/actor.ts"
import type { JobRunner, Jobs } from "#core/jobs.ts"
import type { Datasets } from "./datasets.ts"

/** Makes a dataset; begun anew after a restart, it becomes the same version and not a second one. */
export const datasetRunner = (datasets: () => Pick<Datasets, "build">): JobRunner => ({
  lane: "dataset",
  async run({ id, payload, createdAt }, actor, report, signal) {
    const recipe = datasetRecipe.parse(payload)
    const { counts } = await datasets().build(actor, { id, recipe, consentAt: createdAt }, report, signal)
    report({ done: counts.rows, total: counts.rows })
  },
})

/** Queues the work. One dataset of a name is made at a time. The caller has asked for consent. */
export async function startDataset(
  jobs: Pick<Jobs, "start">,
  actor: Actor,
  recipe: DatasetRecipe,
): Promise<{ jobId: string }> {
  const { name } = recipe
  const { id } = await jobs.start(actor, {
    kind: "dataset",
    title: name,
    unit: "rows",
    subjectId: name,
    payload: recipe,
  })
  return { jobId: id }
}
