import type { Artifact, ArtifactKind } from "#contract/artifacts.ts"
import type { Transcription, Voice } from "#contract/audio.ts"
import type { AuditRow } from "#contract/audit.ts"
import type { Conversation, Message, SearchHit } from "#contract/conversations.ts"
import type { Collection, Document, DocumentSource } from "#contract/documents.ts"
import type { EvalRun, PinnedQuestion } from "#contract/evaluations.ts"
import type { FeedbackEntry, FeedbackKind, ShownList } from "#contract/feedback.ts"
import type { Folder } from "#contract/folders.ts"
import type { Job } from "#contract/jobs.ts"
import type { Memory } from "#contract/memory.ts"
import type { Bundle, Model, ModelRole } from "#contract/models.ts"
import type { HealthReport } from "#contract/probe.ts"
import type { RagStreamEvent } from "#contract/ragStream.ts"
import type { RouteInput, RouteOutput } from "#contract/route.ts"
import type { Routes } from "#contract/routes.ts"
import type { SearchIndex } from "#contract/searchIndex.ts"
import type { ApiKey, Persona, Setting } from "#contract/settings.ts"
import type { Identification, SpeakerProfile } from "#contract/speakers.ts"
import type { TurnEvent, TurnEventBody, TurnRequest } from "#contract/turns.ts"
import type { ConversationState } from "#contract/voiceSessions.ts"
import type { WhyReport } from "#contract/why.ts"
import type { Actor } from "#core/actor.ts"
import type { Clock } from "#core/clock.ts"
import type { Logger } from "#core/logger.ts"
import type { ServerLlm } from "./openai/llm.ts"

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
  /** Check every answer against its schema; a wrong one becomes `internal`. On in development and tests. */
  checksOutput: boolean

  keys: KeyStore
  turns: TurnService
  conversations: ConversationService
  messages: MessageService
  collections: CollectionService
  documents: DocumentService
  folders: FolderService
  searchIndex: SearchIndexService
  jobs: JobService
  models: ModelService
  settings: SettingsService
  speech: SpeechService
  speakers: SpeakerService
  voiceSessions: VoiceSessionService
  rag: RagService
  memory: MemoryService
  /** Why a document was or was not used. Null collections: all. Rejects with `document.not-found`. */
  why(
    actor: Actor,
    asked: { documentId: string; question: string; collectionIds: string[] | null },
    signal: AbortSignal,
  ): Promise<WhyReport>
  artifacts: ArtifactService
  evaluations: EvaluationService
  ops: OpsService
  secrets: SecretService
  audit: AuditService
  audio: AudioExchange
  openAi: OpenAiService
  /** Hears of every answered request; `route` is a key of the route table, or "other". */
  onRequest?(request: { route: string; status: number; durationMs: number }): void
  /** Says that a list changed; for the window's caches. Returns the end of the subscription. */
  onChange(actor: Actor, listener: (change: Change) => void): () => void
}

export interface Change {
  channel: "documents" | "models" | "settings" | "conversations" | "memory" | "artifacts"
  id: string | null
}

type SecretSource = "env" | "keychain" | "vault" | "file"

/** Values go in and never come out. */
export interface SecretService {
  list(): Promise<{ name: string; source: SecretSource }[]>
  set(name: string, value: string): Promise<SecretSource>
  remove(name: string): Promise<void>
  place(): Promise<SecretSource>
}

/** Hands-free conversations. */
export interface VoiceSessionService {
  start(actor: Actor, request: RouteInput<Routes["POST /api/voice/sessions"]>["body"]): Promise<{ sessionId: string }>
  /** The state now, then every change, until the conversation or the signal ends. */
  watch(actor: Actor, id: string, signal: AbortSignal): AsyncIterable<ConversationState>
  end(actor: Actor, id: string): Promise<void>
}

export interface SpeakerService {
  list(actor: Actor): Promise<SpeakerProfile[]>
  enroll(
    actor: Actor,
    request: { name: string; files: readonly { path: string; name: string }[]; hasConsent: boolean },
    signal: AbortSignal,
  ): Promise<RouteOutput<Routes["POST /audio/speaker/enroll"]>>
  identify(actor: Actor, file: { path: string; name: string }, signal: AbortSignal): Promise<Identification>
  rename(actor: Actor, id: string, name: string): Promise<SpeakerProfile>
  forget(actor: Actor, id: string): Promise<void>
}

export interface AuditService {
  record(
    actor: Actor,
    entry: {
      action: string
      subject: string
      outcome: "ok" | "denied" | "failed"
      requestId: string | null
      detail: string | null
    },
  ): Promise<void>
  list(
    actor: Actor,
    query: {
      action?: string
      outcome?: "ok" | "denied" | "failed"
      personId?: string
      sinceMs?: number
      cursor?: string
      limit: number
    },
  ): Promise<Page<AuditRow>>
  verify(): Promise<RouteOutput<Routes["GET /api/audit/verify"]>>
}

export interface Page<T> {
  items: T[]
  next: string | null
}

/** Named keys; only hashes are stored. */
export interface KeyStore {
  create(actor: Actor, key: { name: string; scopes: string[]; prefix: string; hash: string }): Promise<ApiKey>
  list(actor: Actor): Promise<ApiKey[]>
  findByHash(hash: string): Promise<(ApiKey & { ownerId: string }) | null>
  touch(id: string): Promise<void>
  delete(actor: Actor, id: string): Promise<void>
}

/** Unknown and foreign turns are refused with `turn.not-found`. */
export interface TurnService {
  /** Resolves once the question is stored. */
  start(actor: Actor, request: TurnRequest): Promise<{ turnId: string }>
  /** Calls the listener at once with every event after `afterSeq` (−1: all), then with each new one. Returns the end of the subscription. */
  watch(actor: Actor, turnId: string, afterSeq: number, listener: (event: TurnEvent) => void): () => void
  release(actor: Actor, turnId: string): void | Promise<void>
  heard(actor: Actor, turnId: string, playedMs: number): void | Promise<void>
  abort(actor: Actor, turnId: string): Promise<void>
}

export interface ConversationService {
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
  delete(actor: Actor, id: string): Promise<void>
  restore(actor: Actor, id: string): Promise<Conversation>
  /** Writes a conversation in a file's text. */
  export(conversation: Conversation, messages: Message[], format: "md" | "json"): string
  /** Checks and stores an exported conversation under new ids. Rejects with `request.invalid`. */
  import(actor: Actor, file: { conversation: unknown; messages: unknown[] }): Promise<Conversation>
}

export interface MessageService {
  list(actor: Actor, conversationId: string, query: { cursor?: string; limit: number }): Promise<Page<Message>>
  update(actor: Actor, id: string, changes: { feedback: Message["feedback"] }): Promise<Message>
  search(actor: Actor, q: string, limit: number): Promise<SearchHit[]>
}

export interface CollectionService {
  create(actor: Actor, values: { name: string }): Promise<Collection>
  list(actor: Actor): Promise<Collection[]>
  rename(actor: Actor, id: string, name: string): Promise<Collection>
  delete(actor: Actor, id: string): Promise<void>
}

/** A file of a multipart request. It is deleted when the handler is done: move or copy what is kept. */
export interface UploadedFile {
  /** Where its bytes lie now. */
  path: string
  /** The name the client gave, without folders. */
  name: string
  sizeBytes: number
}

export interface DocumentService {
  list(
    actor: Actor,
    query: { collectionId?: string; status?: Document["status"]; q?: string; cursor?: string; limit: number },
  ): Promise<Page<Document>>
  get(actor: Actor, id: string): Promise<Document>
  source(actor: Actor, id: string, chunkId: string | null): Promise<DocumentSource>
  delete(actor: Actor, id: string): Promise<void>
  setTags(actor: Actor, id: string, tags: string[]): Promise<Document>
  reindex(actor: Actor, id: string): Promise<{ jobId: string }>
  /** `relativePath` is the path below a dropped folder, or the file's name. Null collection: the default one. */
  upload(
    actor: Actor,
    files: (UploadedFile & { relativePath: string })[],
    collectionId: string | null,
  ): Promise<{ jobId: string; collectionId: string }>
  addPath(actor: Actor, path: string, collectionId: string | null): Promise<{ jobId: string; collectionId: string }>
  /** Rejects with `page.refused` when the address can never be fetched; what happens on the way is told on the document. */
  addPage(actor: Actor, url: string, collectionId: string | null): Promise<{ jobId: string; collectionId: string }>
  /** Rejects with `document.unsupported` for what is no recording. */
  sound(actor: Actor, id: string): Promise<{ contentType: string; body: AsyncIterable<Uint8Array> }>
  /** Rejects with `document.unsupported` for what is no picture. */
  picture(actor: Actor, id: string): Promise<{ contentType: string; body: AsyncIterable<Uint8Array> }>
  addText(
    actor: Actor,
    text: { title: string; text: string },
    collectionId: string | null,
  ): Promise<{ jobId: string; collectionId: string }>
}

interface FolderRules {
  excludes?: string[]
  followsGitignore?: boolean
  maxFileBytes?: number
}

/** Watched folders. Unknown ids reject with `folder.not-found`. */
export interface FolderService {
  list(actor: Actor): Promise<Folder[]>
  get(actor: Actor, id: string): Promise<Folder>
  add(actor: Actor, folder: { path: string; collectionId?: string } & FolderRules): Promise<Folder>
  change(actor: Actor, id: string, changes: { isPaused?: boolean } & FolderRules): Promise<Folder>
  rescan(actor: Actor, id: string): Promise<Folder>
  remove(actor: Actor, id: string, documents: "keep" | "remove"): Promise<void>
}

export interface SearchIndexService {
  view(): Promise<SearchIndex>
  /** Rejects with `request.conflict` when nothing is refused. */
  useRefused(actor: Actor): Promise<{ jobId: string }>
}

export interface JobService {
  list(actor: Actor): Promise<Job[]>
  get(actor: Actor, id: string): Promise<Job>
  pause(actor: Actor, id: string): Promise<Job>
  resume(actor: Actor, id: string): Promise<Job>
  cancel(actor: Actor, id: string): Promise<void>
  /** Hears of every change of the actor's jobs. Returns the end of the subscription. */
  subscribe(actor: Actor, listener: (job: Job) => void): () => void
}

/** Unknown ids reject with `model.not-found`. */
export interface ModelService {
  list(): Promise<{ items: Model[]; diskUsedBytes: number; diskFreeBytes: number }>
  bundle(): Promise<Bundle>
  pullBundle(actor: Actor): Promise<{ jobIds: string[] }>
  external(): Promise<{ tool: string; name: string; path: string; sizeBytes: number }[]>
  import(
    actor: Actor,
    file: { path: string; mode: "link" | "copy"; role?: ModelRole; name?: string },
    signal: AbortSignal,
  ): Promise<Model>
  get(id: string): Promise<Model>
  pull(actor: Actor, id: string): Promise<{ jobId: string }>
  verify(id: string, signal: AbortSignal): Promise<RouteOutput<Routes["POST /api/models/:id/verify"]>>
  load(id: string, signal: AbortSignal): Promise<Model>
  unload(id: string): Promise<Model>
  select(actor: Actor, id: string): Promise<Model>
  remove(actor: Actor, id: string): Promise<{ freedBytes: number }>
}

export interface SettingsService {
  all(actor: Actor): Promise<{ items: Setting[]; dataDir: string }>
  /** Null resets a value. Rejects with `config.invalid`. */
  change(actor: Actor, values: Record<string, unknown>): Promise<{ items: Setting[]; dataDir: string }>
  personas(): Promise<Persona[]>
}

export type SpeechFormat = "wav" | "mp3" | "opus" | "flac" | "pcm"

export interface RecordingToHear {
  path: string
  name: string
  language?: string
  /** Names and terms as they are spelled. */
  prompt?: string
  /** An installed speech-to-text model. Default: the chosen one. */
  model?: string
  /** English text, whatever is spoken. Rejects with `model.incompatible` where the model cannot. */
  isTranslation?: boolean
}

export interface SpeechService {
  /** Any supported recording. Rejects with `audio.*`, `model.*` or `engine.*`; silence is an empty transcript. */
  transcribe(file: RecordingToHear, signal: AbortSignal): Promise<Transcription>
  /** Encoded speech, piece by piece as it is made. `pcm` is 24 kHz s16le mono. Resolves before the first piece is made. */
  speak(
    request: { text: string; voice?: string; speed: number; format: SpeechFormat },
    signal: AbortSignal,
  ): Promise<{ contentType: string; bytes: AsyncIterable<Uint8Array> }>
  voices(): Promise<{ voices: Voice[]; default: string | null }>
  status(): Promise<Omit<RouteOutput<Routes["GET /leonardo/status"]>, "timestamp">>
}

export interface EmbedResult {
  vectors: Float32Array[]
  modelId: string
  dimensions: number
  /** True when hashes stand in for a model. */
  isFallback: boolean
  /** Tokens over all texts, as the embedder counts them. */
  tokens: number
}

export type RagQuery = RouteInput<Routes["POST /rag/query"]>["body"]
export type RagStreamQuery = RouteInput<Routes["POST /rag/stream_query"]>["body"]
export interface RagStreamOptions {
  /** The same for a stream that goes on after a break. */
  queryId: string
  keepsMemories: boolean
}
type FusionWeightsOutput = RouteOutput<Routes["GET /rag/fusion/weights"]>

export interface RagService {
  query(actor: Actor, query: RagQuery, signal: AbortSignal): Promise<RouteOutput<Routes["POST /rag/query"]>>
  ranking(
    actor: Actor,
    query: Omit<RagQuery, "answer">,
    signal: AbortSignal,
  ): Promise<RouteOutput<Routes["POST /rag/query2"]>>
  /** Everything up to and with `done`. Throws what went wrong; stops at once when aborted. */
  stream(
    actor: Actor,
    query: RagStreamQuery,
    options: RagStreamOptions,
    signal: AbortSignal,
  ): AsyncIterable<Exclude<RagStreamEvent, { phase: "error" }>>
  fusionWeights(): FusionWeightsOutput
  /** Null: back to the shipped ones. Rejects with `request.invalid` for weights that are all 0. */
  setFusionWeights(actor: Actor, weights: FusionWeightsOutput["weights"] | null): Promise<FusionWeightsOutput>
  feedback: RagFeedbackService
  /** `modelId` null: the active embedder. Another embedder that is not active rejects with `model.not-found`. */
  embed(texts: string[], modelId: string | null, signal: AbortSignal): Promise<EmbedResult>
}

/** Unknown queries reject with `query.not-found`. */
export interface RagFeedbackService {
  record(
    actor: Actor,
    event: { queryId: string; chunkId: string; event: FeedbackKind; value: number },
  ): Promise<FeedbackEntry>
  view(
    actor: Actor,
    queryId: string,
  ): Promise<{ list: ShownList; events: FeedbackEntry[]; moved: Record<string, number> }>
  counts(actor: Actor): Promise<RouteOutput<Routes["GET /rag/feedback"]>>
  forget(actor: Actor): Promise<{ queries: number; events: number }>
}

type Health = RouteOutput<Routes["GET /health/db"]>

export interface OpsService {
  ready(): Promise<{ ready: boolean; reasons: string[] }>
  uptimeSeconds(): number
  health(component: "ollama" | "db" | "models", signal: AbortSignal): Promise<Health>
  aggregated(signal: AbortSignal): Promise<RouteOutput<Routes["GET /health/aggregated"]>>
  /** Prometheus text. */
  prometheus(): Promise<string>
  frame(): Promise<RouteOutput<Routes["GET /metrics/json"]>>
  /** A frame every `intervalMs`. Returns the end of the subscription. */
  onFrame(intervalMs: number, listener: (frame: RouteOutput<Routes["GET /metrics/json"]>) => void): () => void
  diagnostics(): Promise<RouteOutput<Routes["GET /diagnostics/summary"]>>
  doctor(signal: AbortSignal): Promise<RouteOutput<Routes["GET /diagnostics/doctor"]>>
  probe(signal: AbortSignal): Promise<RouteOutput<Routes["GET /llm/probe"]>>
  tcp(
    target: { host: string; port: number; timeoutMs: number },
    signal: AbortSignal,
  ): Promise<RouteOutput<Routes["GET /diagnostics/tcp"]>>
  nativeModules(): Promise<{ name: string; version: string | null; error: string | null }[]>
  report(actor: Actor, report: Omit<HealthReport, "reported_at" | "expires_at">, lifeMs: number): Promise<HealthReport>
  configuration(): RouteOutput<Routes["GET /config/env"]>["items"]
  logs(query: {
    since?: number
    limit: number
    level?: "debug" | "info" | "warn" | "error"
  }): RouteOutput<Routes["GET /logs/recent"]>
}

/** Sound that travels on /ws. */
export interface AudioExchange {
  /** s16le mono at 16 kHz, in order. False: nobody listens to this stream. */
  push(actor: Actor, streamId: number, sequence: number, pcm: Uint8Array): boolean
  /** The client that sent this stream is gone. */
  end(actor: Actor, streamId: number): void
  /** Hears of speech for the subscribers of a turn: s16le mono at 24 kHz. Returns the end of the subscription. */
  onSpeech(
    listener: (frame: { turnId: string; streamId: number; sequence: number; pcm: Uint8Array }) => void,
  ): () => void
}

export interface OpenAiService {
  /** An installed language model by id. Rejects with `model.not-found` or `model.missing`. */
  llm(id: string): Promise<ServerLlm>
  /** Answers from documents: `retrieve-end`, `text-delta`, `text-end` and the like, as a turn has them; nothing is stored. Throws what went wrong. */
  answer(
    actor: Actor,
    request: {
      messages: { role: "system" | "user" | "assistant"; text: string }[]
      collectionIds: string[]
      temperature?: number
      maxTokens?: number
    },
    signal: AbortSignal,
  ): AsyncIterable<TurnEventBody>
}

/** Unknown ids reject with `memory.not-found`. */
export interface MemoryService {
  list(actor: Actor, query: { q?: string; cursor?: string; limit: number }): Promise<Page<Memory> & { total: number }>
  add(
    actor: Actor,
    memory: { text: string; weight: number; conversationId?: string; messageId?: string },
    signal: AbortSignal,
  ): Promise<Memory>
  change(actor: Actor, id: string, changes: { text?: string; weight?: number }, signal: AbortSignal): Promise<Memory>
  forget(actor: Actor, id: string): Promise<void>
  forgetAll(actor: Actor): Promise<number>
}

/** Measured runs of retrieval and the pinned questions. */
export interface EvaluationService {
  start(
    actor: Actor,
    request: { path: string | null; collectionIds: string[] | null; answers: boolean },
  ): Promise<{ jobId: string; runId: string }>
  list(actor: Actor): Promise<EvalRun[]>
  get(actor: Actor, id: string): Promise<RouteOutput<Routes["GET /api/evaluations/:id"]>>
  delete(actor: Actor, id: string): Promise<void>
  pins(actor: Actor): Promise<PinnedQuestion[]>
  pin(actor: Actor, values: Pick<PinnedQuestion, "question" | "document" | "passage">): Promise<PinnedQuestion>
  unpin(actor: Actor, id: string): Promise<void>
}

export interface ArtifactService {
  list(
    actor: Actor,
    query: { kind?: ArtifactKind; tags?: string[]; q?: string; cursor?: string; limit: number },
  ): Promise<Page<Artifact> & { tags: { tag: string; count: number }[] }>
  get(actor: Actor, id: string): Promise<Artifact>
  setTags(actor: Actor, id: string, tags: string[]): Promise<Artifact>
  delete(actor: Actor, id: string): Promise<void>
  /** Notes that something left as a file. Never fails what it is about. */
  exported(
    actor: Actor,
    file: { name: string; body: string; format: string; provenance: Artifact["provenance"] },
  ): Promise<void>
}
