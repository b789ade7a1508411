import { AppError } from "#core/errors.ts"
import { newId } from "#core/ids.ts"
import type { JobStore, StoredJob } from "#core/jobs.ts"

/** Jobs in memory; what a disk would hold is in `rows`. */
export function createFakeJobStore(): JobStore & { rows: Map<string, StoredJob> } {
  const rows = new Map<string, StoredJob>()
  const get = (id: string): StoredJob => {
    const row = rows.get(id)
    if (!row) throw new AppError("job.not-found", "There is no such job.")
    return row
  }
  return {
    rows,
    async create(_actor, values) {
      const row: StoredJob = {
        id: newId(),
        status: "queued",
        progress: null,
        done: 0,
        ratePerSecond: null,
        remainingMs: null,
        current: null,
        error: null,
        createdAt: 0,
        updatedAt: 0,
        ...values,
        total: values.total ?? null,
      }
      rows.set(row.id, row)
      return row
    },
    get: async (_actor, id) => get(id),
    list: async () => [...rows.values()],
    async update(_actor, id, changes) {
      const row = { ...get(id), ...changes }
      rows.set(id, row)
      return row
    },
  }
}
