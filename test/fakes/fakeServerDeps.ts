import { mkdtempSync, rmSync } from "node:fs"
import { readFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Readable } from "node:stream"
import { createEgressService } from "#app/egressService.ts"
import { builtInTools } from "#chat/tools/builtIn.ts"
import { createTools } from "#chat/tools/createTools.ts"
import type { Backup } from "#contract/backups.ts"
import type { Conversation, Message } from "#contract/conversations.ts"
import type { Collection, Document } from "#contract/documents.ts"
import type { Folder } from "#contract/folders.ts"
import type { Job } from "#contract/jobs.ts"
import type { Memory } from "#contract/memory.ts"
import type { Bundle, Model } from "#contract/models.ts"
import type { MetricFrame } from "#contract/ops.ts"
import type { ApiKey } from "#contract/settings.ts"
import type { SpeakerProfile } from "#contract/speakers.ts"
import type { TurnEvent, TurnEventBody } from "#contract/turns.ts"
import type { WakeStatus } from "#contract/wake.ts"
import { systemClock } from "#core/clock.ts"
import { AppError } from "#core/errors.ts"
import { createHub, type Hub } from "#core/hub.ts"
import { newId } from "#core/ids.ts"
import { silentLogger } from "#core/logger.ts"
import { createTraces } from "#ops/traces/createTraces.ts"
import { createShownLists } from "#rag/shownLists.ts"
import type { Change, RagQuery, ServerDeps } from "#server/deps.ts"
import { createMemoryStore } from "#store/memory/createMemoryStore.ts"
import { createFakeBackends } from "./fakeBackends.ts"
import { createFakeCloning } from "./fakeCloning.ts"
import { fakeDevices } from "./fakeDevices.ts"
import { createFakePeople } from "./fakePeople.ts"
import { fakeDatasets, fakePrivacy } from "./fakePrivacy.ts"
import { createFakeServerLlm, type FakeServerLlm } from "./fakeServerLlm.ts"

export const testKey = "zg_test-key-with-enough-characters"

/** Deps with small truthful services in memory, and handles by which a test plays the other side. */
export interface FakeServer {
  deps: ServerDeps
  directory: string
  llm: FakeServerLlm
  turns: Map<string, { events: TurnEvent[]; hub: Hub<TurnEvent>; calls: string[]; left: (() => void)[] }>
  addTurn(turnId: string): {
    emit(body: Record<string, unknown> & { type: string }): void
    calls: string[]
    /** Resolves when somebody stops watching. */
    unwatched(): Promise<void>
  }
  setJob(job: Partial<Job>): Job
  changes: Hub<Change>
  frames: Hub<MetricFrame>
  speech: Hub<{ turnId: string; streamId: number; sequence: number; pcm: Uint8Array }>
  heardAudio: { streamId: number; sequence: number; bytes: number[] }[]
  /** The next stream whose client goes. */
  streamEnded(): Promise<number>
  uploads: { relativePath: string; text: string }[]
  abortedCalls: string[]
  remove(): void
}

export function createFakeServer(overrides: Partial<ServerDeps> = {}): FakeServer {
  const directory = mkdtempSync(join(tmpdir(), "zenglow-server-"))
  const ignore = (): void => {}
  const turns: FakeServer["turns"] = new Map()
  const jobs = new Map<string, Job>()
  const jobHub = createHub<Job>(ignore)
  const changes = createHub<Change>(ignore)
  const frames = createHub<MetricFrame>(ignore)
  const speech = createHub<{ turnId: string; streamId: number; sequence: number; pcm: Uint8Array }>(ignore)
  const conversations = new Map<string, Conversation>()
  const messages = new Map<string, Message>()
  const collections = new Map<string, Collection>([["c1", collection("c1", "manuals")]])
  const documents = new Map<string, Document>([["d1", document("d1")]])
  const folders = new Map<string, Folder>([["f1", folder("f1")]])
  const keys = new Map<string, ApiKey & { hash: string; ownerId: string }>()
  const speakers = new Map<string, SpeakerProfile>()
  const heardAudio: FakeServer["heardAudio"] = []
  const streamEnders: ((streamId: number) => void)[] = []
  const uploads: FakeServer["uploads"] = []
  const abortedCalls: string[] = []
  const llm = createFakeServerLlm("fake-chat")
  const people = overrides.people ?? createFakePeople()

  const find = <T>(rows: Map<string, T>, id: string, code: ConstructorParameters<typeof AppError>[0]): T => {
    const row = rows.get(id)
    if (row === undefined) throw new AppError(code, "There is no such thing.")
    return row
  }
  const turn = (id: string) => find(turns, id, "turn.not-found")
  const addTurn: FakeServer["addTurn"] = (turnId) => {
    const events: TurnEvent[] = []
    const live = { events, hub: createHub<TurnEvent>(ignore), calls: [] as string[], left: [] as (() => void)[] }
    turns.set(turnId, live)
    return {
      calls: live.calls,
      unwatched: () => new Promise((resolve) => live.left.push(resolve)),
      emit(body) {
        const event = { ...body, turnId, seq: events.length, at: events.length } as TurnEvent
        events.push(event)
        live.hub.publish(event)
      },
    }
  }
  const setJob: FakeServer["setJob"] = (changed) => {
    const job: Job = { ...emptyJob, ...jobs.get(changed.id ?? emptyJob.id), ...changed }
    jobs.set(job.id, job)
    jobHub.publish(job)
    return job
  }

  const deps: ServerDeps = {
    log: silentLogger,
    clock: systemClock,
    version: "0.0.0",
    temporaryDir: join(directory, "uploads"),
    rendererDir: null,
    allowedHosts: [],
    allowedOrigins: [],
    firstRunKey: testKey,
    checksOutput: true,
    people,
    keys: {
      create: async (actor, key) => {
        const row = {
          ...key,
          id: newId(),
          createdAt: 1,
          lastUsedAt: null,
          isFirstRun: false,
          ownerId: key.personId ?? actor.personId,
        }
        keys.set(row.id, row)
        return row
      },
      list: async () => [...keys.values()],
      findByHash: async (hash) => [...keys.values()].find((key) => key.hash === hash) ?? null,
      touch: async (id) => {
        find(keys, id, "request.not-found").lastUsedAt = Date.now()
      },
      delete: async (_actor, id) => {
        find(keys, id, "request.not-found")
        keys.delete(id)
      },
    },
    turns: {
      start: async (_actor, request) => {
        if (request.kind === "text" && !request.text) throw new AppError("request.invalid", "A text turn needs a text.")
        const turnId = newId()
        const { emit } = addTurn(turnId)
        emit({ type: "text-delta", text: "Hello" })
        emit({ type: "turn-end", reason: "complete", timings: [] })
        return { turnId }
      },
      watch: (_actor, id, afterSeq, listener) => {
        const live = turn(id)
        for (const event of live.events) if (event.seq > afterSeq) listener(event)
        const end = live.hub.subscribe(listener)
        return () => {
          end()
          for (const resolve of live.left.splice(0)) resolve()
        }
      },
      release: (_actor, id) => void turn(id).calls.push("release"),
      heard: (_actor, id, playedMs) => void turn(id).calls.push(`heard ${playedMs}`),
      abort: async (_actor, id) => void turn(id).calls.push("abort"),
    },
    conversations: {
      create: async (_actor, values) => {
        const row: Conversation = { ...emptyConversation, ...values, id: newId(), title: values.title ?? "New chat" }
        conversations.set(row.id, row)
        return row
      },
      get: async (_actor, id) => find(conversations, id, "conversation.not-found"),
      list: async () => ({ items: [...conversations.values()], next: null }),
      update: async (_actor, id, values) => {
        const row = { ...find(conversations, id, "conversation.not-found"), ...values }
        conversations.set(id, row)
        return row
      },
      delete: async (_actor, id) => {
        find(conversations, id, "conversation.not-found")
        conversations.delete(id)
      },
      restore: async (_actor, id) => find(conversations, id, "conversation.not-found"),
      export: (row, rows, format) =>
        format === "md" ? `# ${row.title}\n` : JSON.stringify({ conversation: row, messages: rows }),
      importFiles: async () => ({ imported: [], skipped: [] }),
      import: async () => ({ ...emptyConversation, id: newId() }),
    },
    messages: {
      list: async () => ({ items: [...messages.values()], next: null }),
      update: async (_actor, id) => find(messages, id, "message.not-found"),
      search: async () => [],
    },
    collections: {
      create: async (_actor, { name }) => {
        const row = collection(newId(), name)
        collections.set(row.id, row)
        return row
      },
      list: async () => [...collections.values()],
      setLeaving: async (_actor, id, mayLeave) => {
        const row = { ...find(collections, id, "collection.not-found"), mayLeave }
        collections.set(id, row)
        return row
      },
      rename: async (_actor, id, name) => {
        const row = { ...find(collections, id, "collection.not-found"), name }
        collections.set(id, row)
        return row
      },
      delete: async (_actor, id) => {
        find(collections, id, "collection.not-found")
        collections.delete(id)
      },
    },
    documents: {
      list: async () => ({ items: [...documents.values()], next: null }),
      get: async (_actor, id) => find(documents, id, "document.not-found"),
      source: async (_actor, id) => {
        const row = find(documents, id, "document.not-found")
        return {
          documentId: id,
          title: row.title,
          path: row.path,
          kind: row.kind,
          text: "",
          highlight: null,
          pages: [],
        }
      },
      delete: async (_actor, id) => void find(documents, id, "document.not-found"),
      setTags: async (_actor, id, tags) => ({ ...find(documents, id, "document.not-found"), tags }),
      reindex: async (_actor, id) => {
        find(documents, id, "document.not-found")
        return { jobId: "j1" }
      },
      upload: async (_actor, files) => {
        for (const file of files)
          uploads.push({ relativePath: file.relativePath, text: await readFile(file.path, "utf8") })
        return { jobId: "j1", collectionId: "c1" }
      },
      addPath: async () => ({ jobId: "j1", collectionId: "c1" }),
      addPage: async () => ({ jobId: "j1", collectionId: "c1" }),
      sound: async (_actor, id) => {
        find(documents, id, "document.not-found")
        return { contentType: "audio/wav", body: Readable.from([Buffer.from("RIFF")]) }
      },
      picture: async (_actor, id) => {
        find(documents, id, "document.not-found")
        return { contentType: "image/png", body: Readable.from([Buffer.from("PNG")]) }
      },
      addText: async () => ({ jobId: "j1", collectionId: "c1" }),
    },
    jobs: {
      list: async () => [...jobs.values()],
      get: async (_actor, id) => find(jobs, id, "job.not-found"),
      pause: async (_actor, id) => setJob({ ...find(jobs, id, "job.not-found"), status: "paused" }),
      resume: async (_actor, id) => setJob({ ...find(jobs, id, "job.not-found"), status: "running" }),
      cancel: async (_actor, id) => void setJob({ ...find(jobs, id, "job.not-found"), status: "cancelled" }),
      subscribe: (_actor, listener) => jobHub.subscribe(listener),
    },
    searchIndex: {
      view: async () => ({ active: "fake", passages: 0, vectors: 0, passageTokens: 200, refused: null }),
      useRefused: async () => {
        throw new AppError("request.conflict", "Nothing is refused.")
      },
    },
    folders: {
      list: async () => [...folders.values()],
      get: async (_actor, id) => find(folders, id, "folder.not-found"),
      add: async (_actor, { path }) => ({ ...folder("f2"), path }),
      change: async (_actor, id, { isPaused }) => ({
        ...find(folders, id, "folder.not-found"),
        state: isPaused ? "paused" : "watching",
      }),
      rescan: async (_actor, id) => find(folders, id, "folder.not-found"),
      remove: async (_actor, id) => void find(folders, id, "folder.not-found"),
    },
    ...createFakeBackends(),
    models: {
      list: async () => ({ items: fakeModels, diskUsedBytes: 0, diskFreeBytes: 1 }),
      bundle: async () => emptyBundle,
      pullBundle: async () => ({ jobIds: [] }),
      external: async () => [],
      import: async () => {
        throw new AppError("model.corrupt", "This is not a model file.")
      },
      get: async (id) => findModel(id),
      pull: async (_actor, id) => {
        findModel(id)
        return { jobId: "j1" }
      },
      verify: async (id) => {
        findModel(id)
        return { ok: true, files: [] }
      },
      load: async (id) => findModel(id),
      unload: async (id) => findModel(id),
      select: async (_actor, id) => findModel(id),
      remove: async (_actor, id) => {
        findModel(id)
        return { freedBytes: 0 }
      },
    },
    settings: {
      all: async () => ({ items: [], dataDir: directory }),
      change: async (_actor, values) => {
        const [name] = Object.keys(values)
        if (name !== undefined && name !== "theme") throw new AppError("config.invalid", "There is no such setting.")
        return { items: [], dataDir: directory }
      },
      personas: async () => [],
    },
    voiceSessions: {
      start: async () => ({ sessionId: "v1" }),
      async *watch(_actor, id) {
        if (id !== "v1") throw new AppError("turn.not-found", "There is no such conversation.")
        yield { phase: "waiting", turnId: null, isDucked: false }
        yield { phase: "ended", turnId: null, isDucked: false }
      },
      end: async (_actor, id) => {
        if (id !== "v1") throw new AppError("turn.not-found", "There is no such conversation.")
      },
    },
    wake: {
      status: async () => wakeStatus,
      async enable(_actor, { enabled, model }) {
        if (model !== undefined && model !== "hey-zenglow")
          throw new AppError("model.not-found", "There is no such wake phrase.")
        return { ...wakeStatus, enabled }
      },
      clear: async () => wakeStatus,
      subscribe(_actor, listener) {
        listener({ type: "detected", phraseId: "hey-zenglow", phrase: "Hey ZenGlow" })
        return () => undefined
      },
    },
    tuning: {
      sounds: async () => [{ messageId: "m1", durationMs: 1200, createdAt: 1 }],
      async sound(_actor, id) {
        if (id !== "m1") throw new AppError("message.not-found", "No sound of this question is kept.")
        return Buffer.from("RIFF....WAVE")
      },
      async deleteSound(_actor, id) {
        if (id !== "m1") throw new AppError("message.not-found", "No sound of this question is kept.")
      },
      subscribe(_actor, listener) {
        listener({ type: "speech", score: 0.7, threshold: 0.5 })
        return () => undefined
      },
    },
    devices: fakeDevices(),
    speakers: {
      list: async () => [...speakers.values()],
      enroll: async (_actor, { name, files, hasConsent }) => {
        if (!hasConsent) throw new AppError("speaker.no-consent", "Ask first.")
        const id = newId()
        speakers.set(id, speakerProfile(id, name, files.length))
        return {
          profile_id: id,
          samples: files.length,
          net_speech_s: 6,
          embedding_dim: 192,
          quality: { snr_db: 30, clipping: 0, duration_s: 7 },
          is_strong: false,
        }
      },
      identify: async () => {
        const known = [...speakers.values()][0]
        return {
          identified: known ? { id: known.id, name: known.name } : null,
          similarity: known ? 0.8 : 0,
          threshold: 0.5,
          margin: known ? 0.8 : 0,
          candidates: known ? [{ id: known.id, name: known.name, similarity: 0.8 }] : [],
          net_speech_s: 3,
        }
      },
      rename: async (_actor, id, name) => {
        const renamed = { ...find(speakers, id, "speaker.not-found"), name }
        speakers.set(id, renamed)
        return renamed
      },
      forget: async (_actor, id) => {
        find(speakers, id, "speaker.not-found")
        speakers.delete(id)
      },
    },
    cloning: createFakeCloning(),
    speech: {
      transcribe: async (_actor, file, signal) => {
        signal.throwIfAborted()
        const text = (await readFile(file.path)).toString("latin1")
        if (!text.startsWith("RIFF")) throw new AppError("audio.unsupported", "This is not a recording.")
        if (file.isTranslation && file.model !== undefined)
          throw new AppError("model.incompatible", `${file.model} translates nothing.`)
        const segments = [
          { start: 0, end: 1.5, text: "Hello there.", avg_logprob: -0.2, no_speech_prob: 0.01, compression_ratio: 0.6 },
          {
            start: 1.5,
            end: 3.25,
            text: "How are you?",
            words: [
              { word: "How", start: 1.5, end: 2 },
              { word: "are", start: 2, end: 2.5 },
              { word: "you?", start: 2.5, end: 3.25 },
            ],
          },
        ]
        for (const segment of segments) file.onSegment?.(segment)
        return {
          model: "fake-stt",
          language: file.language ?? "en",
          transcript: file.prompt ? `Hello there, ${file.prompt}.` : "Hello there. How are you?",
          segments,
          duration_s: 3.25,
          timings: { decode_ms: 1, vad_ms: 1, stt_ms: 1 },
        }
      },
      speak: async (_actor, request, signal) => {
        if (request.voice !== undefined && request.voice !== "amy" && request.voice !== "ben")
          throw new AppError("tts.unknown-voice", "There is no such voice.")
        const pieces = [`${request.format}:`, `${request.voice ?? "default"}:`, request.text]
        return {
          contentType: `audio/${request.format === "mp3" ? "mpeg" : request.format === "opus" ? "ogg" : request.format}`,
          bytes: (async function* () {
            for (const piece of pieces) {
              signal.throwIfAborted()
              yield Buffer.from(piece)
            }
          })(),
        }
      },
      voices: async () => ({
        voices: ["amy", "ben"].map((id, index) => ({
          id,
          name: id,
          language: "en",
          model: "fake-tts",
          isDefault: index === 0,
          isInstalled: true,
          isCloned: false,
        })),
        default: "amy",
      }),
      status: async () => ({ can_think: true, can_listen: true, can_speak: true, models: {} }),
    },
    tools: createTools(builtInTools, () => new Date()),
    memory: {
      list: async () => ({ items: [], next: null, total: 0 }),
      add: async (_actor, { text, weight }) => ({ ...fakeMemory, text, weight }),
      change: async (_actor, id, changes) => {
        if (id !== fakeMemory.id) throw new AppError("memory.not-found", "There is no such memory.")
        return { ...fakeMemory, ...changes }
      },
      forget: async (_actor, id) => {
        if (id !== fakeMemory.id) throw new AppError("memory.not-found", "There is no such memory.")
      },
      forgetAll: async () => 0,
    },
    evaluations: {
      start: async () => ({ jobId: "job-1", runId: "run-1" }),
      list: async () => [],
      get: async () => {
        throw new AppError("evaluation.not-found", "There is no such run.")
      },
      delete: async () => {
        throw new AppError("evaluation.not-found", "There is no such run.")
      },
      pins: async () => [],
      pin: async (_actor, values) => ({ ...values, id: "pin-1", createdAt: 0 }),
      unpin: async () => {
        throw new AppError("evaluation.not-found", "There is no such question.")
      },
    },
    artifacts: {
      list: async () => ({ items: [], next: null, tags: [] }),
      get: async () => {
        throw new AppError("artifact.not-found", "There is no such artifact.")
      },
      setTags: async () => {
        throw new AppError("artifact.not-found", "There is no such artifact.")
      },
      delete: async () => {
        throw new AppError("artifact.not-found", "There is no such artifact.")
      },
      exported: async () => {},
    },
    why: async (_actor, { documentId, question }) => ({
      documentId: find(documents, documentId, "document.not-found").id,
      title: "A document",
      path: "a.md",
      question,
      outcome: "used",
      summary: "It takes part.",
      fix: null,
      steps: [],
      best: null,
      confidence: 1,
      floor: 0.5,
      winners: [],
    }),
    rag: {
      query: async (_actor, query) => fakeRagAnswer(query),
      ranking: async (_actor, query) => ({
        ...fakeRagAnswer({ ...query, answer: false }),
        top_k: query.top_k,
        results: [],
        items: [],
        timings: {},
        retrieval_mode: "hybrid",
      }),
      async *stream(_actor, query, { queryId }, signal) {
        const meta = { embed_ms: 0, search_ms: 0, index: null, retrieved: 0 }
        yield { phase: "P0", provisional: true, query_id: queryId, results: [], meta }
        signal.throwIfAborted()
        if (query.answer) yield { phase: "token", text: "Every month [1]." }
        yield { phase: "done", query_id: queryId, timings: {} }
      },
      fusionWeights: () => ({ weights: { ltr: 0.5, conceptual: 0.5 }, version: 0, override: false }),
      setFusionWeights: async (_actor, weights) => {
        if (weights && weights.ltr + weights.conceptual === 0)
          throw new AppError("request.invalid", "At least one weight is above 0.")
        return { weights: weights ?? { ltr: 0.5, conceptual: 0.5 }, version: 1, override: weights !== null }
      },
      feedback: createShownLists({
        feedback: createMemoryStore().feedback,
        onChange: () => {},
        log: silentLogger,
      }),
      embed: async (texts, modelId, signal) => {
        signal.throwIfAborted()
        if (modelId !== null && modelId !== "fake-embedder") throw new AppError("model.not-found", "No such embedder.")
        return {
          vectors: texts.map((text) => unitVector(text)),
          modelId: "fake-embedder",
          dimensions: 4,
          isFallback: false,
          tokens: texts.reduce((sum, text) => sum + text.split(/\s+/).length, 0),
        }
      },
    },
    secrets: {
      list: async () => [],
      set: async () => "file" as const,
      remove: async () => undefined,
      place: async () => "file" as const,
    },
    audit: createMemoryStore().audit,
    privacy: fakePrivacy(people),
    datasets: fakeDatasets(),
    backups: {
      list: async () => ({ items: [], running: null, nextAt: null, problem: null }),
      create: async () => backupRow,
      addKeys: async () => {},
      verify: async () => ({ files: 1, sizeBytes: 1 }),
      restore: async (id) => ({ id, safetyId: backupRow.id }),
      remove: async () => {},
    },
    egress: createEgressService({ entries: () => [], isOffline: () => false }),
    timeline: createMemoryStore().timeline,
    traces: createTraces({ version: "0.0.0", originOf: () => null }),
    ops: {
      ready: async () => ({ ready: true, reasons: [] }),
      uptimeSeconds: () => 1,
      health: async () => ({ status: "healthy", detail: "", latency_ms: 0, checked_at: 1 }),
      aggregated: async () => ({ overall_status: "healthy", services: {}, timestamp: 1, uptime_seconds: 1 }),
      prometheus: async () => "# HELP up up\n",
      frame: async () => emptyFrame,
      onFrame: (_intervalMs, listener) => frames.subscribe(listener),
      diagnostics: async () => ({ timestamp: 1 }),
      doctor: async () => ({ findings: [], ok: true }),
      probe: async () => ({ backends: {}, all_failed: false, timestamp: 1 }),
      tcp: async () => ({ ok: true, latency_ms: 1, error: null }),
      nativeModules: async () => [{ name: "better-sqlite3", version: "13.0.0", error: null }],
      report: async (_actor, report, lifeMs) => ({ ...report, reported_at: 1, expires_at: 1 + lifeMs }),
      configuration: () => [],
      logs: () => ({ lines: [], next: 0 }),
      history: () => [],
      reloadConfiguration: async () => ({ changed: [] }),
      bundle: async () => ({ files: [{ name: "log.jsonl", text: "{}", sizeBytes: 2 }], hidden: [] }),
      onLogLine: () => () => {},
    },
    audio: {
      push: (_actor, streamId, sequence, pcm) => {
        heardAudio.push({ streamId, sequence, bytes: [...pcm] })
        return true
      },
      end: (_actor, streamId) => {
        for (const resolve of streamEnders.splice(0)) resolve(streamId)
      },
      onSpeech: (listener) => speech.subscribe(listener),
    },
    openAi: {
      llm: async (id) => {
        if (id !== llm.modelId) throw new AppError("model.not-found", `There is no model ${id}.`)
        return llm
      },
      async *answer(_actor, request, signal): AsyncGenerator<TurnEventBody> {
        signal.addEventListener("abort", () => abortedCalls.push("answer"))
        yield { type: "retrieve-start", query: request.messages.at(-1)?.text ?? "" }
        yield {
          type: "retrieve-end",
          passages: [fakePassage],
          found: true,
          closest: [],
          embedMs: 1,
          searchMs: 1,
        }
        yield { type: "text-delta", text: "Change the filter " }
        yield { type: "text-delta", text: "every month [1]." }
        yield {
          type: "text-end",
          model: "fake-chat",
          text: "Change the filter every month [1].",
          spans: [{ start: 0, end: 34, citations: [1], supported: true }],
          usage: { promptTokens: 20, cachedTokens: 5, completionTokens: 7 },
          contextTokens: 27,
          contextLimit: 4096,
          found: true,
        }
      },
    },
    onChange: (_actor, listener) => changes.subscribe(listener),
    ...overrides,
  }
  return {
    deps,
    directory,
    llm,
    turns,
    addTurn,
    setJob,
    changes,
    frames,
    speech,
    heardAudio,
    streamEnded: () => new Promise((resolve) => streamEnders.push(resolve)),
    uploads,
    abortedCalls,
    remove: () => rmSync(directory, { recursive: true, force: true }),
  }
}

const fakeMemory: Memory = {
  id: "m1",
  text: "My dentist is in Harbour Street.",
  weight: 1,
  source: { kind: "added", conversationId: null, conversationTitle: null, messageId: null },
  createdAt: 1,
  updatedAt: 1,
}

const fakePassage = {
  n: 1,
  chunkId: "k1",
  documentId: "d1",
  collectionId: "c1",
  title: "Manual",
  path: "manual.md",
  headingPath: ["Care"],
  page: null,
  text: "Change the filter every month.",
  start: 0,
  end: 30,
  score: 0.9,
  similarity: 0.8,
}

const folder = (id: string): Folder => ({
  id,
  collectionId: "c1",
  name: "manuals",
  path: "/home/person/manuals",
  excludes: [],
  followsGitignore: true,
  maxFileBytes: 1024,
  state: "watching",
  mode: "events",
  done: 0,
  total: 0,
  documentCount: 1,
  skippedCount: 0,
  errors: [],
  errorCount: 0,
  checkedAt: 1,
  createdAt: 1,
})

const collection = (id: string, name: string): Collection => ({
  id,
  name,
  documentCount: 0,
  chunkCount: 0,
  isSample: false,
  createdAt: 1,
})

/** As the store keeps it: with what must never leave the core. */
const document = (id: string): Document & { filePath: string; contentHash: string } => ({
  id,
  collectionId: "c1",
  title: "Manual",
  path: "manual.md",
  kind: "md",
  sizeBytes: 1,
  pageCount: null,
  charCount: 1,
  chunkCount: 1,
  stage: "ready",
  status: "ready",
  hasVectors: true,
  error: null,
  createdAt: 1,
  updatedAt: 1,
  filePath: "/secret/place/manual.md",
  contentHash: "00",
})

export const emptyConversation: Conversation = {
  id: "v1",
  title: "New chat",
  titleIsAutomatic: true,
  personaId: null,
  collectionIds: null,
  model: null,
  activeMessageId: null,
  messageCount: 0,
  createdAt: 1,
  updatedAt: 1,
}

const emptyJob: Job = {
  id: "j1",
  kind: "ingest",
  title: "manuals",
  status: "running",
  progress: 0,
  done: 0,
  total: 4,
  unit: "files",
  ratePerSecond: null,
  remainingMs: null,
  current: null,
  error: null,
  subjectId: "c1",
  createdAt: 1,
  updatedAt: 1,
}

const fakeModel = (id: string, role: Model["role"]): Model => ({
  id,
  name: id,
  role,
  summary: "",
  licence: "Apache-2.0",
  licenceUrl: null,
  sizeBytes: 1,
  contextTokens: 4096,
  dimensions: null,
  languages: ["en"],
  source: "local",
  status: "installed",
  isImported: false,
  isDefault: true,
  isRecommended: true,
  load: "loaded",
  fit: { verdict: "fits", memoryBytes: 1, reason: "" },
  tokensPerSecond: null,
  jobId: null,
})
const fakeModels = [
  fakeModel("fake-chat", "llm"),
  fakeModel("fake-embedder", "embedder"),
  fakeModel("fake-stt", "stt"),
  fakeModel("fake-tts", "tts"),
  { ...fakeModel("not-here", "llm"), status: "available" as const },
]

function findModel(id: string): Model {
  const row = fakeModels.find((model) => model.id === id)
  if (!row) throw new AppError("model.not-found", "There is no such model.")
  return row
}

const emptyBundle: Bundle = {
  machine: {
    cpu: "",
    cores: 1,
    memoryBytes: 1,
    freeMemoryBytes: 1,
    diskFreeBytes: 1,
    gpu: null,
    platform: "",
  },
  models: [],
  missingBytes: 0,
  reason: "",
  isComplete: true,
  capabilities: { chat: true, composedAnswers: true, semanticSearch: true, listen: true, speak: true },
  isOffline: false,
}

export const emptyFrame: MetricFrame = {
  at: 1,
  cpuPercent: 0,
  memory: { usedBytes: 0, totalBytes: 1, budgetBytes: 1, engineBytes: 0 },
  processes: [],
  eventLoopDelayP99Ms: 0,
  tokensPerSecond: null,
  queues: {},
  stages: {},
  models: [],
  counters: {},
}

/** A unit vector that depends on the text's characters only. */
function unitVector(text: string): Float32Array {
  const vector = new Float32Array(4).map((_, index) => 1 + (text.charCodeAt(index % text.length) || 0) * (index + 1))
  const length = Math.hypot(...vector)
  return vector.map((value) => value / length)
}

const fakeRagAnswer = (query: RagQuery) => ({
  query_id: "q1",
  query: query.query,
  chunks: [],
  answer: query.answer ? "Every month [1]." : null,
  found: true,
  citations: [],
  answer_meta: {
    backend: "fake",
    model: null,
    latency_ms: 0,
    usage: null,
    rag_used: true,
    timings: {},
    errors: [],
    token_estimate: 3,
    prefer: query.prefer ?? "auto",
    persona_key: query.persona_key ?? null,
    retrieval_error: null,
    cache: { embedding: "miss" as const, retrieval: "miss" as const },
  },
  fusion_weights: { ltr: 0.5, conceptual: 0.5 },
  fusion_weights_version: 0,
  feature_names: [],
  feature_schema_version: "1",
  scoring_version: "1",
  session_id: query.session_id ?? null,
})

const speakerProfile = (id: string, name: string, samples: number): SpeakerProfile => ({
  id,
  name,
  samples,
  net_speech_s: 6,
  is_strong: false,
  is_outdated: false,
  consented_at: 1,
  created_at: 1,
  updated_at: 1,
})

const wakeStatus: WakeStatus = {
  enabled: false,
  model: "hey-zenglow",
  detected: false,
  phrase: null,
  detected_at: null,
  backend_active: false,
  phrases: [{ id: "hey-zenglow", phrase: "Hey ZenGlow", licence: "Apache-2.0", is_installed: true, is_chosen: true }],
  sensitivity: 0.5,
  reason: null,
}

const backupRow: Backup = {
  id: "2026-01-01T00-00-00-000Z",
  at: 1,
  reason: "manual",
  version: "0.0.0",
  schemaVersion: 1,
  files: 1,
  sizeBytes: 1,
}
