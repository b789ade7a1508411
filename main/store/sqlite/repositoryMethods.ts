import type { Store } from "../types.ts"

export type RepositoryName = Exclude<keyof Store, "check" | "close">

/** Every repository and method by name, for the way to the worker. A missing or extra one does not compile. */
export const repositoryMethods = {
  conversations: { create: 1, get: 1, list: 1, update: 1, delete: 1, restore: 1, purge: 1, import: 1 },
  messages: { append: 1, get: 1, update: 1, list: 1, path: 1, search: 1 },
  collections: { create: 1, get: 1, findByName: 1, findBySourcePath: 1, list: 1, rename: 1, delete: 1 },
  documents: {
    upsert: 1,
    get: 1,
    list: 1,
    setStage: 1,
    writeContent: 1,

    move: 1,
    setStamps: 1,
    setTags: 1,
    text: 1,
    delete: 1,
  },
  folders: { create: 1, get: 1, list: 1, update: 1, delete: 1, documents: 1 },
  chunks: {
    get: 1,
    byDocument: 1,
    searchLexical: 1,
    searchVector: 1,
    similarities: 1,
    vectors: 1,
    inverseDocumentFrequencies: 1,
    missingVectors: 1,
    addVectors: 1,
    indexes: 1,
    setActiveIndex: 1,
    generation: 1,
    indexHealth: 1,
    repairVectors: 1,
    repairWords: 1,
  },
  settings: { all: 1, set: 1 },
  jobs: { create: 1, get: 1, list: 1, update: 1 },
  keys: { create: 1, list: 1, findByHash: 1, touch: 1, delete: 1 },
  memories: {
    create: 1,
    get: 1,
    list: 1,
    update: 1,
    delete: 1,
    clear: 1,
    searchLexical: 1,
    searchVector: 1,
    missingVectors: 1,
    setVector: 1,
  },
  artifacts: { record: 1, get: 1, list: 1, setTags: 1, delete: 1 },
  audit: { record: 1, list: 1, verify: 1 },
  feedback: { recordShown: 1, record: 1, shown: 1, ofChunks: 1, lists: 1, counts: 1, forget: 1 },
} as const satisfies { [R in RepositoryName]: Record<keyof Store[R], 1> }
