import { AppError } from "#core/errors.ts"
import type { DatasetService, PrivacyService } from "#server/deps/privacy.ts"
import type { PeopleService } from "#server/deps.ts"

const nobody = async (): Promise<never> => {
  throw new AppError("pii.not-found", "There is nobody like that in the vault.")
}
const nothing = async (): Promise<never> => {
  throw new AppError("dataset.not-found", "There is no such dataset.")
}
const counts = { people: 0, conversations: 0, collections: 0, documents: 0, memories: 0, datasets: 0 }
const proof = { searched: 0, filesRead: 0, bytesRead: 0, residue: [], backups: [] }

/** An empty vault, and nothing to erase but people. */
export const fakePrivacy = (people: Pick<PeopleService, "remove">): PrivacyService => ({
  subjects: {
    add: async (_actor, { label, identifiers }) => ({
      id: "subject-1",
      label,
      identifiers: identifiers.map((identifier, n) => ({ ...identifier, id: `identifier-${n}` })),
      createdAt: 1,
    }),
    list: async () => [],
    delete: nobody,
  },
  find: async (_actor, text) => ({ findings: [], masked: text }),
  mentions: nobody,
  eraseSubject: nobody,
  export: async () => new Uint8Array(22),
  count: async () => counts,
  erase: async () => ({ erased: counts, proof }),
  removePerson: async (actor, id, things) => {
    await people.remove(actor, id, things)
    return proof
  },
})

/** No dataset, and nothing to make one of. */
export const fakeDatasets = (): DatasetService => ({
  list: async () => [],
  preview: async () => ({
    counts: { rows: 0, train: 0, heldOut: 0, byKind: {}, leftOut: {}, masked: {} },
    rows: [],
  }),
  start: async () => ({ jobId: "job-1" }),
  get: nothing,
  newest: nothing,
  read: nothing,
  diff: nothing,
  delete: nothing,
})
