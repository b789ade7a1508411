import { lookup } from "node:dns/promises"
import { readFile } from "node:fs/promises"
import { homedir, totalmem } from "node:os"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import { createAudioCodecs } from "#audio/audioCodecs.ts"
import { createMemoryCache } from "#cache/memoryCache.ts"
import { type AnswerDeps, answer } from "#chat/answer.ts"
import { exportConversation } from "#chat/exportConversation.ts"
import { importConversation } from "#chat/importConversation.ts"
import { recogniseMemory } from "#chat/memory/recogniseMemory.ts"
import type { AnswerInput } from "#chat/runTurn.ts"
import { titleOf } from "#chat/title.ts"
import { createTurns } from "#chat/turns.ts"
import { wholeAnswer } from "#chat/wholeAnswer.ts"
import type { Job } from "#contract/jobs.ts"
import { ownerActor } from "#core/actor.ts"
import { systemClock } from "#core/clock.ts"
import type { AppConfig } from "#core/config.ts"
import { AppError, isAbort } from "#core/errors.ts"
import { createForkAdapter } from "#core/host/forkAdapter.ts"
import { createOrphanList } from "#core/host/orphans.ts"
import { createHub, type Hub } from "#core/hub.ts"
import { createJobs, type Jobs } from "#core/jobs.ts"
import type { Logger } from "#core/logger.ts"
import { createScope, type Scope } from "#core/scope.ts"
import { createMemoryBudget } from "#models/budget.ts"
import { loadCatalog } from "#models/catalog.ts"
import { createInstallDeps } from "#models/createInstallDeps.ts"
import { createHubProbe } from "#models/hubProbe.ts"
import { createModels, type Models } from "#models/models.ts"
import { createPullRunner } from "#models/pullRunner.ts"
import { composingQuality } from "#models/recommend.ts"
import type { LogBuffer } from "#ops/logBuffer.ts"
import { createPersonas } from "#ops/personas.ts"
import type { Secrets } from "#ops/secrets/types.ts"
import { createDocumentReader } from "#rag/createDocumentReader.ts"
import { createDocuments } from "#rag/documents.ts"
import { createEvaluations, pinnedRecall } from "#rag/evaluation/evaluations.ts"
import { readFeedback } from "#rag/feedbackScores.ts"
import { createFolders, type Folders } from "#rag/folders/folders.ts"
import { openFusionWeights } from "#rag/fusionWeights.ts"
import { createIndexCare } from "#rag/indexCare.ts"
import { createIngest } from "#rag/ingest.ts"
import { ingestRunner, reindexRunner } from "#rag/jobRunners.ts"
import { openLocalRanking } from "#rag/localRanking.ts"
import { fetchPage } from "#rag/pages/fetchPage.ts"
import { createPages } from "#rag/pages/pages.ts"
import { createParser, parserExecArgv } from "#rag/parse/createParser.ts"
import type { RetrieveDeps } from "#rag/retrieve.ts"
import { createSearchCache } from "#rag/searchCache.ts"
import { createShownLists } from "#rag/shownLists.ts"
import { createSwapGate } from "#rag/swapGate.ts"
import { createVectorIndex } from "#rag/vectorIndex.ts"
import type { Change, ServerDeps } from "#server/deps.ts"
import { type CoreServer, createServer } from "#server/http.ts"
import { openSqliteStore } from "#store/sqlite/openSqliteStore.ts"
import { createPauseHabit } from "#voice/endpointing.ts"
import { runVoiceTurn } from "#voice/runVoiceTurn.ts"
import { createSentenceSplitter } from "#voice/sentences.ts"
import { speakAnswer } from "#voice/speakAnswer.ts"
import { speakable } from "#voice/speakable.ts"
import { createEngineRack } from "./engines.ts"
import { entryUrl, rendererDir, sampleDir } from "./entries.ts"
import {
  createKnowledge,
  createWhy,
  recordDataset,
  recorded,
  recordIndex,
  recordModel,
  routedAnswer,
} from "./knowledge.ts"
import { createOperations } from "./operations.ts"

import { createRagService } from "./ragService.ts"
import { openSettings } from "./settings.ts"
import { createSpeakerService, openSpeakers } from "./speakerService.ts"
import { createSpeechService } from "./speechService.ts"
import { createTranscriber } from "./transcriber.ts"
import { version } from "./version.ts"
import { createVoiceChannels } from "./voiceChannels.ts"
import { createVoiceSessions } from "./voiceSessions.ts"

export interface App {
  server: CoreServer
  /** Offline was asked for, by configuration or in Settings: nothing may be fetched. */
  isOffline(): boolean
  jobs: Jobs
  close(): Promise<void>
}

export interface AppOptions {
  config: AppConfig
  apiKey: string
  log: Logger
  /** The last lines of `log`. */
  logs: LogBuffer
  secrets: Secrets
}

/** How long the first question waits for the sample to be readable. */
const samplePatienceMs = 15_000
/** Share of the machine's memory that models may take together. */
const memoryShare = 0.7
/** Tokens of passages that are read in the time a person waits for the first word, before the machine's speed is known. */
const assumedPromptSpeed = 80
const patienceSeconds = 5
/** A summary of a whole document may take longer: its sentences come one by one. */
const summaryPatienceSeconds = 60
/** Tokens of a prompt that are not passages: system prompt, question, template. */
const promptOverhead = 120

/** Puts the product together: the only place that picks implementations. Everything opened here is closed by `close`. */
export async function createApp(options: AppOptions): Promise<App> {
  const scope = createScope()
  try {
    return await assemble(options, scope)
  } catch (error) {
    // What was opened before the failure would keep the process alive.
    await scope.close()
    throw error
  }
}

async function assemble({ config, apiKey, log, logs, secrets }: AppOptions, scope: Scope): Promise<App> {
  const clock = systemClock
  const changes = createHub<Change>((error) => log.error("a listener of changes failed", { error }))
  const changed = (channel: Change["channel"]) => (id: string | null) => changes.publish({ channel, id })

  const orphans = createOrphanList(join(config.dataDir, "hosts"), log)
  await orphans.sweep()
  const store = scope.add(
    await openSqliteStore({
      file: join(config.dataDir, "zenglow.db"),
      backupDir: join(config.dataDir, "backups"),
      log,
      workerUrl: entryUrl("store"),
      auditKey: await secrets.dataKey("audit"),
    }),
    (opened) => opened.close(),
  )
  const settings = await openSettings(store.settings, config)
  settings.onChange(() => changes.publish({ channel: "settings", id: null }))

  // Models and engines know of each other: what is loaded cannot be removed, and what is installed can be loaded.
  const catalog = loadCatalog()
  const install = createInstallDeps({
    modelsDir: config.modelsDir,
    isOffline: () => settings.values().offline,
    clock,
    log,
    convertEntry: entryUrl("convert"),
    platform: process.platform,
    // The package clients read their own configuration from it.
    environment: process.env,
  })
  const jobHub = createHub<{ personId: string; job: Job }>((error) => log.error("a listener of jobs failed", { error }))
  let models: Models
  const onModelChange = (modelId: string): void => {
    changes.publish({ channel: "models", id: modelId })
    void followModels()
  }
  const budget = createMemoryBudget({ totalBytes: totalmem() * memoryShare })
  const engines = scope.add(
    createEngineRack({
      config,
      clock,
      log,
      orphans,
      budget,
      resolve: (id, signal) => models.resolve(id, signal),
      choose: (role) => models.choose(role),
      unloadAfterMinutes: () => settings.values().unloadAfterMinutes,
      onChange: changed("models"),
    }),
    (rack) => rack.close(),
  )

  const swapGate = createSwapGate({
    settings: store.settings,
    async pinnedRecall(actor, embedder, signal) {
      // Neither what is cached nor what was clicked may stand in for what is measured.
      const deps = { ...retrieval, cache: undefined, feedback: undefined, queryEmbedder: async () => embedder }
      const { questions, recallAt5 } = await pinnedRecall(actor, store.evaluations, deps, signal)
      return questions === 0 ? null : { recall: recallAt5, questions }
    },
    onChange: () => changes.publish({ channel: "documents", id: null }),
    now: () => clock.now(),
    log,
  })
  const vectorIndex = createVectorIndex({
    chunks: store.chunks,
    embedder: engines.embedder,
    embedderOf: engines.embedderOf,
    gate: swapGate,
    log,
  })
  const knowledge = createKnowledge({
    store,
    queryEmbedder: vectorIndex.queryEmbedder,
    embedder: engines.embedder,
    changed,
    log,
  })
  const { record } = knowledge
  const indexCare = createIndexCare({ chunks: store.chunks, vectorIndex, embedder: engines.embedder, log })
  const parserEntry = entryUrl("parser")
  const parserAdapter = createForkAdapter({
    entry: parserEntry,
    execArgv: parserExecArgv(parserEntry),
    env: {},
    log,
    orphans,
  })
  const uploadsDir = join(config.dataDir, "uploads")
  const codecs = scope.add(createAudioCodecs({ workerEntry: entryUrl("codecs") }), (opened) => opened.close())
  const reader = scope.add(
    createDocumentReader({
      parser: createParser({ adapter: parserAdapter, log }),
      pictureParser: createParser({ name: "pictures", adapter: parserAdapter, log, timeoutMs: 120_000 }),
      transcribe: createTranscriber({ codecs, speechToText: engines.speechToText }),
      async recognition(signal) {
        const id = await models.choose("ocr")
        return id === null ? null : readFile((await models.resolve(id, signal)).path, { signal })
      },
    }),
    (opened) => opened.close(),
  )
  const pages = createPages({
    documents: store.documents,
    uploadsDir,
    fetchPage: (address, signal) =>
      fetchPage(
        address,
        {
          lookup: (host) => lookup(host, { all: true }),
          isOffline: () => settings.values().offline,
          trustedOrigins: config.pageOrigins,
        },
        signal,
      ),
    onDocument: ({ id }) => changes.publish({ channel: "documents", id }),
  })
  const ingest = createIngest({
    store,
    parser: reader,
    embedder: vectorIndex.writingEmbedder,
    vectorIndex,
    onDocument: ({ id }) => changes.publish({ channel: "documents", id }),
    log,
  })
  let folders: Folders
  const jobs: Jobs = scope.add(
    createJobs({
      store: store.jobs,
      hub: jobHub,
      runners: {
        ingest: recorded(
          ingestRunner(ingest, () => folders, pages),
          log,
          (job, actor) => recordIndex(actor, { store, embedder: engines.embedder, record }, job.subjectId),
        ),
        reindex: recorded(reindexRunner(vectorIndex, indexCare), log, (_job, actor) =>
          recordIndex(actor, { store, embedder: engines.embedder, record }, null),
        ),
        evaluate: recorded(
          {
            lane: "evaluate",
            run: (job, actor, report, signal) => evaluations.runner.run(job, actor, report, signal),
          },
          log,
          (job, actor) => recordDataset(actor, job.subjectId ?? "", { store, record }),
        ),
        "model-pull": recorded(createPullRunner({ catalog, install, onChange: onModelChange }), log, (job, actor) =>
          recordModel(actor, job.subjectId ?? "", { catalog, record }),
        ),
      },
      clock,
      log,
    }),
    (opened) => opened.close(),
  )
  const chosenModel = { llm: "chatModel", embedder: "embedModel", stt: "sttModel", tts: "ttsModel" } as const
  models = createModels({
    catalog,
    install,
    jobs,
    loadState: engines.loadState,
    tokensPerSecond: engines.tokensPerSecond,
    selected: (role) => (role in chosenModel ? settings.values()[chosenModel[role as keyof typeof chosenModel]] : null),
    onChange: onModelChange,
    home: homedir(),
    platform: process.platform,
  })
  const documents = createDocuments({
    store,
    uploadsDir,
    sampleDir: fileURLToPath(sampleDir),
    startJob: (actor, job) => jobs.start(actor, job),
  })

  folders = scope.add(
    createFolders({
      store,
      ingest,
      collectionOfPath: documents.collectionOfPath,
      startJob: (actor, job) => jobs.start(actor, job),
      cancelJob: (actor, jobId) => jobs.cancel(actor, jobId),
      onDeferred: () => void followModels(),
      onChange: () => changes.publish({ channel: "documents", id: null }),
      log,
    }),
    (opened) => opened.close(),
  )

  const startReindex = () =>
    jobs.start(ownerActor, {
      kind: "reindex",
      title: "Search by meaning",
      unit: "passages",
      subjectId: null,
      payload: {},
    })
  /** Another embedder builds its index beside the one in use; the window goes on searching meanwhile. */
  let following: Promise<void> = Promise.resolve()
  let isClosing = false
  function followModels(): Promise<void> {
    following = following.then(async () => {
      if (isClosing) return
      try {
        await engines.refresh()
        const { active } = await store.chunks.indexes()
        if (active !== null) await engines.adopt(active)
        if (await vectorIndex.needsRebuild()) await startReindex()
      } catch (error) {
        log.warn("the search index could not follow the models", { error })
      }
    })
    return following
  }
  scope.add(null, async () => {
    isClosing = true
    await following
  })
  settings.onChange(() => void followModels())

  /** What a damaged disk or a killed machine left behind is put right beside everything else; words answer meanwhile. */
  const checking = new AbortController()
  let checked: Promise<void> = Promise.resolve()
  function checkIndex(): Promise<void> {
    checked = (async () => {
      try {
        const findings = await indexCare.inspect()
        if (findings.some(({ code }) => code === "words-differ" || code === "half-written")) {
          log.error("the search index is repaired", { findings: findings.map(({ message }) => message) })
          await jobs.start(ownerActor, {
            kind: "reindex",
            title: "Repairing the search index",
            unit: "passages",
            subjectId: null,
            payload: { isRepair: true },
          })
        } else if ((await indexCare.sweep(checking.signal)) > 0) await followModels()
      } catch (error) {
        if (!isAbort(error, checking.signal)) log.error("the search index could not be checked", { error })
      }
    })()
    return checked
  }
  scope.add(null, async () => {
    checking.abort(new AppError("core.stopping", "ZenGlow is closing."))
    await checked
  })

  const fusion = await openFusionWeights(store.settings, ownerActor)
  const localRanking = scope.add(
    await openLocalRanking(ownerActor, {
      settings: store.settings,
      feedback: store.feedback,
      fusion: () => fusion.current().weights,
      async pinnedRecall(actor, ranking, signal) {
        const deps = { ...retrieval, ranking: () => ranking, feedback: undefined, cache: undefined }
        const { questions, recallAt5 } = await pinnedRecall(actor, store.evaluations, deps, signal)
        return questions === 0 ? null : recallAt5
      },
      log,
    }),
    (opened) => opened.close(),
  )
  const shown = createShownLists({ feedback: store.feedback, onChange: localRanking.changed, log })
  const retrieval: RetrieveDeps = {
    chunks: knowledge.chunks,
    fusion: () => fusion.current().weights,
    ranking: localRanking.current,
    feedback: readFeedback(store.feedback),
    memories: knowledge.related,
    queryEmbedder: vectorIndex.queryEmbedder,
    cache: createSearchCache({ cache: createMemoryCache({ clock }), generation: knowledge.chunks.generation }),
    clock,
  }
  const personas = createPersonas({ file: join(config.dataDir, "personas.json"), log })
  const persona = (id: string | null) => personas.get(id ?? settings.values().personaId)
  let sampleReady: Promise<void> = Promise.resolve()
  const answerDeps: AnswerDeps = {
    retrieval,
    async llm(modelId) {
      const llm = await engines.llm(modelId)
      if (!llm) return null
      return { llm, composes: !catalog.has(llm.modelId) || catalog.get(llm.modelId).quality >= composingQuality }
    },
    settings: async () => settings.values(),
    async hasDocuments({ actor }) {
      // On the first start the sample is still being read: its first question waits for it, not long.
      await Promise.race([sampleReady, sleep(samplePatienceMs, undefined, { ref: false })])
      if ((await store.collections.list(actor)).some((collection) => collection.chunkCount > 0)) return true
      return (await store.memories.list(actor, { limit: 1 })).total > 0
    },
    passageTokens: () =>
      Math.min(
        1200,
        Math.max(
          250,
          Math.round((engines.promptTokensPerSecond() ?? assumedPromptSpeed) * patienceSeconds) - promptOverhead,
        ),
      ),
    log,
  }
  const answerRouted = routedAnswer(
    knowledge.memories,
    (input, signal) =>
      wholeAnswer(
        input,
        {
          store,
          llm: answerDeps.llm,
          embedder: vectorIndex.queryEmbedder,
          readableTokens: () => (engines.promptTokensPerSecond() ?? assumedPromptSpeed) * summaryPatienceSeconds,
          log,
        },
        signal,
      ),
    (input, signal) => answer(input, answerDeps, signal),
  )
  const evaluations = createEvaluations({
    repository: store.evaluations,
    retrieval,
    embedder: engines.embedder,
    openScratch: (name) =>
      openSqliteStore({
        file: join(config.dataDir, "evaluations", `${name}.db`),
        backupDir: join(config.dataDir, "evaluations", "backups"),
        log,
        workerUrl: entryUrl("store"),
      }),
    startJob: (actor, job) => jobs.start(actor, { kind: "evaluate", unit: "questions", ...job }),
    async *answer(actor, question, collectionIds, signal) {
      const input = { actor, question, history: [], collectionIds, alwaysSearches: true, cacheKey: "evaluation" }
      yield* answerWith({ ...input, persona: await persona(null), model: null }, signal)
    },
  })
  const answerWith = (input: AnswerInput, signal: AbortSignal) => {
    const events = answerRouted(input, signal)
    const { actor, question: query, queryId } = input
    return queryId ? shown.watch(events, { actor, queryId, query, surface: "chat" }) : events
  }
  const voices = createVoiceChannels(log, (name, by) => metrics.count(name, by))
  const speechOutput = async (
    voice: string | undefined,
    channel: { sink: ReturnType<typeof voices.open>["sink"]; streamId: number },
  ) => {
    const tts = await engines.textToSpeech()
    if (!tts) return null
    const { voice: preferred, speechRate } = settings.values()
    return {
      tts,
      sink: channel.sink,
      voice: voice ?? preferred ?? undefined,
      rate: speechRate,
      streamId: channel.streamId,
    }
  }
  const speakers = openSpeakers({
    profiles: store.voiceProfiles,
    encoder: engines.speakerEncoder,
    vad: engines.vad,
    secrets,
  })

  const pauseHabit = createPauseHabit()
  const turns = scope.add(
    createTurns({
      store,
      clock,
      log,
      answer: answerWith,
      openVoice: voices.open,
      async *runVoice(channel, { actor, voice, isHandsFree, ask }, signal) {
        const [vad, speechToText, detector] = await Promise.all([
          engines.vad(),
          engines.speechToText(),
          isHandsFree ? engines.turnDetector() : null,
        ])
        if (!vad || !speechToText) {
          throw new AppError("model.missing", "Listening needs the speech-to-text model, which is not installed.", {
            remedy: "Open Models to install it, or type your question.",
          })
        }
        const speech = await speechOutput(voice, channel)
        yield* runVoiceTurn(
          {},
          {
            source: channel.source,
            vad,
            speechToText,
            answer: ask,
            speech,
            identify: (samples, identifySignal) => speakers.recognize(actor, samples, identifySignal),
            endpointing: isHandsFree ? { detector, habit: pauseHabit } : null,
          },
          signal,
        )
      },
      async *speakAnswer(events, { voice, channel }, signal) {
        const speech = await speechOutput(voice, channel)
        yield* speech ? speakAnswer(events, speech, signal) : events
      },
      persona,
      title: async (question) => titleOf(question),
      onConversationChanged: changed("conversations"),
    }),
    (opened) => opened.close(),
  )

  const voiceSessions = scope.add(
    createVoiceSessions({
      turns,
      channels: voices,
      vad: engines.vad,
      speechToText: engines.speechToText,
      log,
    }),
    (opened) => opened.close(),
  )

  const { metrics, ops } = createOperations({
    config,
    clock,
    log,
    logs,
    store,
    models,
    engines,
    budget,
    isOffline: install.isOffline,
    isHubReachable: createHubProbe({ catalog, install }),
    activeJobs: () => jobs.active().length,
    indexProblems: async () => (await indexCare.inspect()).map(({ message }) => message),
  })
  scope.add(metrics, (opened) => opened.close())
  scope.add(turns.hub.subscribe(metrics.onTurnEvent), (end) => void end())

  const speech = createSpeechService({
    codecs,
    speechToText: engines.speechToText,
    textToSpeech: engines.textToSpeech,
    vad: engines.vad,
    llm: () => engines.llm(null),
    pieces: splitForSpeech,
    defaultVoice: () => settings.values().voice,
    clock,
  })

  const deps: ServerDeps = {
    log,
    clock,
    version,
    temporaryDir: join(config.dataDir, "tmp"),
    rendererDir: fileURLToPath(rendererDir),
    allowedHosts: config.allowedHosts,
    allowedOrigins: config.allowedOrigins,
    firstRunKey: apiKey,
    checksOutput: config.logLevel === "debug",
    keys: store.keys,
    turns,
    conversations: {
      ...store.conversations,
      export: exportConversation,
      import: (actor, file) => importConversation(actor, file, store.conversations),
    },
    messages: store.messages,
    collections: {
      ...store.collections,
      async delete(actor, id) {
        await folders.forgetCollection(actor, id)
        for (const job of jobs.active())
          if (job.kind === "ingest" && job.subjectId === id) await jobs.cancel(actor, job.id)
        await store.collections.delete(actor, id)
        await documents.forgetCollection(id)
        changes.publish({ channel: "documents", id: null })
      },
    },
    documents: {
      ...documents,
      addText: (actor, { title, text }, collectionId) => documents.addText(actor, text, title, collectionId),
      async delete(actor, id) {
        const document = await store.documents.get(actor, id)
        await folders.leaveOut(actor, document)
        await documents.delete(actor, id)
        changes.publish({ channel: "documents", id })
      },
      async setTags(actor, id, tags) {
        const changed = await documents.setTags(actor, id, tags)
        changes.publish({ channel: "documents", id })
        return changed
      },
    },
    folders,
    searchIndex: {
      async view() {
        const { active, counts, chunks: passages } = await store.chunks.indexes()
        const refused = swapGate.refusal()
        return { active, passages, vectors: active === null ? 0 : (counts[active] ?? 0), refused }
      },
      async useRefused(actor) {
        if (!swapGate.refusal()) throw new AppError("request.conflict", "No index is refused.")
        await swapGate.overrule(actor)
        return { jobId: (await startReindex()).id }
      },
    },
    jobs: {
      ...jobs,
      cancel: async (actor, id) => void (await jobs.cancel(actor, id)),
      subscribe: (actor, listener) =>
        jobHub.subscribe(({ personId, job }) => {
          if (personId === actor.personId) listener(job)
        }),
    },
    models: {
      ...models,
      async load(id, signal) {
        await engines.load(id, signal)
        return await models.get(id)
      },
      async unload(id) {
        await engines.unload(id)
        return await models.get(id)
      },
      async select(actor, id) {
        const { role } = await models.get(id)
        if (!(role in chosenModel)) {
          throw new AppError("model.incompatible", `There is only one model of the kind ${role}.`)
        }
        await settings.change(actor, { [chosenModel[role as keyof typeof chosenModel]]: id })
        return await models.get(id)
      },
    },
    settings: {
      all: async () => ({ items: settings.list(), dataDir: config.dataDir }),
      async change(actor, values) {
        await settings.change(actor, values)
        return { items: settings.list(), dataDir: config.dataDir }
      },
      personas: () => personas.list(),
    },
    speech,
    speakers: createSpeakerService(speakers, codecs),
    voiceSessions,
    memory: knowledge.memoryService,
    artifacts: knowledge.artifactService,
    evaluations,
    why: createWhy({
      store,
      retrieval,
      embedder: engines.embedder,
      topK: () => settings.values().topK,
      passageTokens: answerDeps.passageTokens,
    }),
    rag: createRagService({
      retrieval,
      answer: answerRouted,
      persona,
      isToBeRemembered: (text) => recogniseMemory(text)?.kind === "remember",
      shown,
      fusion,
      clock,
      embedder: engines.embedder,
    }),
    ops,
    secrets,
    audit: store.audit,
    audio: voices.exchange,
    openAi: {
      async llm(id) {
        const llm = await engines.llm(id)
        if (!llm)
          throw new AppError("model.missing", "No chat model is installed.", { remedy: "Run `zenglow models pull`." })
        return llm
      },
      async *answer(actor, request, signal) {
        const last = request.messages.findLastIndex((message) => message.role === "user")
        const system = request.messages.find((message) => message.role === "system")?.text
        const base = await persona(null)
        yield* answerWith(
          {
            actor,
            question: request.messages[last]?.text ?? "",
            history: [],
            collectionIds: request.collectionIds,
            alwaysSearches: true,
            persona: system === undefined ? base : { ...base, systemPrompt: system },
            cacheKey: "openai-rag",
            model: null,
            temperature: request.temperature,
            maxTokens: request.maxTokens,
          },
          signal,
        )
      },
    },
    onRequest: metrics.onRequest,
    onChange: (_actor, listener) => changes.subscribe(listener),
  }

  await swapGate.load(ownerActor)
  await engines.refresh()
  await jobs.recover(ownerActor)
  await folders.start(ownerActor)
  void followModels()
  void checkIndex()
  const isSampleNew = (await documents.ensureSampleCollection(ownerActor)) !== null
  if (isSampleNew && jobs.active().some((job) => job.kind === "ingest")) sampleReady = nextIngestEnd(jobHub)
  const server = scope.add(createServer(deps), (opened) => opened.close())
  return { server, jobs, isOffline: install.isOffline, close: () => scope.close() }
}

/** Speakable sentences of a whole text. */
function splitForSpeech(text: string): string[] {
  const splitter = createSentenceSplitter()
  return [...splitter.push(text), ...splitter.end()]
    .map((piece) => speakable(piece.text))
    .filter((spoken) => spoken.trim() !== "")
}

function nextIngestEnd(hub: Hub<{ job: Job }>): Promise<void> {
  return new Promise((resolve) => {
    const end = hub.subscribe(({ job }) => {
      if (job.kind !== "ingest" || job.status === "running" || job.status === "queued") return
      end()
      resolve()
    })
  })
}
