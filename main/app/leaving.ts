import type { Jobs } from "#core/jobs.ts"
import type { Documents } from "#rag/documents.ts"
import type { Folders } from "#rag/folders/folders.ts"
import type { Store } from "#store/types.ts"
import type { PeopleServiceDeps } from "./peopleService.ts"

export interface LeavingDeps {
  store: Pick<Store, "collections">
  jobs: Pick<Jobs, "list" | "cancel">
  folders: Pick<Folders, "forgetCollection">
  documents: Pick<Documents, "forgetCollection">
}

/** What ends when a person is removed: what they began, what watched their folders, and with their things the copies of their files. */
export const createLeaving =
  (deps: () => LeavingDeps): PeopleServiceDeps["leave"] =>
  async (actor, things) => {
    const { store, jobs, folders, documents } = deps()
    for (const { id, status } of await jobs.list(actor))
      if (status === "queued" || status === "running" || status === "paused") await jobs.cancel(actor, id)
    for (const { id, sharedBy } of await store.collections.list(actor)) {
      if (sharedBy) continue
      await folders.forgetCollection(actor, id)
      if (things === "erase") await documents.forgetCollection(id)
    }
  }
