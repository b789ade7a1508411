import type { Artifact, ArtifactKind } from "#contract/artifacts.ts"
import type { Conversation, Message, SearchHit } from "#contract/conversations.ts"
import type { Collection, Document, DocumentStage } from "#contract/documents.ts"
import type { EvalRunDetail, PinnedQuestion } from "#contract/evaluations.ts"
import type { FeedbackEntry, FeedbackKind, ShownList } from "#contract/feedback.ts"
import type { Job } from "#contract/jobs.ts"
import type { Memory } from "#contract/memory.ts"
import type { HealthReport } from "#contract/probe.ts"
import type { ApiKey } from "#contract/settings.ts"
import type { Actor } from "#core/actor.ts"

/**
 * The repositories. Async always; every call carries the actor first, rows carry their owner and are scoped to it.
 * Ids of rows that do not exist or belong to someone else throw `<domain>.not-found`.
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
  audit: AuditRepository
  feedback: FeedbackRepository
  memories: MemoryRepository
  artifacts: ArtifactRepository
  evaluations: EvaluationRepository
  voiceProfiles: VoiceProfileRepository
  healthReports: HealthReportRepository
  /** Schema version, sizes, counts, integrity: for health and doctor. `quick` skips the integrity check. */
  check(depth: "quick" | "full"): Promise<StoreCheck>
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

export interface Page<T> {
  items: T[]
  next: string | null
}

export interface ConversationRepository {
  create(
    actor: Actor,
    values: { title?: string; personaId?: string | null; collectionIds?: string[] | null; model?: string | null },
  ): Promise<Conversation>
  get(actor: Actor, id: string): Promise<Conversation>
  list(actor: Actor, query: { cursor?: string; limit: number; q?: string }): Promise<Page<Conversation>>
  update(
    actor: Actor,
    id: string,
    changes: Partial<
      Pick<Conversation, "title" | "titleIsAutomatic" | "personaId" | "collectionIds" | "model" | "activeMessageId">
    >,
  ): Promise<Conversation>
  /** Marks as deleted; `purge` erases what was marked longer ago than this. */
  delete(actor: Actor, id: string): Promise<void>
  restore(actor: Actor, id: string): Promise<Conversation>
  purge(actor: Actor, olderThanMs: number): Promise<number>
  import(actor: Actor, conversation: Conversation, messages: Message[]): Promise<Conversation>
}

export type NewMessage = Pick<Message, "conversationId" | "parentId" | "role" | "text" | "kind"> &
  Partial<Omit<Message, "conversationId" | "parentId" | "role" | "text" | "kind">>

export interface MessageRepository {
  /** Appends, makes the message the conversation's active leaf, and is durable when it resolves. */
  append(actor: Actor, message: NewMessage): Promise<Message>
  get(actor: Actor, id: string): Promise<Message>
  update(
    actor: Actor,
    id: string,
    changes: Partial<Omit<Message, "id" | "conversationId" | "parentId" | "role" | "createdAt">>,
  ): Promise<Message>
  list(actor: Actor, conversationId: string, query: { cursor?: string; limit: number }): Promise<Page<Message>>
  /** From the first message down to this one. */
  path(actor: Actor, leafId: string): Promise<Message[]>
  search(actor: Actor, q: string, limit: number): Promise<SearchHit[]>
}

export interface CollectionRepository {
  create(
    actor: Actor,
    values: {
      name: string
      isSample?: boolean /** Real path of an `--docs` folder: one collection per path. */
      sourcePath?: string
    },
  ): Promise<Collection>
  get(actor: Actor, id: string): Promise<Collection>
  findByName(actor: Actor, name: string): Promise<Collection | null>
  findBySourcePath(actor: Actor, path: string): Promise<Collection | null>
  list(actor: Actor): Promise<Collection[]>
  rename(actor: Actor, id: string, name: string): Promise<Collection>
  delete(actor: Actor, id: string): Promise<void>
}

export interface NewDocument {
  collectionId: string
  title: string
  path: string
  kind: Document["kind"]
  sizeBytes: number
  /** Absolute path of a file that stays where it is, or of the kept upload. Never leaves the core. */
  filePath: string | null
  /** sha256 of the file's bytes. */
  contentHash: string
  /** Address of a web page. Absent: as noted before. */
  url?: string | null
  /** The watched folder it belongs to. Absent: as it was. */
  folderId?: string | null
  /** How the file looked when its bytes were read, see `fileStamp`. Absent or null: unknown, it is read again at the next look. */
  fileStamp?: string | null
}

/** A document as the core keeps it: the public row and what stays inside. */
export type DocumentRecord = Document & { filePath: string | null; contentHash: string; fileStamp: string | null }

/** Everything that becomes searchable at once, in one transaction. */
export interface DocumentContent {
  text: string
  pages: { page: number; start: number }[]
  pageCount: number | null
  /** When the text from `start` on is spoken. Absent for formats without times. */
  times?: TextTime[]
  datedAt?: number | null
  chunks: NewChunk[]
  /** Vectors of the chunks, in order; null when they will follow. */
  vectors: Float32Array[] | null
  fingerprint: string | null
  /** Title and kind as the file itself tells them. Absent: as they were. */
  title?: string
  kind?: Document["kind"]
  /** The bytes this was made of. When the document has been noted with others since, nothing is written. Absent: not checked. */
  contentHash?: string
}

/** Milliseconds of the text from the offset `start` to the next entry. */
export interface TextTime {
  start: number
  startMs: number
  endMs: number
}

export interface NewChunk {
  ordinal: number
  text: string
  headingPath: string[]
  page: number | null
  start: number
  end: number
  tokenCount: number
  /** Sound and subtitles: when it is spoken. */
  startMs?: number | null
  endMs?: number | null
}

export interface ChunkRecord extends NewChunk {
  /** Absent: a piece of a document. */
  kind?: "memory"
  id: string
  documentId: string
  collectionId: string
  documentTitle: string
  documentPath: string
  documentKind?: Document["kind"]
  documentUrl?: string | null
  documentDatedAt?: number | null
  /** When the document last changed here, milliseconds since the epoch. Absent: unknown. */
  documentUpdatedAt?: number
}

export interface DocumentRepository {
  /**
   * Creates, or returns the row of the same collection and path with its changed bytes noted. Passages made of other bytes leave the
   * search at once; those that come again with the same words keep their ids.
   */
  upsert(actor: Actor, document: NewDocument): Promise<{ document: DocumentRecord; isUnchanged: boolean }>
  get(actor: Actor, id: string): Promise<DocumentRecord>
  list(
    actor: Actor,
    query: { collectionId?: string; status?: Document["status"]; q?: string; cursor?: string; limit: number },
  ): Promise<Page<DocumentRecord>>
  setStage(
    actor: Actor,
    id: string,
    stage: DocumentStage,
    status: Document["status"],
    error?: Document["error"],
    /** When the document has been noted with other bytes since, nothing is set. Absent: not checked. */
    contentHash?: string,
  ): Promise<void>
  /**
   * Replaces the document's text, chunks, words and vectors atomically, and marks it ready. False: the file has changed since
   * (see `contentHash`), nothing was written.
   */
  writeContent(actor: Actor, id: string, content: DocumentContent): Promise<boolean>
  /** The same bytes lie elsewhere: ids, passages and vectors stay. A document that was listed under this path goes. */
  move(
    actor: Actor,
    id: string,
    to: { path: string; filePath: string; title: string; fileStamp: string | null; folderId: string },
  ): Promise<void>
  /** The files were looked at: same bytes, new stamps. */
  setStamps(actor: Actor, stamps: { id: string; fileStamp: string | null }[]): Promise<void>
  text(
    actor: Actor,
    id: string,
  ): Promise<{ text: string; pages: { page: number; start: number }[]; times?: TextTime[] }>
  /** Replaces the document's tags. */
  setTags(actor: Actor, id: string, tags: string[]): Promise<DocumentRecord>
  delete(actor: Actor, id: string): Promise<void>
}

/** A folder of the person that is kept up with. */
export interface FolderRecord {
  id: string
  collectionId: string
  /** Absolute, without links. Never leaves the core except to its owner. */
  path: string
  /** First part of the paths its documents are listed under; unique in the collection. */
  name: string
  /** Lines as in a .gitignore. */
  excludes: string[]
  /** Whether .gitignore files inside the folder count too. */
  followsGitignore: boolean
  maxFileBytes: number
  isPaused: boolean
  /** False while the folder cannot be reached: its documents are kept as they are. */
  isReachable: boolean
  /** Device and number of the folder when it was last read: an unmounted drive leaves another, empty one in its place. */
  identity: string | null
  createdAt: number
}

/** What is compared with the files on the disk. */
export interface FolderDocument {
  id: string
  path: string
  filePath: string
  title: string
  contentHash: string
  sizeBytes: number
  fileStamp: string | null
  status: Document["status"]
}

export interface FolderSummary {
  documents: number
  failed: number
  errors: { path: string; error: NonNullable<Document["error"]> }[]
}

export interface FolderRepository {
  /** Throws `request.conflict` when the collection already has this path or name. */
  create(
    actor: Actor,
    folder: Pick<FolderRecord, "collectionId" | "path" | "name" | "excludes" | "followsGitignore" | "maxFileBytes">,
  ): Promise<FolderRecord>
  get(actor: Actor, id: string): Promise<FolderRecord>
  list(actor: Actor): Promise<FolderRecord[]>
  update(
    actor: Actor,
    id: string,
    changes: Partial<
      Pick<FolderRecord, "excludes" | "followsGitignore" | "maxFileBytes" | "isPaused" | "isReachable" | "identity">
    >,
  ): Promise<FolderRecord>
  /** Its documents stay, without a folder. */
  delete(actor: Actor, id: string): Promise<void>
  /** How many documents the folder has, how many of them failed, and the first of those with what is wrong. */
  summary(actor: Actor, id: string, limit: number): Promise<FolderSummary>
  /** Documents of the folder; with `below`, those at this path or under it. `separator` is the one of the paths. */
  documents(actor: Actor, id: string, below: string | null, separator: string): Promise<FolderDocument[]>
}

/** What may be found, decided before anything is ranked: whoever asks for ten gets ten, if there are ten. */
export interface SearchFilter {
  /** Null or absent: all of the actor's. Throws `collection.not-found` for one that is not theirs. */
  collectionIds?: string[] | null
  /** Only these documents. */
  documentIds?: string[]
  /** Only documents with at least one of these tags. */
  tags?: string[]
  kinds?: Document["kind"][]
  /** Milliseconds since the epoch, inclusive, compared with the document's own date, else with when it was added. */
  after?: number
  before?: number
}

/** Whether words, vectors and passages belong together. Counts only: nothing is read that takes long. */
export interface IndexHealth {
  /** Fingerprint of the index that queries use. */
  active: string | null
  chunks: number
  /** Chunks in the word index. */
  words: number
  /** Chunks noted as having a vector in the active index, and vectors that are there. They differ after a half-written index. */
  members: number
  vectors: number
  /** Bytes of the vectors held in memory. */
  memoryBytes: number
}

export interface LexicalHit {
  chunk: ChunkRecord
  /** BM25 with the title and headings weighted; larger is better. */
  bm25: number
}

export interface VectorHit {
  chunk: ChunkRecord
  /** Cosine, −1..1. */
  similarity: number
}

export interface ChunkRepository {
  get(actor: Actor, id: string): Promise<ChunkRecord>
  byDocument(actor: Actor, documentId: string): Promise<ChunkRecord[]>
  /** `terms` are plain words, searched as they stand. */
  searchLexical(actor: Actor, query: { terms: string[]; limit: number } & SearchFilter): Promise<LexicalHit[]>
  /** Only vectors of this fingerprint take part. Exact: the nearest of all that the filter lets through. */
  searchVector(
    actor: Actor,
    query: { vector: Float32Array; fingerprint: string; limit: number } & SearchFilter,
  ): Promise<VectorHit[]>
  /** Another value after every change that could change what a search finds. */
  generation(): Promise<string>
  indexHealth(): Promise<IndexHealth>
  /**
   * Reads a stretch of the active index after this place (0: from the start) and takes out what is no vector: NaN, another length,
   * no passage to it, and with `zeros` those without direction. They are missing then, and made again by a rebuild.
   * `next`: the next place; null: it was the last. Small enough not to hold up other calls.
   */
  repairVectors(after: number, zeros: boolean): Promise<{ next: number | null; checked: number; removed: number }>
  /** Makes the word index anew from the passages, and brings notes and vectors of the active index together. */
  repairWords(): Promise<void>
  /** Cosine of the query with exactly these chunks. */
  similarities(
    actor: Actor,
    query: { vector: Float32Array; fingerprint: string; chunkIds: string[] },
  ): Promise<Map<string, number>>
  /** The vectors themselves, of few chunks. Chunks without one are left out. */
  vectors(actor: Actor, query: { fingerprint: string; chunkIds: string[] }): Promise<Map<string, Float32Array>>
  /** Inverse document frequency of each term over the actor's chunks. */
  inverseDocumentFrequencies(actor: Actor, terms: string[]): Promise<Map<string, number>>
  /** Chunks that lack a vector of this fingerprint, oldest first: work for building an index beside the old one. */
  missingVectors(actor: Actor, fingerprint: string, limit: number): Promise<ChunkRecord[]>
  addVectors(actor: Actor, fingerprint: string, vectors: { chunkId: string; vector: Float32Array }[]): Promise<void>
  /** The fingerprint that queries use, and how complete each index is. Setting it drops the others. */
  indexes(): Promise<{ active: string | null; counts: Record<string, number>; chunks: number }>
  setActiveIndex(fingerprint: string): Promise<void>
}

export interface SettingsRepository {
  all(actor: Actor): Promise<Record<string, unknown>>
  /** Undefined removes. */
  set(actor: Actor, values: Record<string, unknown>): Promise<void>
}

/** A job with what it needs to go on after a restart. */
export type JobRecord = Job & { payload: unknown }

export interface JobRepository {
  create(
    actor: Actor,
    job: Pick<Job, "kind" | "title" | "unit" | "subjectId"> & { total?: number | null; payload: unknown },
  ): Promise<JobRecord>
  get(actor: Actor, id: string): Promise<JobRecord>
  list(actor: Actor, sinceMs: number): Promise<JobRecord[]>
  update(actor: Actor, id: string, changes: Partial<Omit<JobRecord, "id" | "kind" | "createdAt">>): Promise<JobRecord>
}

export interface KeyRepository {
  /** Only the hash is stored. */
  create(actor: Actor, key: { name: string; scopes: string[]; prefix: string; hash: string }): Promise<ApiKey>
  list(actor: Actor): Promise<ApiKey[]>
  findByHash(hash: string): Promise<(ApiKey & { ownerId: string }) | null>
  touch(id: string): Promise<void>
  delete(actor: Actor, id: string): Promise<void>
}

export interface AuditEntry {
  /** What was done: `document.delete`, `access.denied`. */
  action: string
  /** Id or name of what it was done to; never content. */
  subject: string
  outcome: "ok" | "denied" | "failed"
  requestId: string | null
  /** An error code, a count. */
  detail?: string | null
}

export interface AuditRow extends Required<AuditEntry> {
  seq: number
  id: string
  personId: string
  at: number
}

export interface AuditVerdict {
  isIntact: boolean
  /** Rows that were found good, from the first. */
  entries: number
  /** Number of the row where the chain breaks. */
  brokenAt: number | null
  problem: "changed" | "missing" | null
}

/** Append-only and chained: no row can be changed or taken out unnoticed. */
export interface AuditRepository {
  record(actor: Actor, entry: AuditEntry): Promise<void>
  /** Newest first. The machine's owner sees everybody's rows, others their own. `action` also matches what begins with it and a dot. */
  list(
    actor: Actor,
    query: {
      action?: string
      outcome?: AuditEntry["outcome"]
      personId?: string
      sinceMs?: number
      cursor?: string
      limit: number
    },
  ): Promise<Page<AuditRow>>
  verify(): Promise<AuditVerdict>
}

export interface MemoryRepository {
  /** The same words again, whatever their case and spaces, give back the row there is with `isNew: false`. */
  create(
    actor: Actor,
    memory: {
      text: string
      weight: number
      kind: Memory["source"]["kind"]
      conversationId: string | null
      messageId: string | null
    },
  ): Promise<{ memory: Memory; isNew: boolean }>
  get(actor: Actor, id: string): Promise<Memory>
  /** Newest first. */
  list(actor: Actor, query: { q?: string; cursor?: string; limit: number }): Promise<Page<Memory> & { total: number }>
  /** A changed text loses its vectors. Throws `request.conflict` when another memory says the same. */
  update(actor: Actor, id: string, changes: { text?: string; weight?: number }): Promise<Memory>
  /** Erases: after this no byte of the text, of its words or of its vectors is left in the database and its log. */
  delete(actor: Actor, id: string): Promise<void>
  /** The same for all of the actor's. Returns how many there were. */
  clear(actor: Actor): Promise<number>
  /** Memories with any of the terms, those with most of them first. Weight 0 never takes part. */
  searchLexical(actor: Actor, query: { terms: string[]; limit: number }): Promise<Memory[]>
  /** Cosine with each memory that has a vector of this fingerprint, or with these alone, best first. Weight 0 never takes part. */
  searchVector(
    actor: Actor,
    query: { vector: Float32Array; fingerprint: string; limit: number; ids?: string[] },
  ): Promise<{ memory: Memory; similarity: number }[]>
  missingVectors(actor: Actor, fingerprint: string, limit: number): Promise<Memory[]>
  /** Replaces the memory's vectors. Of an id that is gone, or whose text has changed, nothing is kept. */
  setVector(
    actor: Actor,
    memory: { id: string; text: string },
    fingerprint: string,
    vector: Float32Array,
  ): Promise<void>
}

export type NewArtifact = Omit<Artifact, "id" | "createdAt">

export interface ArtifactRepository {
  record(actor: Actor, artifact: NewArtifact): Promise<Artifact>
  get(actor: Actor, id: string): Promise<Artifact>
  /** Newest first. Every tag must be there; `q` looks into name, hash and provenance. `tags`: all of the actor's, most frequent first. */
  list(
    actor: Actor,
    query: { kind?: ArtifactKind; tags?: string[]; q?: string; cursor?: string; limit: number },
  ): Promise<Page<Artifact> & { tags: { tag: string; count: number }[] }>
  setTags(actor: Actor, id: string, tags: string[]): Promise<Artifact>
  delete(actor: Actor, id: string): Promise<void>
}

/** Measured runs of retrieval, and questions that a change must still answer. */
export interface EvaluationRepository {
  /** Keeps a run; the newest 500 are kept. */
  addRun(actor: Actor, id: string, run: Omit<EvalRunDetail, "id" | "createdAt">): Promise<EvalRunDetail>
  /** Newest first. */
  runs(actor: Actor, limit: number): Promise<EvalRunDetail[]>
  run(actor: Actor, id: string): Promise<EvalRunDetail>
  deleteRun(actor: Actor, id: string): Promise<void>
  /** Newest first. */
  pins(actor: Actor): Promise<PinnedQuestion[]>
  pin(actor: Actor, values: Pick<PinnedQuestion, "question" | "document" | "passage">): Promise<PinnedQuestion>
  unpin(actor: Actor, id: string): Promise<void>
}

export interface FeedbackCounts {
  queries: number
  events: Record<FeedbackKind, number>
  /** When the oldest list that is kept was shown; null: there is none. */
  since: number | null
}

/** What questions showed and what was done with it; the data that ranking learns from. Local, and erased by `forget`. */
export interface FeedbackRepository {
  /** Keeps the final list of a question; the same query id again replaces it. Older lists than the newest 2,000 go, with their events. */
  recordShown(actor: Actor, list: Omit<ShownList, "shown_at">): Promise<void>
  /**
   * A click, citation, copy or thumb counts once per list and passage; `dwell` adds up to half an hour; a thumb replaces the other one; value
   * 0 takes the event back. Throws `query.not-found`, and `request.invalid` for a passage that was not in the list.
   */
  record(
    actor: Actor,
    event: { queryId: string; chunkId: string; event: FeedbackKind; value: number },
  ): Promise<FeedbackEntry>
  shown(actor: Actor, queryId: string): Promise<{ list: ShownList; events: FeedbackEntry[] }>
  /** Everything that was ever done with these passages, oldest first. */
  ofChunks(actor: Actor, chunkIds: string[]): Promise<FeedbackEntry[]>
  /** Lists with their events, newest first. `withEvents`: only those that have some. */
  lists(
    actor: Actor,
    query: { limit: number; withEvents: boolean },
  ): Promise<{ list: ShownList; events: FeedbackEntry[] }[]>
  counts(actor: Actor): Promise<FeedbackCounts>
  /** Erases all of it. */
  forget(actor: Actor): Promise<{ queries: number; events: number }>
}

/** A known voice as it is kept. */
export interface VoiceProfileRecord {
  id: string
  name: string
  /** Vector space of the encoder it was made with. */
  fingerprint: string
  /** The embeddings, encrypted by the core. */
  sealed: string
  consentedAt: number
  createdAt: number
  updatedAt: number
}

/** Names are unique per person, whatever their case: `request.conflict`. What is replaced or deleted leaves no byte behind. */
export interface VoiceProfileRepository {
  create(
    actor: Actor,
    profile: Pick<VoiceProfileRecord, "name" | "fingerprint" | "sealed">,
  ): Promise<VoiceProfileRecord>
  /** By name. */
  list(actor: Actor): Promise<VoiceProfileRecord[]>
  rename(actor: Actor, id: string, name: string): Promise<VoiceProfileRecord>
  replace(
    actor: Actor,
    id: string,
    changes: Pick<VoiceProfileRecord, "fingerprint" | "sealed">,
  ): Promise<VoiceProfileRecord>
  delete(actor: Actor, id: string): Promise<void>
}

/** What other programs report of themselves; what has expired is gone. */
export interface HealthReportRepository {
  upsert(actor: Actor, report: HealthReport): Promise<void>
  list(actor: Actor): Promise<HealthReport[]>
}
