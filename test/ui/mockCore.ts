import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import express, { type Request, type Response } from "express"
import { type WebSocket, WebSocketServer } from "ws"
import type { z } from "zod"
import { writeWav } from "#audio/wavFile.ts"
import type { Conversation, Message } from "#contract/conversations.ts"
import type { ErrorCode } from "#contract/errors.ts"
import { errorCodes } from "#contract/errors.ts"
import type { FeedbackEntry } from "#contract/feedback.ts"
import type { Folder } from "#contract/folders.ts"
import type { Route, RouteInput, RouteOutput } from "#contract/route.ts"
import { type RouteKey, type Routes, routes } from "#contract/routes.ts"
import { clientMessage, type ServerMessage } from "#contract/socket.ts"
import type { ListeningEvent, TurnSound } from "#contract/tuning.ts"
import { emptyTurn, foldTurn, type TurnState } from "#contract/turnState.ts"
import type { TurnEvent, TurnRequest } from "#contract/turns.ts"
import { fakeDeviceView } from "../fakes/fakeDevices.ts"
import { builtRenderer } from "./buildRenderer.ts"
import { activityHandlers } from "./mockActivity.ts"
import { backendHandlers } from "./mockBackends.ts"
import { type MockCloningOptions, mockCloning } from "./mockCloning.ts"
import { evaluationHandlers } from "./mockEvaluation.ts"
import { shownAnswer, shownListOf } from "./mockFeedback.ts"
import { knowledgeHandlers } from "./mockKnowledge.ts"
import { type Household, peopleHandlers } from "./mockPeople.ts"
import { type AnswerScript, type Step, scriptFor, textTurn, voiceTurn } from "./mockTurns.ts"
import { createMockConversation, isAda, type MockConversation, seedVoices } from "./mockVoice.ts"
import { longChat, manualText, metricFrameAt, type Seed, type SeedState, seedOf } from "./seed.ts"

export interface MockCoreOptions {
  /** Default: one person alone. */
  household?: Household
  state: SeedState
  /** Adds one conversation of this many messages. */
  longMessages?: number
  /** Milliseconds between scripted events. Default 8. */
  paceMs?: number
  /** Words the answers instead of the built-in scripts. */
  script?: (text: string) => AnswerScript
  /** Changes the seed before the start. */
  prepare?: (seed: Seed) => void
  /** Learning a voice is refused with this code. */
  enrollError?: ErrorCode
  cloning?: MockCloningOptions
  /** Spoken questions whose sound is kept. */
  sounds?: (seed: Seed) => TurnSound[]
  /** A hands-free conversation is refused with this code. */
  handsFreeError?: ErrorCode
}

export interface MockCore {
  /** The window's address with a ticket. */
  url: string
  origin: string
  seed: Seed
  /** Requests answered, as `POST /api/turns`. */
  requests: string[]
  /** Bytes of audio that came up, per stream. */
  uplink: Map<number, number>
  /** The hands-free conversation, led by the test. */
  conversation: MockConversation
  /** What the detectors say of this person's microphone. */
  hear(event: ListeningEvent): void
  /** Cuts every socket; with `isRestarted` the turns that run are gone too. */
  cut(isRestarted: boolean): void
  close(): Promise<void>
}

const token = "mock-session-token"

/** What the core sends with the page. A renderer that needs more than this does not work. */
export const contentSecurityPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self'; img-src 'self' data: blob:; " +
  "media-src blob:; connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

class MockError extends Error {
  readonly code: ErrorCode
  readonly remedy: string | undefined
  constructor(code: ErrorCode, message: string, remedy?: string) {
    super(message)
    this.code = code
    this.remedy = remedy
  }
}

type Handler<K extends RouteKey> = (
  input: RouteInput<Routes[K]>,
  files: string[],
) => RouteOutput<Routes[K]> | Promise<RouteOutput<Routes[K]>>
type Handlers = { [K in RouteKey]?: Handler<K> }

interface LiveTurn {
  events: TurnEvent[]
  state: TurnState
  isAborted: boolean
  isLost: boolean
  release: () => void
  wake: () => void
}

/**
 * A stand-in for the core: the same contract over the same wire, with seeded data and scripted turns. Requests and
 * answers are checked against the contract's schemas, so that it cannot drift from the real one.
 */
export async function startMockCore(options: MockCoreOptions): Promise<MockCore> {
  const seed = seedOf(options.state)
  if (options.longMessages) {
    const long = longChat(options.longMessages)
    seed.conversations.unshift(long.conversation)
    seed.messages.set(long.conversation.id, long.messages)
  }
  options.prepare?.(seed)
  const paceMs = options.paceMs ?? 8
  const requests: string[] = []
  const uplink = new Map<number, number>()
  /** Ends the voice turn that hears a stream. */
  const listening = new Map<number, () => void>()
  const deleted = new Map<string, Conversation>()
  const temporary = new Set<string>()
  let feedback: FeedbackEntry[] =
    options.state === "full"
      ? (["click", "click", "up", "dwell"] as const).map((event, index) => ({
          query_id: "message-earlier",
          query_hash: "0",
          chunk_id: `chunk-${(index % 3) + 1}`,
          position: 1,
          event,
          value: 1,
          at: 0,
        }))
      : []
  let voices = options.state === "full" ? seedVoices(Date.now()) : []
  const voiceOf = (id: string) => {
    const found = voices.find((voice) => voice.id === id)
    if (!found) throw new MockError("speaker.not-found", "There is no such voice.")
    return found
  }
  const turns = new Map<string, LiveTurn>()
  const sockets = new Set<{ socket: WebSocket; channels: Set<string> }>()
  let nextId = 1
  const newId = (prefix: string) => `${prefix}-new-${nextId++}`
  const seqs = new Map<string, number>()

  const send = (channel: string, message: Record<string, unknown>) => {
    const seq = (seqs.get(channel) ?? -1) + 1
    seqs.set(channel, seq)
    const text = JSON.stringify({ channel, seq, ...message })
    for (const { socket, channels } of sockets) if (channels.has(channel)) socket.send(text)
  }
  const changed = (channel: ServerMessage["channel"], id: string | null = null) =>
    send(channel, { type: "changed", id })

  const conversationOf = (id: string): Conversation => {
    const found = seed.conversations.find((entry) => entry.id === id)
    if (!found) throw new MockError("conversation.not-found", "There is no such chat.")
    return found
  }
  const modelOf = (id: string) => {
    const found = seed.models.find((entry) => entry.id === id)
    if (!found) throw new MockError("model.not-found", "There is no such model.")
    return found
  }
  const settingsAnswer = () => ({ items: seed.settings, dataDir: "/home/ada/.local/share/zenglow" })

  const handlers: Handlers = {
    ...knowledgeHandlers(options.state, Date.now(), changed, (code) => {
      throw new MockError(code, "There is no such thing.")
    }),
    ...activityHandlers(options.state, Date.now(), () => {
      throw new MockError("trace.not-found", "There is no trace of this turn.")
    }),
    ...evaluationHandlers(options.state, Date.now(), () => {
      throw new MockError("evaluation.not-found", "There is no such thing.")
    }),
    ...peopleHandlers(options.household ?? "alone", (code, message) => {
      throw new MockError(code, message)
    }),
    "PUT /api/collections/:id/sharing": ({ params, body }) => {
      const found = seed.collections.find(({ id }) => id === params.id)
      if (!found) throw new MockError("collection.not-found", "There is no such collection.")
      found.sharing = body
      changed("documents")
      return { sharing: body }
    },
    "PUT /api/conversations/:id/sharing": ({ params, body }) => {
      conversationOf(params.id).sharing = body
      changed("conversations")
      return { sharing: body }
    },
    "POST /api/session": ({ body }) => {
      if (body.ticket !== mockTicket) throw new MockError("auth.bad-ticket", "This ticket was used before.")
      return { token, expiresAt: Date.now() + 3_600_000 }
    },
    "GET /health": () => ({ status: "ok", version: "0.1.0", uptime_seconds: 12 }),
    "GET /api/settings": settingsAnswer,
    "PATCH /api/settings": ({ body }) => {
      seed.settings = seed.settings.map((item) =>
        item.name in body
          ? {
              ...item,
              value: body[item.name] ?? item.defaultValue,
              origin: body[item.name] === null ? "default" : "file",
            }
          : item,
      )
      return settingsAnswer()
    },
    "GET /api/personas": () => ({
      items: [
        {
          id: "default",
          name: "ZenGlow",
          description: "Plain and short.",
          systemPrompt: "",
          voice: null,
          temperature: null,
        },
        {
          id: "teacher",
          name: "Teacher",
          description: "Step by step.",
          systemPrompt: "",
          voice: null,
          temperature: null,
        },
      ],
    }),
    "GET /api/keys": () => ({ items: seed.keys }),
    "POST /api/keys": ({ body }) => {
      const key = {
        id: newId("key"),
        name: body.name,
        scopes: body.scopes,
        prefix: "zg_4c2d",
        createdAt: Date.now(),
        lastUsedAt: null,
        isFirstRun: false,
      }
      seed.keys.push(key)
      return { key, secret: "zg_4c2d_example_only_0000000000000000" }
    },
    "DELETE /api/keys/:id": ({ params }) => {
      seed.keys = seed.keys.filter((key) => key.id !== params.id)
      return { ok: true }
    },
    ...backendHandlers(),
    "GET /api/models": () => ({ items: seed.models, diskUsedBytes: 1.38e9, diskFreeBytes: 118e9 }),
    "GET /api/models/bundle": () => ({
      ...seed.bundle,
      models: seed.models.filter((model) => model.isRecommended),
    }),
    "GET /api/models/external": () => ({ items: [] }),
    "POST /api/models/bundle/pull": () => {
      for (const model of seed.models) {
        if (model.isRecommended && model.status === "available") pull(model.id)
      }
      return { jobIds: seed.jobs.map((job) => job.id) }
    },
    "POST /api/models/:id/pull": ({ params }) => ({ jobId: pull(modelOf(params.id).id) }),
    "POST /api/models/:id/select": ({ params }) => {
      const chosen = modelOf(params.id)
      seed.models = seed.models.map((model) =>
        model.role === chosen.role
          ? { ...model, isDefault: model.id === chosen.id, load: model.id === chosen.id ? "loaded" : "unloaded" }
          : model,
      )
      seed.settings = seed.settings.map((item) =>
        item.name === "chatModel" ? { ...item, value: chosen.id, origin: "file" } : item,
      )
      changed("models")
      changed("settings")
      return modelOf(params.id)
    },
    "POST /api/models/:id/load": ({ params }) => patchModel(params.id, { load: "loaded" }),
    "POST /api/models/:id/unload": ({ params }) => patchModel(params.id, { load: "unloaded" }),
    "POST /api/models/:id/verify": ({ params }) => {
      const isCorrupt = modelOf(params.id).status === "corrupt"
      return {
        ok: !isCorrupt,
        files: [
          { name: "model.onnx", ok: !isCorrupt, reason: isCorrupt ? "its content is not what was published" : null },
        ],
      }
    },
    "POST /api/models/import": ({ body }) => {
      const model = {
        ...modelOf("qwen2.5-coder-1.5b"),
        id: newId("model"),
        name: body.name ?? "Imported",
        isImported: true,
        isDefault: false,
        source: "local",
      }
      seed.models.push(model)
      return model
    },
    "DELETE /api/models/:id": ({ params }) => {
      const { sizeBytes } = modelOf(params.id)
      patchModel(params.id, { status: "available", load: "unloaded" })
      return { freedBytes: sizeBytes }
    },
    "GET /api/jobs": () => ({ items: seed.jobs }),
    "POST /api/jobs/:id/pause": ({ params }) => patchJob(params.id, { status: "paused", ratePerSecond: null }),
    "POST /api/jobs/:id/resume": ({ params }) => patchJob(params.id, { status: "running", error: null }),
    "DELETE /api/jobs/:id": ({ params }) => {
      patchJob(params.id, { status: "cancelled" })
      return { ok: true }
    },
    "GET /api/collections": () => ({ items: seed.collections }),
    "GET /api/search-index": () => seed.searchIndex,
    "POST /api/search-index/use-refused": () => {
      seed.searchIndex = { ...seed.searchIndex, refused: null }
      return { jobId: newId("job") }
    },
    "GET /api/folders": () => ({ items: seed.folders }),
    "POST /api/folders": ({ body }) => {
      if (!body.path.startsWith("/")) {
        throw new MockError("document.unreadable", "The folder does not exist or may not be read.")
      }
      const name = body.path.split("/").at(-1) ?? ""
      const added: Folder = {
        id: newId("folder"),
        collectionId: body.collectionId ?? seed.collections[0]?.id ?? "",
        name,
        path: body.path,
        excludes: body.excludes ?? [],
        followsGitignore: body.followsGitignore ?? true,
        maxFileBytes: body.maxFileBytes ?? 1024,
        state: "watching",
        mode: "events",
        done: 0,
        total: 0,
        documentCount: 1,
        skippedCount: 0,
        errors: [],
        errorCount: 0,
        checkedAt: Date.now(),
        createdAt: Date.now(),
      }
      seed.folders.push(added)
      return added
    },
    "PATCH /api/folders/:id": ({ params, body: { isPaused, ...rules } }) => {
      const index = seed.folders.findIndex((entry) => entry.id === params.id)
      const before = seed.folders[index]
      if (!before) throw new MockError("folder.not-found", "There is no such folder.")
      const changed: Folder = { ...before, ...(JSON.parse(JSON.stringify(rules)) as Partial<Folder>) }
      if (isPaused !== undefined) changed.state = isPaused ? "paused" : "watching"
      seed.folders[index] = changed
      return changed
    },
    "POST /api/folders/:id/rescan": ({ params }) => {
      const found = seed.folders.find((entry) => entry.id === params.id)
      if (!found) throw new MockError("folder.not-found", "There is no such folder.")
      return found
    },
    "DELETE /api/folders/:id": ({ params }) => {
      seed.folders = seed.folders.filter((entry) => entry.id !== params.id)
      return { ok: true }
    },
    "POST /api/collections": ({ body }) => {
      const collection = {
        id: newId("collection"),
        name: body.name,
        documentCount: 0,
        chunkCount: 0,
        isSample: false,
        createdAt: Date.now(),
      }
      seed.collections.push(collection)
      return collection
    },
    "PATCH /api/collections/:id": ({ params, body }) => {
      const collection = seed.collections.find((entry) => entry.id === params.id)
      if (!collection) throw new MockError("collection.not-found", "There is no such collection.")
      collection.name = body.name
      return collection
    },
    "DELETE /api/collections/:id": ({ params }) => {
      seed.collections = seed.collections.filter((entry) => entry.id !== params.id)
      seed.documents = seed.documents.filter((entry) => entry.collectionId !== params.id)
      return { ok: true }
    },
    "GET /api/documents": ({ query }) => ({
      items: seed.documents.filter(
        (entry) =>
          (!query.collectionId || entry.collectionId === query.collectionId) &&
          (!query.q || entry.title.toLowerCase().includes(query.q.toLowerCase())),
      ),
      next: null,
    }),
    "GET /api/documents/:id": ({ params }) => {
      const found = seed.documents.find((entry) => entry.id === params.id)
      if (!found) throw new MockError("document.not-found", "There is no such document.")
      return found
    },
    "GET /api/documents/:id/source": ({ params, query }) => {
      const found = seed.documents.find((entry) => entry.id === params.id)
      const needle = [...seed.messages.values()]
        .flat()
        .flatMap((message) => message.passages)
        .find((passage) => passage.chunkId === query.chunk)
      return {
        documentId: params.id,
        title: found?.title ?? "Aria air purifier: manual",
        path: found?.path ?? "manuals/aria.pdf",
        kind: found?.kind ?? "pdf",
        text: found?.charCount === 0 ? "" : manualText,
        highlight: needle ? { chunkId: needle.chunkId, start: needle.start, end: needle.end, page: needle.page } : null,
        pages: [{ page: 4, start: 0 }],
      }
    },
    "DELETE /api/documents/:id": ({ params }) => {
      seed.documents = seed.documents.filter((entry) => entry.id !== params.id)
      return { ok: true }
    },
    "PATCH /api/documents/:id": ({ params, body }) => {
      seed.documents = seed.documents.map((entry) => (entry.id === params.id ? { ...entry, tags: body.tags } : entry))
      changed("documents", params.id)
      const found = seed.documents.find((entry) => entry.id === params.id)
      if (!found) throw new MockError("document.not-found", "There is no such document.")
      return found
    },
    "POST /api/documents/:id/reindex": ({ params }) => {
      seed.documents = seed.documents.map((entry) =>
        entry.id === params.id ? { ...entry, status: "working", stage: "parse", error: null } : entry,
      )
      changed("documents", params.id)
      return { jobId: newId("job") }
    },
    "POST /api/documents/upload": ({ body }, files) => {
      const target = body.collectionId ?? "collection-sample"
      const paths: unknown = body.paths ? JSON.parse(body.paths) : files
      for (const [index, name] of files.entries()) {
        seed.documents.unshift({
          id: newId("document"),
          collectionId: target,
          title: name,
          path: Array.isArray(paths) ? String(paths[index] ?? name) : name,
          kind: "md",
          sizeBytes: 1200,
          pageCount: null,
          charCount: 1100,
          chunkCount: 3,
          stage: "ready",
          status: "ready",
          hasVectors: true,
          error: null,
          createdAt: Date.now(),
          updatedAt: Date.now(),
        })
      }
      changed("documents")
      return { jobId: newId("job"), collectionId: target }
    },
    "GET /api/conversations": () => ({ items: seed.conversations, next: null }),
    "GET /api/conversations/search": ({ query }) => ({
      items: [...seed.messages.values()]
        .flat()
        .filter((message) => message.text.toLowerCase().includes(query.q.toLowerCase()))
        .slice(0, query.limit)
        .map((message) => {
          const at = message.text.toLowerCase().indexOf(query.q.toLowerCase())
          return {
            conversationId: message.conversationId,
            conversationTitle: conversationOf(message.conversationId).title,
            messageId: message.id,
            role: message.role,
            snippet: `${message.text.slice(Math.max(0, at - 30), at)}\uE000${message.text.slice(at, at + query.q.length)}\uE001${message.text.slice(at + query.q.length, at + 90)}`,
            createdAt: message.createdAt,
          }
        }),
    }),
    "GET /api/conversations/:id": ({ params }) => conversationOf(params.id),
    "PATCH /api/conversations/:id": ({ params, body }) => {
      const entry = conversationOf(params.id)
      Object.assign(entry, body, body.title ? { titleIsAutomatic: false } : {})
      return entry
    },
    "DELETE /api/conversations/:id": ({ params }) => {
      deleted.set(params.id, conversationOf(params.id))
      seed.conversations = seed.conversations.filter((entry) => entry.id !== params.id)
      return { ok: true }
    },
    "POST /api/conversations/:id/restore": ({ params }) => {
      const entry = deleted.get(params.id)
      if (!entry) throw new MockError("conversation.not-found", "There is no such chat.")
      seed.conversations.push(entry)
      seed.conversations.sort((left, right) => right.updatedAt - left.updatedAt)
      return entry
    },
    "GET /api/conversations/:id/messages": ({ params }) => {
      conversationOf(params.id)
      return { items: seed.messages.get(params.id) ?? [], next: null }
    },
    "POST /api/messages/:id/feedback": ({ params, body }) => {
      const found = [...seed.messages.values()].flat().find((message) => message.id === params.id)
      if (!found) throw new MockError("message.not-found", "There is no such message.")
      found.feedback = body.feedback
      return found
    },
    "GET /rag/feedback/:query_id": ({ params }) => shownAnswer(params.query_id, feedback),
    "POST /rag/feedback": ({ body }) => {
      const { query_id, chunk_id, event, value } = body
      const passage = shownListOf(query_id).passages.find((entry) => entry.chunk_id === chunk_id)
      if (!passage) throw new MockError("request.invalid", "This passage was not shown.")
      const isThumb = (kind: string) => kind === "up" || kind === "down"
      feedback = feedback.filter(
        (entry) =>
          entry.query_id !== query_id ||
          entry.chunk_id !== chunk_id ||
          (entry.event !== event && !(isThumb(event) && isThumb(entry.event))),
      )
      const entry = { query_id, query_hash: "0", chunk_id, position: passage.position, event, value, at: Date.now() }
      if (value > 0) feedback.push(entry)
      return { ok: true, ...entry }
    },
    "GET /rag/feedback": () => ({
      queries: feedback.length > 0 ? 4 : 0,
      events: Object.fromEntries(
        (["click", "cite", "copy", "up", "down", "dwell"] as const).map((kind) => [
          kind,
          feedback.filter(({ event }) => event === kind).length,
        ]),
      ) as Record<FeedbackEntry["event"], number>,
      since: null,
    }),
    "DELETE /rag/feedback": () => {
      const events = feedback.length
      feedback = []
      return { queries: 4, events }
    },
    "GET /audio/tts/voices": () => ({
      voices: [
        {
          id: "hibari-en",
          name: "Hibari",
          language: "en",
          model: "hibari",
          isDefault: true,
          isInstalled: seed.bundle.capabilities.speak,
          isCloned: false,
        },
      ],
      default: "hibari-en",
    }),
    "GET /health/aggregated": () => ({
      overall_status: "healthy",
      services: {},
      timestamp: Date.now(),
      uptime_seconds: 12,
    }),
    "POST /api/turns": ({ body }) => startTurn(body),
    "POST /api/turns/:turnId/release": ({ params }) => {
      turnOf(params.turnId).release()
      return { ok: true }
    },
    "POST /api/turns/:turnId/heard": ({ params }) => {
      turnOf(params.turnId)
      return { ok: true }
    },
    "DELETE /api/turns/:turnId": ({ params }) => {
      abortTurn(params.turnId)
      return { ok: true }
    },
    ...mockCloning(options.cloning ?? {}, MockError),
    "GET /audio/speakers": () => ({ speakers: voices }),
    "POST /audio/speaker/enroll": ({ body }, files) => {
      if (!body.consent) throw new MockError("speaker.no-consent", "A voice is learned only from someone who agreed.")
      if (options.enrollError) {
        const said = "The recordings do not sound like one voice."
        throw new MockError(options.enrollError, said, "Record one person alone.")
      }
      const before = voices.find(({ name }) => name === body.name)
      const samples = (before?.samples ?? 0) + files.length
      const seconds = (before?.net_speech_s ?? 0) + 4.5 * files.length
      const profile = { ...(before ?? seedVoices(Date.now())[1]), id: before?.id ?? newId("voice"), name: body.name }
      const learned = { samples, net_speech_s: seconds, is_strong: seconds >= 15, consented_at: Date.now() }
      voices = [...voices.filter((voice) => voice !== before), { ...profile, ...learned } as (typeof voices)[number]]
      return {
        profile_id: profile.id,
        samples,
        net_speech_s: seconds,
        embedding_dim: 192,
        quality: { snr_db: 24, clipping: 0, duration_s: seconds + 1 },
        is_strong: seconds >= 15,
      }
    },
    "POST /audio/speaker/identify": () => isAda,
    "PATCH /audio/speakers/:id": ({ params, body }) => {
      const voice = voiceOf(params.id)
      if (voices.some((other) => other !== voice && other.name === body.name))
        throw new MockError("request.conflict", "There is a voice of this name already.")
      voice.name = body.name
      return voice
    },
    "DELETE /audio/speakers/:id": ({ params }) => {
      const voice = voiceOf(params.id)
      voices = voices.filter((other) => other !== voice)
      return { ok: true }
    },
    "GET /audio/devices": () => devices,
    "PUT /audio/devices/selection": ({ body }) => {
      devices.selected = { ...devices.selected, ...body }
      return devices
    },
    "PUT /audio/mic": ({ body }) => {
      devices.mic = { ...devices.mic, ...body }
      return devices
    },
    "POST /audio/devices/tone": () => ({ output: "Speakers", played_ms: 1000 }),
    "POST /api/voice/sessions": ({ body }) => {
      if (options.handsFreeError)
        throw new MockError(options.handsFreeError, "Listening needs a model that is missing.")
      return handsFree.start({ ...body, streamId: body.streamId ?? 0 })
    },
    "DELETE /api/voice/sessions/:id": () => {
      handsFree.end()
      return { ok: true }
    },
    "GET /api/voice/sounds": () => ({ items: sounds }),
    "DELETE /api/voice/sounds/:id": ({ params }) => {
      sounds = sounds.filter(({ messageId }) => messageId !== params.id)
      return { ok: true }
    },
    "GET /wake/status": () => wakeStatus(),
    "POST /wake/enable": ({ body }) => {
      isWakeOn = body.enabled
      return wakeStatus()
    },
    "POST /wake/clear": () => wakeStatus(),
  }
  let sounds = options.sounds?.(seed) ?? []
  let isWakeOn = false
  const wakeStatus = () => ({
    enabled: isWakeOn,
    model: "hey-zenglow",
    detected: false,
    phrase: null,
    detected_at: null,
    backend_active: false,
    phrases: [
      { id: "hey-zenglow", phrase: "Hey ZenGlow", licence: "Apache-2.0", is_installed: true, is_chosen: true },
      {
        id: "phrase-hey-jarvis",
        phrase: "Hey Jarvis",
        licence: "CC-BY-NC-SA-4.0",
        is_installed: false,
        is_chosen: false,
      },
    ],
    sensitivity: 0.5,
    reason: null,
  })
  const devices = fakeDeviceView()
  const handsFree = createMockConversation({
    startTurn,
    release: (turnId) => turnOf(turnId).release(),
    abort: abortTurn,
  })

  function patchModel(id: string, changes: Partial<Seed["models"][number]>) {
    seed.models = seed.models.map((model) => (model.id === id ? { ...model, ...changes } : model))
    changed("models", id)
    return modelOf(id)
  }
  function patchJob(id: string, changes: Partial<Seed["jobs"][number]>) {
    seed.jobs = seed.jobs.map((job) => (job.id === id ? { ...job, ...changes } : job))
    const job = seed.jobs.find((entry) => entry.id === id)
    if (!job) throw new MockError("job.not-found", "There is no such job.")
    send("jobs", { type: "job", job })
    return job
  }
  function pull(id: string): string {
    const model = modelOf(id)
    const jobId = newId("job")
    seed.jobs.push({
      id: jobId,
      kind: "model-pull",
      title: model.name,
      status: "running",
      progress: 0.1,
      done: model.sizeBytes / 10,
      total: model.sizeBytes,
      unit: "bytes",
      ratePerSecond: 6e6,
      remainingMs: model.sizeBytes / 6000,
      current: "model.gguf",
      error: null,
      subjectId: id,
      createdAt: Date.now(),
      updatedAt: Date.now(),
    })
    patchModel(id, { status: "downloading", jobId })
    patchJob(jobId, {})
    return jobId
  }
  function turnOf(id: string): LiveTurn {
    const turn = turns.get(id)
    if (!turn) throw new MockError("turn.not-found", "There is no such turn.")
    return turn
  }

  function abortTurn(id: string): void {
    const turn = turnOf(id)
    turn.isAborted = true
    turn.wake()
  }

  function startTurn(
    request: TurnRequest,
    watch?: { onEvent: (event: TurnEvent) => void; speaker: Message["speaker"] },
  ): { turnId: string } {
    const isNew = request.conversationId === undefined
    const conversationId = request.conversationId ?? newId("conversation")
    const isTemporary = request.options?.temporary === true
    const text = request.text ?? "How often should the filter be changed?"
    if (isTemporary) temporary.add(conversationId)
    else if (isNew) {
      seed.conversations.unshift({
        id: conversationId,
        // The core names a chat when its first turn ends.
        title: "",
        titleIsAutomatic: true,
        personaId: request.personaId ?? null,
        collectionIds: request.collectionIds ?? null,
        model: null,
        activeMessageId: null,
        messageCount: 0,
        createdAt: Date.now(),
        updatedAt: Date.now(),
      })
    }
    const history = seed.messages.get(conversationId) ?? []
    const regenerated = history.find((message) => message.id === request.options?.regenerateMessageId)
    const ids = {
      conversationId,
      userMessageId: regenerated?.id ?? newId("message"),
      messageId: newId("message"),
      model: "qwen2.5-coder-1.5b",
    }
    const turnId = newId("turn")
    let release = () => {}
    let wake = () => {}
    const released = new Promise<void>((resolve) => {
      release = resolve
    })
    const woken = new Promise<void>((resolve) => {
      wake = resolve
    })
    const turn: LiveTurn = { events: [], state: emptyTurn(turnId), isAborted: false, isLost: false, release, wake }
    turns.set(turnId, turn)
    if (request.source?.type === "socket") listening.set(request.source.streamId, release)
    const emit = (body: Step["event"]) => {
      const event: TurnEvent = { ...body, turnId, seq: turn.events.length, at: Date.now() }
      turn.events.push(event)
      turn.state = foldTurn(turn.state, event)
      send(`turn:${turnId}`, { type: "turn-event", event })
      watch?.onEvent(event)
      if (event.type === "title" && !isTemporary) conversationOf(conversationId).title = event.title
    }
    const play = async (steps: readonly Step[]) => {
      for (const step of steps) {
        if (step.waitMs > 0) await Promise.race([new Promise((resolve) => setTimeout(resolve, step.waitMs)), woken])
        if (turn.isAborted || turn.isLost) return
        if (step.event.type === "turn-end") store(step.event.reason)
        emit(step.event)
        if (step.event.type === "speech-start") speak(step.event.streamId ?? 0)
      }
    }
    const store = (reason: Message["endReason"]) => {
      if (isTemporary) return
      const shared = {
        conversationId,
        timings: [],
        usage: null,
        heardChars: null,
        feedback: null,
        createdAt: Date.now(),
        kind: request.kind,
      }
      const parentId =
        request.options?.parentMessageId !== undefined
          ? request.options.parentMessageId
          : (conversationOf(conversationId).activeMessageId ?? null)
      const list = seed.messages.get(conversationId) ?? []
      if (!regenerated) {
        list.push({
          ...shared,
          id: ids.userMessageId,
          parentId,
          role: "user",
          text: turn.state.question || text,
          ...(turn.state.speaker === undefined ? {} : { speaker: turn.state.speaker }),
          reasoning: "",
          endReason: null,
          error: null,
          model: null,
          passages: [],
          spans: [],
        })
      }
      if (reason === "aborted" && turn.state.text === "") {
        seed.messages.set(conversationId, list)
        conversationOf(conversationId).activeMessageId = ids.userMessageId
        return
      }
      list.push({
        ...shared,
        id: ids.messageId,
        parentId: ids.userMessageId,
        role: "assistant",
        text: turn.state.text,
        reasoning: turn.state.reasoning,
        endReason: reason,
        error: turn.state.error ? { ...turn.state.error } : null,
        model: ids.model,
        passages: turn.state.found === false ? turn.state.closest : turn.state.passages,
        spans: turn.state.spans,
        timings: [{ name: "generate", startMs: 34, endMs: 1800 }],
        usage: turn.state.usage,
      })
      seed.messages.set(conversationId, list)
      Object.assign(conversationOf(conversationId), {
        activeMessageId: ids.messageId,
        messageCount: list.length,
        updatedAt: Date.now(),
      })
    }
    const speak = (streamId: number) => {
      // Three seconds of a quiet 220 Hz tone in frames of 40 ms.
      for (let frame = 0; frame < 75; frame++) {
        const bytes = Buffer.alloc(8 + 960 * 2)
        bytes.writeUInt32LE(streamId, 0)
        bytes.writeUInt32LE(frame, 4)
        for (let index = 0; index < 960; index++) {
          const value = 2000 * Math.sin((2 * Math.PI * 220 * (frame * 960 + index)) / 24_000)
          bytes.writeInt16LE(Math.round(value), 8 + index * 2)
        }
        for (const { socket } of sockets) socket.send(bytes)
      }
    }
    void (async () => {
      if (request.kind === "voice") {
        const { before, after } = voiceTurn(
          ids,
          request.source?.type === "socket" ? request.source.streamId : 0,
          paceMs,
          request.options?.handsFree ?? false,
          watch?.speaker,
        )
        await play(before)
        await Promise.race([released, woken])
        if (!turn.isAborted) await play(after)
      } else await play(textTurn(request, ids, (options.script ?? scriptFor)(text), paceMs))
      if (turn.isAborted) {
        store("aborted")
        emit({ type: "turn-end", reason: "aborted", timings: [] })
      }
    })()
    return { turnId }
  }

  const app = express()
  app.disable("x-powered-by")
  for (const [key, route] of Object.entries(routes) as [RouteKey, Route][]) {
    const [method, path] = key.split(" ") as [string, string]
    const handler = handlers[key] as ((input: unknown, files: string[]) => unknown) | undefined
    const verb = method.toLowerCase() as "get" | "post" | "put" | "patch" | "delete"
    app[verb](path, express.raw({ type: "*/*", limit: "250mb" }), async (request: Request, response: Response) => {
      requests.push(key)
      try {
        if (route.scope !== "public" && request.headers.authorization !== `Bearer ${token}`) {
          throw new MockError("auth.bad-key", "The key is not known.")
        }
        if (key === "GET /api/conversations/:id/export") return sendExport(request, response)
        if (key === "GET /api/turns/:turnId/events") {
          turnOf(String(request.params.turnId))
          return response.type("text/event-stream").write(": open\n\n")
        }
        if (key === "GET /audio/devices/events") {
          response
            .type("text/event-stream")
            .write(`event: devices\ndata: ${JSON.stringify({ type: "devices", devices })}\n\n`)
          return
        }
        if (key === "POST /audio/devices/check") {
          const events = [
            { type: "level", rms: 0.2, peak: 0.4 },
            { type: "playing" },
            {
              type: "done",
              input: "Desk microphone",
              output: "Speakers",
              seconds: 3,
              rms: 0.2,
              peak: 0.4,
              verdict: "good",
            },
          ]
          response.type("text/event-stream")
          for (const event of events) response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)
          return response.end()
        }
        if (key === "GET /api/voice/sounds/:id")
          return response.type("audio/wav").send(Buffer.from(writeWav(new Float32Array(28_800), 16_000)))
        if (key === "GET /diagnostics/bundle") return response.type("application/zip").send(Buffer.from("PK"))
        if (key === "GET /api/voice/sessions/:id/events") return handsFree.watch(response)
        if (!handler) throw new MockError("request.not-found", `The stand-in has no ${key}.`)
        const multipart = route.multipart ? readMultipart(request) : null
        const input = {
          params: parse(route.params, request.params),
          query: parse(route.query, request.query),
          body: multipart
            ? parse(route.multipart?.fields, multipart.fields)
            : parse(
                route.body,
                request.body instanceof Buffer && request.body.length > 0 ? JSON.parse(request.body.toString()) : {},
              ),
        }
        const output = await handler(input, multipart?.files ?? [])
        response.status(route.status ?? 200).json(route.output ? route.output.parse(output) : output)
      } catch (error) {
        const code: ErrorCode = error instanceof MockError ? error.code : "internal"
        response.status(errorCodes[code].status).json({
          error: {
            code,
            message: error instanceof Error ? error.message : "Failed.",
            ...(error instanceof MockError && error.remedy ? { remedy: error.remedy } : {}),
            requestId: "mock",
          },
        })
      }
    })
  }
  function sendExport(request: Request, response: Response): void {
    const entry = conversationOf(String(request.params.id))
    response.type("text/markdown").send(`# ${entry.title}\n`)
  }
  app.use((_request, response, next) => {
    response.setHeader("content-security-policy", contentSecurityPolicy)
    response.setHeader("x-content-type-options", "nosniff")
    next()
  })
  app.use(express.static(builtRenderer))
  app.use((_request, response) => {
    response.status(404).json({ error: { code: "request.not-found", message: "No such route.", requestId: "mock" } })
  })

  const server = createServer(app)
  const wss = new WebSocketServer({
    server,
    path: "/ws",
    handleProtocols: (offered) => (offered.has("zenglow") ? "zenglow" : false),
  })
  let metricStep = 0
  const metrics = setInterval(
    () => send("metrics", { type: "metrics", frame: metricFrameAt(metricStep++, Date.now()) }),
    500,
  )
  wss.on("connection", (socket, request) => {
    if (!request.headers["sec-websocket-protocol"]?.includes(`bearer.${token}`)) return socket.close(4401)
    const client = { socket, channels: new Set<string>() }
    sockets.add(client)
    socket.on("close", () => sockets.delete(client))
    socket.on("message", (data, isBinary) => {
      if (isBinary) {
        const bytes = data as Buffer
        const streamId = bytes.readUInt32LE(0)
        uplink.set(streamId, (uplink.get(streamId) ?? 0) + bytes.length - 8)
        if (bytes.length === 8) listening.get(streamId)?.()
        return
      }
      const message = clientMessage.parse(JSON.parse(String(data)))
      if (message.type === "subscribe") {
        client.channels.add(message.channel)
        const turn = turns.get(message.channel.replace("turn:", ""))
        for (const event of turn?.events ?? []) {
          if (event.seq <= (message.afterSeq ?? -1)) continue
          socket.send(JSON.stringify({ channel: message.channel, seq: event.seq, type: "turn-event", event }))
        }
        if (message.channel === "metrics") {
          for (let step = 0; step < 90; step++) {
            const frame = metricFrameAt(step, Date.now() - (90 - step) * 2000)
            socket.send(JSON.stringify({ channel: "metrics", seq: step, type: "metrics", frame }))
          }
          metricStep = 90
        }
      } else if (message.type === "unsubscribe") client.channels.delete(message.channel)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    origin,
    url: `${origin}/#ticket=${mockTicket}`,
    seed,
    requests,
    uplink,
    conversation: handsFree.conversation,
    hear: (event) => send("listening", { type: "listening", event }),
    cut(isRestarted) {
      if (isRestarted) {
        for (const turn of turns.values()) turn.isLost = true
        turns.clear()
      }
      for (const { socket } of sockets) socket.terminate()
    },
    async close() {
      clearInterval(metrics)
      for (const turn of turns.values()) {
        turn.isAborted = true
        turn.wake()
      }
      for (const { socket } of sockets) socket.terminate()
      wss.close()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

export const mockTicket = "mock-ticket-0123456789"

function parse(schema: z.ZodType | undefined, value: unknown): unknown {
  if (!schema) return {}
  const parsed = schema.safeParse(value)
  if (!parsed.success)
    throw new MockError(
      "request.invalid",
      parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`).join("; "),
    )
  return parsed.data
}

/** Names of the files and the text fields of a small multipart body. */
function readMultipart(request: Request): { fields: Record<string, string>; files: string[] } {
  const boundary = /boundary=(.+)$/.exec(request.headers["content-type"] ?? "")?.[1] ?? ""
  const fields: Record<string, string> = {}
  const files: string[] = []
  const body: unknown = request.body
  for (const part of (body instanceof Buffer ? body.toString("utf8") : "").split(`--${boundary}`)) {
    const [head = "", ...rest] = part.split("\r\n\r\n")
    const name = /name="([^"]*)"/.exec(head)?.[1]
    const file = /filename="([^"]*)"/.exec(head)?.[1]
    if (file !== undefined) files.push(file)
    else if (name) fields[name] = rest.join("\r\n\r\n").replace(/\r\n$/, "")
  }
  return { fields, files }
}
