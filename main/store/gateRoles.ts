import { type Ability, rulesOf } from "#core/access.ts"
import type { Actor } from "#core/actor.ts"
import { AppError } from "#core/errors.ts"
import type { Store } from "./types.ts"

type Repositories = Omit<Store, "check" | "scrub" | "backup" | "close">

/**
 * What a call needs besides rows that are one's own: an ability of the person's role. `read`: nothing more. `machine`: the call is the
 * product's own and names no person, or is made for one who was asked before.
 */
export type Need = Ability | "read" | "machine"

/** Every method of every repository. A missing one does not compile. */
export const needs: { [R in keyof Repositories]: Record<keyof Repositories[R], Need> } = {
  conversations: {
    create: "keeps",
    get: "read",
    list: "read",
    update: "keeps",
    setSharing: "shares",
    delete: "keeps",
    restore: "keeps",
    purge: "keeps",
    import: "keeps",
  },
  messages: { append: "keeps", get: "read", update: "keeps", list: "read", path: "read", search: "read" },
  collections: {
    create: "collects",
    get: "read",
    findByName: "read",
    findBySourcePath: "read",
    list: "read",
    setSharing: "shares",
    setLeaving: "shares",
    rename: "collects",
    delete: "collects",
  },
  documents: {
    upsert: "collects",
    get: "read",
    list: "read",
    setStage: "collects",
    writeContent: "collects",
    move: "collects",
    setStamps: "collects",
    setTags: "collects",
    text: "read",
    delete: "collects",
  },
  folders: {
    create: "collects",
    get: "read",
    list: "read",
    update: "collects",
    delete: "collects",
    summary: "read",
    documents: "read",
  },
  chunks: {
    get: "read",
    byDocument: "read",
    searchLexical: "read",
    searchVector: "read",
    similarities: "read",
    vectors: "read",
    inverseDocumentFrequencies: "read",
    missingVectors: "machine",
    addVectors: "machine",
    indexes: "machine",
    setActiveIndex: "machine",
    generation: "machine",
    indexHealth: "machine",
    repairVectors: "machine",
    repairWords: "machine",
  },
  settings: { all: "read", set: "keeps" },
  jobs: { create: "keeps", get: "read", list: "read", update: "keeps" },
  keys: { create: "manages", list: "manages", findByHash: "machine", touch: "machine", delete: "manages" },
  people: {
    list: "read",
    get: "read",
    create: "manages",
    update: "keeps",
    pinHash: "machine",
    setPinHash: "keeps",
    remove: "manages",
    empty: "keeps",
  },
  timeline: { list: "read" },
  audit: { record: "machine", list: "read", verify: "machine" },
  feedback: {
    recordShown: "keeps",
    record: "keeps",
    shown: "read",
    ofChunks: "read",
    lists: "read",
    counts: "read",
    forget: "keeps",
  },
  memories: {
    create: "remembers",
    get: "remembers",
    list: "read",
    update: "remembers",
    delete: "remembers",
    clear: "remembers",
    searchLexical: "read",
    searchVector: "read",
    missingVectors: "read",
    setVector: "remembers",
  },
  artifacts: { record: "keeps", get: "read", list: "read", setTags: "keeps", delete: "keeps" },
  evaluations: {
    addRun: "keeps",
    runs: "read",
    run: "read",
    deleteRun: "keeps",
    pins: "read",
    pin: "keeps",
    unpin: "keeps",
  },
  voiceProfiles: {
    create: "shares",
    list: "read",
    household: "machine",
    rename: "shares",
    replace: "shares",
    delete: "shares",
  },
  clonedVoices: {
    ask: "shares",
    consent: "read",
    consents: "read",
    give: "shares",
    revoke: "shares",
    create: "shares",
    list: "read",
    get: "read",
    setConditioning: "read",
    discard: "shares",
    delete: "shares",
  },
  turnSounds: { add: "keeps", list: "read", sealed: "read", delete: "keeps", clear: "machine" },
  healthReports: { upsert: "machine", list: "machine" },
}

/** The store as the product uses it: rows are kept apart beneath, and here each call is held against what the person's role may do. */
export function gateRoles(store: Store): Store {
  const gated = Object.entries(needs).map(([name, methods]) => {
    const repository = store[name as keyof Repositories] as unknown as Record<string, Call>
    return [
      name,
      Object.fromEntries(Object.entries(methods).map(([method, need]) => [method, gate(repository, method, need)])),
    ]
  })
  return {
    ...(Object.fromEntries(gated) as Repositories),
    check: store.check,
    scrub: store.scrub,
    backup: store.backup,
    close: store.close,
  }
}

type Call = (...args: unknown[]) => Promise<unknown>

function gate(repository: Record<string, Call>, method: string, need: Need): Call {
  const call = repository[method] as Call
  if (need === "read" || need === "machine") return call
  return async (...args) => {
    // The first argument of every call that needs an ability is the actor: the repositories' types say so.
    if (!rulesOf(args[0] as Actor)[need]) throw refusal(need)
    return await call(...args)
  }
}

const words: Record<Ability, string> = {
  keeps: "Nothing is kept for guests.",
  remembers: "Nothing is remembered for guests.",
  collects: "Guests add no documents.",
  shares: "Only grown-ups of the household do that.",
  manages: "Only the owner of this machine does that.",
}

export const refusal = (ability: Ability): AppError =>
  new AppError("access.denied", words[ability], { remedy: "Ask the owner of this machine." })
