import type { Jobs } from "#core/jobs.ts"
import type { Datasets } from "#ops/datasets/datasets.ts"
import type { Documents } from "#rag/documents.ts"
import type { Folders } from "#rag/folders/folders.ts"
import type { PiiRepository, Store } from "#store/types.ts"
import type { PeopleServiceDeps } from "./peopleService.ts"

export interface LeavingDeps {
  store: Pick<Store, "collections">
  jobs: Pick<Jobs, "list" | "cancel">
  folders: Pick<Folders, "forgetCollection">
  documents: Pick<Documents, "forgetCollection">
  datasets: Pick<Datasets, "deleteWith">
  vault: Pick<PiiRepository, "clear">
}

/**
 * What ends when a person is removed: what they began, what watched their folders, what nobody else may have (their datasets and their part
 * of the vault), and with their things the copies of their files.
 */
export const createLeaving =
  (deps: () => LeavingDeps): PeopleServiceDeps["leave"] =>
  async (actor, things) => {
    const { store, jobs, folders, documents, datasets, vault } = deps()
    for (const { id, status } of await jobs.list(actor))
      if (status === "queued" || status === "running" || status === "paused") await jobs.cancel(actor, id)
    for (const { id, sharedBy } of await store.collections.list(actor)) {
      if (sharedBy) continue
      await folders.forgetCollection(actor, id)
      if (things === "erase") await documents.forgetCollection(id)
    }
    await datasets.deleteWith(actor, null)
    await vault.clear(actor)
  }
