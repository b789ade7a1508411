import type { ArtifactRepository } from "./types/artifacts.ts"
import type { AuditRepository } from "./types/audit.ts"
import type { ChunkRepository } from "./types/chunks.ts"
import type { ClonedVoiceRepository } from "./types/clonedVoices.ts"
import type { ConversationRepository, MessageRepository } from "./types/conversations.ts"
import type { CollectionRepository, DocumentRepository } from "./types/documents.ts"
import type { EvaluationRepository } from "./types/evaluations.ts"
import type { FeedbackRepository } from "./types/feedback.ts"
import type { FolderRepository } from "./types/folders.ts"
import type { HealthReportRepository } from "./types/healthReports.ts"
import type { JobRepository } from "./types/jobs.ts"
import type { MemoryRepository } from "./types/memories.ts"
import type { PeopleRepository } from "./types/people.ts"
import type { KeyRepository, SettingsRepository } from "./types/settings.ts"
import type { TimelineRepository } from "./types/timeline.ts"
import type { TurnSoundRepository } from "./types/turnSounds.ts"
import type { VoiceProfileRepository } from "./types/voiceProfiles.ts"

export type { ArtifactRepository, NewArtifact } from "./types/artifacts.ts"
export type { AuditEntry, AuditRepository, AuditRow, AuditVerdict } from "./types/audit.ts"
export type {
  ChunkRecord,
  ChunkRepository,
  IndexHealth,
  LexicalHit,
  NewChunk,
  SearchFilter,
  VectorHit,
} from "./types/chunks.ts"
export type {
  ClonedVoiceContent,
  ClonedVoiceRecord,
  ClonedVoiceRepository,
  VoiceConsentRecord,
} from "./types/clonedVoices.ts"
export type { ConversationRepository, MessageRepository, NewMessage } from "./types/conversations.ts"
export type {
  CollectionRepository,
  DocumentContent,
  DocumentRecord,
  DocumentRepository,
  NewDocument,
  TextTime,
} from "./types/documents.ts"
export type { EvaluationRepository } from "./types/evaluations.ts"
export type { FeedbackCounts, FeedbackRepository } from "./types/feedback.ts"
export type { FolderDocument, FolderRecord, FolderRepository, FolderSummary } from "./types/folders.ts"
export type { HealthReportRepository } from "./types/healthReports.ts"
export type { JobRecord, JobRepository } from "./types/jobs.ts"
export type { MemoryRepository } from "./types/memories.ts"
export type { Page } from "./types/page.ts"
export type { PeopleRepository, PersonChanges } from "./types/people.ts"
export type { PiiRepository } from "./types/pii.ts"
export type { KeyRepository, SettingsRepository } from "./types/settings.ts"
export type { TimelineQuery, TimelineRepository } from "./types/timeline.ts"
export type { TurnSoundRepository } from "./types/turnSounds.ts"
export type { VoiceProfileRecord, VoiceProfileRepository } from "./types/voiceProfiles.ts"

/**
 * The repositories. Async always; every call carries the actor first, rows carry their owner and are scoped to it: what is theirs can be
 * changed, what is shared with them (`contract/sharing.ts`) can be read. Ids of all other rows throw `<domain>.not-found`.
 */
export interface Store {
  conversations: ConversationRepository
  messages: MessageRepository
  collections: CollectionRepository
  documents: DocumentRepository
  folders: FolderRepository
  chunks: ChunkRepository
  settings: SettingsRepository
  jobs: JobRepository
  keys: KeyRepository
  people: PeopleRepository
  audit: AuditRepository
  timeline: TimelineRepository
  feedback: FeedbackRepository
  memories: MemoryRepository
  artifacts: ArtifactRepository
  evaluations: EvaluationRepository
  voiceProfiles: VoiceProfileRepository
  clonedVoices: ClonedVoiceRepository
  turnSounds: TurnSoundRepository
  healthReports: HealthReportRepository
  /**
   * Copies the database as it is now, while it goes on being read and written. The copy is checked and has no log beside it. Rejects with
   * `store.full`, `store.failed`; then no file is left.
   */
  backup(file: string, onProgress: (share: number) => void): Promise<{ schemaVersion: number }>
  /** Schema version, sizes, counts, integrity: for health and doctor. `quick` skips the integrity check. */
  check(depth: "quick" | "full"): Promise<StoreCheck>
  /**
   * After an erasure: writes the file and the word indexes anew without what was deleted, and empties the log. Takes as long as copying the
   * file, during which other calls wait.
   */
  scrub(): Promise<void>
  close(): Promise<void>
}

export interface StoreCheck {
  schemaVersion: number
  sizeBytes: number
  isWritable: boolean
  integrity: "ok" | "damaged" | "not-run"
  problems: string[]
  counts: {
    conversations: number
    messages: number
    collections: number
    documents: number
    chunks: number
    vectors: number
  }
}
