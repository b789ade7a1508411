import type { WhyReport } from "#contract/why.ts"
import type { Actor } from "#core/actor.ts"
import type { Clock } from "#core/clock.ts"
import type { Logger } from "#core/logger.ts"
import type { AuditService, EgressService, KeyStore, SecretService, TimelineService } from "./deps/access.ts"
import type { ConversationService, MessageService, TurnService } from "./deps/conversations.ts"
import type { CollectionService, DocumentService, FolderService, SearchIndexService } from "./deps/documents.ts"
import type { JobService } from "./deps/jobs.ts"
import type { ArtifactService, EvaluationService, MemoryService, ToolService } from "./deps/knowledge.ts"
import type { BackendService, ModelService, OpenAiService, SwitchrService } from "./deps/models.ts"
import type { BackupService, OpsService, SettingsService, TraceService } from "./deps/operations.ts"
import type { PeopleService } from "./deps/people.ts"
import type { DatasetService, PrivacyService } from "./deps/privacy.ts"
import type { RagService } from "./deps/rag.ts"
import type {
  AudioExchange,
  CloningService,
  DeviceService,
  SpeakerService,
  SpeechService,
  TuningService,
  VoiceSessionService,
  WakeService,
} from "./deps/speech.ts"

import type { CarriedSessions } from "./sessions.ts"

export type { AuditService, KeyStore } from "./deps/access.ts"
export type {
  CollectionService,
  DocumentService,
  FolderService,
  SearchIndexService,
  UploadedFile,
} from "./deps/documents.ts"
export type { JobService } from "./deps/jobs.ts"
export type { ModelService, OpenAiService } from "./deps/models.ts"
export type { SettingsService } from "./deps/operations.ts"
export type { Page } from "./deps/page.ts"
export type { PeopleService } from "./deps/people.ts"
export type {
  EmbedResult,
  RagFeedbackService,
  RagQuery,
  RagService,
  RagStreamOptions,
  RagStreamQuery,
} from "./deps/rag.ts"
export type {
  AudioExchange,
  CloningService,
  DeviceService,
  RecordingToHear,
  SoundFile,
  SpeakerService,
  SpeechFormat,
  SpeechService,
  SpokenSound,
  TuningService,
  VoiceSessionService,
  WakeService,
} from "./deps/speech.ts"

/** Everything the server calls. createApp fills it in; nothing here is an import of another domain. */
export interface ServerDeps {
  log: Logger
  clock: Clock
  version: string
  /** Where uploads lie while they are being read; inside the data directory and the server's alone: emptied at start. */
  temporaryDir: string
  /** The built renderer. Null: `/` answers with a line of text. */
  rendererDir: string | null
  /** Host names and origins besides the loopback ones of the bound port. */
  allowedHosts: readonly string[]
  allowedOrigins: readonly string[]
  /** The key with scope `owner`, see `firstRunKey`. */
  firstRunKey: string
  /** Requests of one key within ten seconds. Default 5000. */
  requestsPerTenSeconds?: number
  /** Requests of `/health`, of everybody together, within ten seconds. Default 50000. */
  livenessPerTenSeconds?: number
  /** Check every answer against its schema; a wrong one becomes `internal`. On in development and tests. */
  checksOutput: boolean

  /** Windows that a core before this one, in the same process, let in. */
  carriedSessions?: CarriedSessions
  keys: KeyStore
  people: PeopleService
  turns: TurnService
  conversations: ConversationService
  messages: MessageService
  collections: CollectionService
  documents: DocumentService
  folders: FolderService
  searchIndex: SearchIndexService
  jobs: JobService
  models: ModelService
  backends: BackendService
  switchr: SwitchrService
  settings: SettingsService
  speech: SpeechService
  speakers: SpeakerService
  devices: DeviceService
  cloning: CloningService
  voiceSessions: VoiceSessionService
  wake: WakeService
  tuning: TuningService
  rag: RagService
  memory: MemoryService
  tools: ToolService
  /** Why a document was or was not used. Null collections: all. Rejects with `document.not-found`. */
  why(
    actor: Actor,
    asked: { documentId: string; question: string; collectionIds: string[] | null },
    signal: AbortSignal,
  ): Promise<WhyReport>
  artifacts: ArtifactService
  evaluations: EvaluationService
  ops: OpsService
  traces: TraceService
  secrets: SecretService
  audit: AuditService
  egress: EgressService
  backups: BackupService
  privacy: PrivacyService
  datasets: DatasetService
  timeline: TimelineService
  audio: AudioExchange
  openAi: OpenAiService
  /** Hears of every answered request; `route` is a key of the route table, or "other". */
  onRequest?(request: { route: string; status: number; durationMs: number }): void
  /** Says that a list of theirs changed, or one of everybody; for the window's caches. Returns the end of the subscription. */
  onChange(actor: Actor, listener: (change: Change) => void): () => void
}

export interface Change {
  channel: "documents" | "models" | "settings" | "conversations" | "memory" | "artifacts"
  id: string | null
  /** Whose list it is. Absent: everybody's. */
  personId?: string
}
