import { type Clock, systemClock } from "#core/clock.ts"
import { AppError } from "#core/errors.ts"
import type { Store } from "../types.ts"
import { createMemoryChats } from "./chats.ts"
import { createMemoryClonedVoices } from "./clonedVoices.ts"
import { createMemoryEvaluations } from "./evaluations.ts"
import { createMemoryFeedback } from "./feedback.ts"
import { createMemoryFolders } from "./folders.ts"
import { createMemoryHealthReports } from "./healthReports.ts"
import { createMemoryLibrary } from "./library.ts"
import { createMemoryNotes } from "./notes.ts"
import { createMemoryOffice } from "./office.ts"
import { createMemoryPeople } from "./people.ts"
import { createTables } from "./tables.ts"
import { createMemoryTimeline } from "./timeline.ts"
import { createMemoryTurnSounds } from "./turnSounds.ts"
import { createMemoryVoiceProfiles } from "./voiceProfiles.ts"

/** The store in arrays and maps: for tests. Same behaviour as SQLite's, nothing is kept. */
export function createMemoryStore(options: { clock?: Clock } = {}): Store {
  const tables = createTables(options.clock ?? systemClock)
  const { conversations, messages } = createMemoryChats(tables)
  const { collections, documents, chunks } = createMemoryLibrary(tables)
  const { settings, jobs, keys, audit } = createMemoryOffice(tables)
  return {
    conversations,
    messages,
    collections,
    documents,
    folders: createMemoryFolders(tables),
    chunks,
    settings,
    jobs,
    keys,
    people: createMemoryPeople(tables),
    audit,
    timeline: createMemoryTimeline(tables),
    ...createMemoryNotes(tables),
    feedback: createMemoryFeedback(tables),
    evaluations: createMemoryEvaluations(tables),
    voiceProfiles: createMemoryVoiceProfiles(tables),
    clonedVoices: createMemoryClonedVoices(tables),
    turnSounds: createMemoryTurnSounds(tables),
    healthReports: createMemoryHealthReports(tables),
    async backup() {
      throw new AppError("store.failed", "This store keeps nothing, so there is nothing to copy.")
    },
    scrub: async () => {},
    async check(depth) {
      return {
        schemaVersion: 0,
        sizeBytes: 0,
        isWritable: true,
        integrity: depth === "full" ? "ok" : "not-run",
        problems: [],
        counts: {
          conversations: tables.conversations.filter((row) => row.deletedAt === null).length,
          messages: tables.messages.length,
          collections: tables.collections.length,
          documents: tables.documents.length,
          chunks: tables.chunks.length,
          vectors: tables.indexes.reduce((sum, index) => sum + index.vectors.size, 0),
        },
      }
    },
    async close() {},
  }
}
