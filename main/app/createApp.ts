import { homedir, totalmem } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { createAudioCodecs } from "#audio/audioCodecs.ts"
import { exportConversation } from "#chat/exportConversation.ts"
import { importConversation } from "#chat/importConversation.ts"
import { importChats } from "#chat/imports/importChats.ts"
import { recogniseMemory } from "#chat/memory/recogniseMemory.ts"
import { builtInTools } from "#chat/tools/builtIn.ts"
import { createTools } from "#chat/tools/createTools.ts"
import type { Job } from "#contract/jobs.ts"
import { type Actor, ownerActor } from "#core/actor.ts"
import { systemClock } from "#core/clock.ts"
import type { AppConfig } from "#core/config.ts"
import { createEgress, type Egress } from "#core/egress/createEgress.ts"
import { openEgressLedger } from "#core/egress/egressLedger.ts"
import { createOrphanList } from "#core/host/orphans.ts"
import { createHub } from "#core/hub.ts"
import { createJobs, type Jobs } from "#core/jobs.ts"
import type { Logger, RootLogger } from "#core/logger.ts"
import { createScope, type Scope } from "#core/scope.ts"
import type { Embedder } from "#engines/types.ts"
import { createMemoryBudget } from "#models/budget.ts"
import { loadCatalog } from "#models/catalog.ts"
import { createInstallDeps } from "#models/createInstallDeps.ts"
import { createHubProbe, hubAddresses } from "#models/hubProbe.ts"
import { createModels, type Models } from "#models/models.ts"
import { startDataset } from "#ops/datasets/datasetJob.ts"
import { createDatasets } from "#ops/datasets/datasets.ts"
import type { LogBuffer } from "#ops/logBuffer.ts"
import { openMetricHistory } from "#ops/metricHistory.ts"
import { createPersonas } from "#ops/personas.ts"
import { createPins } from "#ops/pins.ts"
import type { Secrets } from "#ops/secrets/types.ts"
import { createTraces } from "#ops/traces/createTraces.ts"
import { chunkingName } from "#rag/chunking.ts"
import { createDocuments } from "#rag/documents.ts"
import { createFolders, type Folders } from "#rag/folders/folders.ts"
import { createIndexCare } from "#rag/indexCare.ts"
import { createIngest } from "#rag/ingest.ts"
import { createSwapGate } from "#rag/swapGate.ts"
import { createVectorIndex } from "#rag/vectorIndex.ts"
import type { ServerDeps } from "#server/deps.ts"
import { type CoreServer, createServer } from "#server/http.ts"
import type { CarriedSessions } from "#server/sessions.ts"
import { gateRoles } from "#store/gateRoles.ts"
import { openPiiVault } from "#store/pii/openPiiVault.ts"
import { openSqliteStore } from "#store/sqlite/openSqliteStore.ts"
import { createAnswering } from "./answering.ts"
import { createBackupService } from "./backupService.ts"
import { createChanges } from "./changes.ts"
import { createClonerChoice } from "./cloner.ts"
import { createConversing } from "./conversing.ts"
import { createEgressService } from "./egressService.ts"
import { createEngineRack } from "./engines.ts"
import { entryUrl, rendererDir, sampleDir } from "./entries.ts"
import { createEvaluating } from "./evaluating.ts"
import { createIndexKeeper } from "./indexKeeper.ts"
import { createJobRunners } from "./jobRunners.ts"
import { createKnowledge } from "./knowledge.ts"
import { createLeaving } from "./leaving.ts"
import { createLibraryService } from "./libraryService.ts"
import { createLiveConfig } from "./liveConfig.ts"
import { createModelService, selectedModel } from "./modelService.ts"
import { createOpenAiService } from "./openAiService.ts"
import { createOperations } from "./operations.ts"
import { openPeople } from "./peopleService.ts"
import { asChosen } from "./personaChoices.ts"
import { createPrivacyService, hiddenWords } from "./privacyService.ts"
import { createRagService } from "./ragService.ts"
import { createReading } from "./reading.ts"
import { createResplitting } from "./resplitting.ts"
import { openRetrieval } from "./retrieval.ts"
import { openRouting } from "./routing.ts"
import { createSample } from "./sample.ts"
import { createSettingsService, openSettings } from "./settings.ts"
import { createSound } from "./sound.ts"
import { type NamesOf, speakerNames } from "./speakerNames.ts"
import { openSpeakers } from "./speakerService.ts"
import { version } from "./version.ts"
import { createWakePhrases } from "./wakePhrases.ts"
import { createWhy } from "./why.ts"

export interface App {
  server: CoreServer
  /** The way out of this computer. */
  egress: Egress
  jobs: Jobs
  close(): Promise<void>
}

export interface AppOptions {
  config: AppConfig
  apiKey: string
  log: RootLogger
  /** The last lines of `log`. */
  logs: LogBuffer
  secrets: Secrets
  /** Takes known secrets out of a text. */
  mask(text: string): string
  /** A restore that was finished before this start; the audit log tells of it. */
  restored?: { id: string; safetyId: string } | null
  /** Ends this core and starts it anew. */
  restart(): void
  /** Windows that were open before a restart go on. */
  sessions?: CarriedSessions
  /** Why the log on disk takes no lines. Null: it does, or none is wanted. */
  logProblem(): string | null
}

/** Share of the machine's memory that models may take together. */
const memoryShare = 0.7

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

async function assemble(options: AppOptions, scope: Scope): Promise<App> {
  const { apiKey, log, logs, secrets } = options
  const live = createLiveConfig(options.config, log, (actor) => settings.change(actor, {}))
  const config = live.current
  const keep = <T extends { close(): Promise<void> | void }>(opened: T): T => scope.add(opened, () => opened.close())
  /** The log of one part of the product, as `/logs/recent` names it. */
  const part = (component: string): Logger => log.child({ component })
  const clock = systemClock

  const orphans = createOrphanList(join(config.dataDir, "hosts"), log)
  await orphans.sweep()
  const store = gateRoles(
    keep(
      await openSqliteStore({
        file: join(config.dataDir, "zenglow.db"),
        backupDir: join(config.dataDir, "backups"),
        log: part("store"),
        workerUrl: entryUrl("store"),
        auditKey: await secrets.dataKey("audit"),
      }),
    ),
  )
  const { changed, onChange } = createChanges(store.documents, log)
  const leave = createLeaving(() => ({ store, jobs, folders, documents, datasets, vault }))
  const people = await openPeople({
    store,
    pins: createPins(clock),
    leave,
    settle: () => folders.start(ownerActor),
    onShared: (channel) => changed(channel)(null),
  })
  const settings = await openSettings(store.settings, config, people.actors())
  settings.onChange(() => changed("settings")(null))

  const egress = keep(
    createEgress({
      ledger: openEgressLedger(join(config.dataDir, "egress.jsonl")),
      isOffline: () => settings.values().offline,
      proxy: config.proxy?.address ?? null,
      clock,
      log: part("egress"),
    }),
  )

  // Models and engines know of each other: what is loaded cannot be removed, and what is installed can be loaded.
  const catalog = loadCatalog()
  const install = createInstallDeps({
    modelsDir: config.modelsDir,
    egress,
    clock,
    log: part("models"),
    convertEntry: entryUrl("convert"),
    platform: process.platform,
    // The package clients read their own configuration from it.
    environment: process.env,
  })
  const jobHub = createHub<{ personId: string; job: Job }>((error) => log.error("a listener of jobs failed", { error }))
  let models: Models
  const onModelChange = (modelId: string): void => {
    changed("models")(modelId)
    void indexKeeper.followModels()
  }
  const traces = createTraces({ version, originOf: (turnId) => conversing.turns.originOf(turnId) })
  const budget = createMemoryBudget({ totalBytes: totalmem() * memoryShare })
  const engines = keep(
    createEngineRack({
      config,
      clock,
      log,
      orphans,
      budget,
      resolve: (id, signal) => models.resolve(id, signal),
      choose: (role) => models.choose(role),
      installedOf: (role) => models.installedOf(role),
      pronunciations: () => settings.values().pronunciations,
      unloadAfterMinutes: () => settings.values().unloadAfterMinutes,
      onCall: traces.onHostCall,
      onChange: changed("models"),
    }),
  )

  const swapGate = createSwapGate({
    settings: store.settings,
    pinnedRecall: (actor, embedder: Embedder, signal) =>
      retrieval.pinnedRecallWith(actor, { queryEmbedder: async () => embedder }, signal),
    onChange: () => changed("documents")(null),
    now: () => clock.now(),
    log: part("rag"),
  })
  const vectorIndex = createVectorIndex({
    chunks: store.chunks,
    embedder: engines.embedder,
    embedderOf: engines.embedderOf,
    gate: swapGate,
    log: part("rag"),
  })
  const knowledge = createKnowledge({
    store,
    queryEmbedder: vectorIndex.queryEmbedder,
    embedder: engines.embedder,
    changed,
    log: part("rag"),
  })
  const indexCare = createIndexCare({ chunks: store.chunks, vectorIndex, embedder: engines.embedder, log: part("rag") })
  const uploadsDir = join(config.dataDir, "uploads")
  const codecs = keep(createAudioCodecs({ workerEntry: entryUrl("codecs") }))
  const onDocument = ({ id }: { id: string }) => changed("documents")(id)
  const speakers = openSpeakers({
    profiles: store.voiceProfiles,
    encoder: engines.speakerEncoder,
    vad: engines.vad,
    secrets,
  })
  const namesOf: NamesOf = (actor, samples, segments, signal) =>
    speakerNames(speakers, actor, samples, segments, signal)
  const { reader, pages } = createReading({
    codecs,
    speechToText: engines.speechToText,
    namesOf,
    models: { choose: (role) => models.choose(role), resolve: (id, signal) => models.resolve(id, signal) },
    documents: store.documents,
    uploadsDir,
    onDocument,
    egress,
    trustedOrigins: config.pageOrigins,
    orphans,
    log: part("rag"),
  })
  keep(reader)
  const { resplit, gate: passageGate } = createResplitting({
    store,
    dir: join(config.dataDir, "next-index"),
    parser: reader,
    embedder: vectorIndex.writingEmbedder,
    passageTokens: () => settings.values().passageTokens,
    pinnedRecall: (actor, { chunks }, signal) => retrieval.pinnedRecallWith(actor, { chunks }, signal),
    onDocument,
    onGate: () => changed("documents")(null),
    clock,
    log: part("rag"),
  })
  const ingest = createIngest({
    store,
    parser: reader,
    embedder: vectorIndex.writingEmbedder,
    chunking: resplit.current,
    vectorIndex,
    onDocument,
    log: part("rag"),
  })
  let folders: Folders
  const jobs: Jobs = keep(
    createJobs({
      store: store.jobs,
      hub: jobHub,
      runners: createJobRunners({
        store,
        catalog,
        install,
        onModelChange,
        embedder: engines.embedder,
        record: knowledge.record,
        ingest,
        folders: () => folders,
        pages,
        vectorIndex,
        indexCare,
        resplit,
        chunking: () => chunkingName(resplit.current()),
        evaluate: () => evaluations.runner,
        datasets: () => datasets,
        log: part("jobs"),
      }),
      clock,
      log: part("jobs"),
    }),
  )
  models = createModels({
    catalog,
    install,
    jobs,
    loadState: engines.loadState,
    tokensPerSecond: engines.tokensPerSecond,
    selected: (role) => selectedModel(role, settings),
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

  const sample = createSample(documents, jobs, jobHub)
  folders = keep(
    createFolders({
      store,
      ingest,
      collectionOfPath: documents.collectionOfPath,
      startJob: (actor, job) => jobs.start(actor, job),
      cancelJob: (actor, jobId) => jobs.cancel(actor, jobId),
      onDeferred: () => void indexKeeper.followModels(),
      onChange: () => changed("documents")(null),
      log: part("rag"),
    }),
  )

  const indexKeeper = keep(
    createIndexKeeper({
      chunks: store.chunks,
      vectorIndex,
      indexCare,
      swapGate,
      resplit,
      passageGate,
      shippedWeights: () => retrieval.shippedWeights,
      engines,
      jobs,
      log: part("rag"),
    }),
  )
  settings.onChange(() => void indexKeeper.followModels())

  const retrieval = keep(
    await openRetrieval({
      store,
      knowledge,
      queryEmbedder: vectorIndex.queryEmbedder,
      reranker: engines.reranker,
      people: people.actors(),
      clock,
      log: part("rag"),
    }),
  )
  const personas = createPersonas({ file: join(config.dataDir, "personas.json"), log: part("ops") })
  const persona = async (id: string | null, actor?: Actor) => {
    const values = settings.values(actor)
    const found = await personas.get(id ?? people.person(actor?.personId ?? "")?.personaId ?? values.personaId)
    return asChosen(found, values)
  }
  const routing = await openRouting({
    store,
    engines,
    settings,
    embedder: vectorIndex.queryEmbedder,
    secrets,
    egress,
    dataDir: config.dataDir,
    onChange: () => changed("models")(null),
    clock,
    log: part("routing"),
  })
  const answering = createAnswering({
    store,
    engines,
    routing,
    catalog,
    settings,
    retrieval: retrieval.deps,
    memories: knowledge.memories,
    shown: retrieval.shown,
    sampleReady: sample.ready,
    log: part("chat"),
  })
  const evaluations = createEvaluating({
    store,
    dir: join(config.dataDir, "evaluations"),
    retrieval: retrieval.deps,
    embedder: engines.embedder,
    jobs,
    answer: answering.answerShown,
    persona,
    log: part("rag"),
  })

  const { metrics, ops } = createOperations({
    config,
    clock,
    log: part("ops"),
    logs,
    store,
    models,
    engines,
    routing,
    budget,
    egress,
    isHubReachable: createHubProbe({
      addresses: hubAddresses(catalog),
      install: { ...install, fetch: egress.fetch("model-check") },
    }),
    activeJobs: () => jobs.active().length,
    sound: () => sound.checks,
    onTurn: traces.onTurn,
    secrets,
    mask: options.mask,
    reloadConfiguration: live.reload,
    logProblem: options.logProblem,
    history: await openMetricHistory({ file: join(config.dataDir, "metrics", "history.jsonl"), log: part("ops") }),
    indexProblems: async () => (await indexCare.inspect()).map(({ message }) => message),
  })
  keep(metrics)
  const sound = createSound({ settings, orphans, count: metrics.count, clock, log: part("audio") })
  keep(sound.devices)
  const conversing = keep(
    createConversing({
      store,
      engines,
      codecs,
      devices: sound.devices,
      speakers,
      namesOf,
      settings,
      wakePhrases: createWakePhrases(catalog, models),
      secrets,
      cloner: createClonerChoice({ engines, settings, codecs, secrets, egress }),
      answer: answering.answerShown,
      persona,
      people,
      onConversationChanged: changed("conversations"),
      count: metrics.count,
      clock,
      log: part("chat"),
    }),
  )
  const { turns, voiceSessions, audio, speech, speakerService, cloning, wake, tuning } = conversing
  scope.add(turns.hub.subscribe(metrics.onTurnEvent), (end) => void end())

  const backups = keep(
    createBackupService({
      dataDir: config.dataDir,
      store,
      secrets,
      settings,
      restart: options.restart,
      clock,
      log: part("backups"),
    }),
  )
  if (options.restored) {
    const { id: subject, safetyId: detail } = options.restored
    await store.audit.record(ownerActor, {
      action: "backup.restored",
      subject,
      outcome: "ok",
      requestId: null,
      detail,
    })
  }

  const vault = keep(openPiiVault({ file: join(config.dataDir, "pii.db"), key: await secrets.dataKey("pii"), clock }))
  const datasets = createDatasets({
    store,
    dir: join(config.dataDir, "datasets"),
    voiceOf: (actor) => people.person(actor.personId)?.speakerId ?? null,
    namesFor: (actor) => hiddenWords(actor, store, vault),
    record: knowledge.record,
    version,
    clock,
  })
  const privacy = createPrivacyService({
    store,
    vault,
    datasets,
    leave: (actor) => leave(actor, "erase"),
    deleteDocument: documents.delete,
    deleteMemory: knowledge.memories.forget,
    removePerson: people.remove,
    actorOf: people.actorOf,
    changed(actor) {
      for (const channel of ["documents", "conversations", "memory", "artifacts"] as const)
        changed(channel)(null, actor)
    },
    backups: async () => (await backups.list()).items.map(({ id, at }) => ({ name: id, madeAt: at })),
    dataDir: config.dataDir,
  })

  const deps: ServerDeps = {
    log: part("server"),
    clock,
    version,
    temporaryDir: join(config.dataDir, "tmp"),
    rendererDir: fileURLToPath(rendererDir),
    allowedHosts: config.allowedHosts,
    allowedOrigins: config.allowedOrigins,
    firstRunKey: apiKey,
    checksOutput: config.logLevel === "debug",
    keys: store.keys,
    people,
    turns,
    conversations: {
      ...store.conversations,
      export: exportConversation,
      import: (actor, file) => importConversation(actor, file, store.conversations),
      importFiles: (actor, files, signal) =>
        importChats(actor, files, { conversations: store.conversations, clock }, signal),
    },
    messages: store.messages,
    ...createLibraryService({
      store,
      documents,
      folders,
      jobs,
      onChange: changed("documents"),
    }),
    folders,
    searchIndex: indexKeeper.service,
    jobs,
    models: createModelService({ models, engines, settings }),
    backends: routing.backends,
    switchr: routing.switchr,
    settings: createSettingsService(settings, personas, config.dataDir),
    speech,
    speakers: speakerService,
    devices: sound.service,
    cloning,
    voiceSessions,
    wake,
    tuning,
    memory: knowledge.memoryService,
    tools: createTools(builtInTools, () => new Date(clock.now())),
    artifacts: knowledge.artifactService,
    evaluations,
    why: createWhy({
      store,
      retrieval: retrieval.deps,
      embedder: engines.embedder,
      topK: () => settings.values().topK,
      passageTokens: answering.passageTokens,
    }),
    rag: createRagService({
      retrieval: retrieval.deps,
      answer: answering.answer,
      persona,
      isToBeRemembered: (text) => recogniseMemory(text)?.kind === "remember",
      shown: retrieval.shown,
      fusion: retrieval.fusion,
      pinnedRecall: (actor, fusion, signal) =>
        retrieval.pinnedRecallWith(actor, fusion ? { fusion: () => fusion } : {}, signal),
      clock,
      embedder: engines.embedder,
    }),
    ops,
    traces,
    secrets,
    audit: store.audit,
    egress: createEgressService(egress),
    backups,
    privacy,
    datasets: { ...datasets, start: (actor, recipe) => startDataset(jobs, actor, recipe) },
    ...(options.sessions ? { carriedSessions: options.sessions } : {}),
    timeline: store.timeline,
    audio,
    openAi: createOpenAiService({ routing, answer: answering.answerShown, persona }),
    onRequest: metrics.onRequest,
    onChange,
  }

  await swapGate.load(ownerActor)
  await passageGate.load(ownerActor)
  await resplit.load(ownerActor)
  await engines.refresh()
  for (const actor of people.actors()) {
    await jobs.recover(actor)
    await folders.start(actor)
  }
  void indexKeeper.followModels()
  void indexKeeper.check()
  await sample.add()
  const server = keep(createServer(deps))
  return { server, jobs, egress, close: () => scope.close() }
}
