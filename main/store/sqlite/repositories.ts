import type { Store } from "../types.ts"
import { createArtifacts } from "./artifacts.ts"
import { createAudit } from "./audit.ts"
import { checkStore } from "./checkStore.ts"
import { createChunks } from "./chunks.ts"
import { createClonedVoices } from "./clonedVoices.ts"
import { createCollections } from "./collections.ts"
import type { StoreContext, Sync } from "./context.ts"
import { createConversations } from "./conversations.ts"
import { createDocuments } from "./documents.ts"
import { scrub } from "./erase.ts"
import { createEvaluations } from "./evaluations.ts"
import { createFeedback } from "./feedback.ts"
import { createFolders } from "./folders.ts"
import { createHealthReports } from "./healthReports.ts"
import { createJobs } from "./jobs.ts"
import { createKeys } from "./keys.ts"
import { createMemories } from "./memories.ts"
import { createMessages } from "./messages.ts"
import { createPeople } from "./people.ts"
import type { RepositoryName } from "./repositoryMethods.ts"
import { createSettings } from "./settings.ts"
import { createTimeline } from "./timeline.ts"
import { createTurnSounds } from "./turnSounds.ts"
import { createVoiceProfiles } from "./voiceProfiles.ts"

export type SyncStore = { [R in RepositoryName]: Sync<Store[R]> } & Pick<Sync<Store>, "check" | "scrub">

/** The repositories as the worker has them: synchronous, over one database. */
export const createRepositories = (context: StoreContext, file: string, auditKey: Buffer): SyncStore => ({
  conversations: createConversations(context),
  messages: createMessages(context),
  collections: createCollections(context),
  documents: createDocuments(context),
  folders: createFolders(context),
  chunks: createChunks(context),
  settings: createSettings(context),
  jobs: createJobs(context),
  keys: createKeys(context),
  people: createPeople(context),
  audit: createAudit(context, auditKey),
  timeline: createTimeline(context),
  feedback: createFeedback(context),
  memories: createMemories(context),
  artifacts: createArtifacts(context),
  evaluations: createEvaluations(context),
  voiceProfiles: createVoiceProfiles(context),
  clonedVoices: createClonedVoices(context),
  turnSounds: createTurnSounds(context),
  healthReports: createHealthReports(context),
  check: (depth) => checkStore(context, file, depth),
  scrub: () => scrub(context),
})
