import { mkdir, readdir, rm } from "node:fs/promises"
import { join } from "node:path"
import type { Bundle, Model, ModelRole } from "#contract/models.ts"
import type { Actor } from "#core/actor.ts"
import { AppError } from "#core/errors.ts"
import type { Jobs } from "#core/jobs.ts"
import { type Catalog, type CatalogModel, describeSource } from "./catalog.ts"
import { type ExternalModel, findExternalModels } from "./externalModels.ts"
import { createHubProbe, hubAddresses } from "./hubProbe.ts"
import {
  checkImported,
  type ImportedModel,
  type ImportRequest,
  importDirectory,
  importedFile,
  importModel,
  inspectImport,
  listImported,
  placeCatalogFile,
} from "./importedModels.ts"
import { checkXtts, importXtts, inspectXtts, isXttsFolder } from "./importedXtts.ts"
import { familyOf, type InstallDeps, incomingDirectory } from "./install.ts"
import { checkFiles, directoryBytes, modelDirectory, stampFile } from "./installedFiles.ts"
import { type Machine, probeMachine } from "./machine.ts"
import { composingQuality, fitOf, recommendBundle } from "./recommend.ts"
import { type ResolvedModel, resolveModel } from "./resolve.ts"

export interface ModelsDeps {
  catalog: Catalog
  install: InstallDeps
  jobs: Pick<Jobs, "start" | "active" | "cancel">
  /** Load state of a model's engine. */
  loadState: (modelId: string) => Model["load"]
  /** Measured here; null until measured. */
  tokensPerSecond: (modelId: string) => number | null
  /** The model the settings name for a role; null when they name none. */
  selected: (role: ModelRole) => string | null
  /** A model arrived, vanished or changed. */
  onChange: (modelId: string) => void
  home: string
  platform: NodeJS.Platform
  /** Default: looks at this machine. */
  probeMachine?: (path: string) => Promise<Machine>
}

export interface VerifyResult {
  ok: boolean
  files: { name: string; ok: boolean; reason: string | null }[]
}

/** Models on this machine and those that could be. What routes, engines and health need of them. */
export interface Models {
  list(): Promise<{ items: Model[]; diskUsedBytes: number; diskFreeBytes: number }>
  get(id: string): Promise<Model>
  bundle(): Promise<Bundle>
  /** Queues downloads of what the bundle lacks, smallest first. Throws `download.offline`. */
  pullBundle(actor: Actor): Promise<{ jobIds: string[] }>
  pull(actor: Actor, id: string): Promise<{ jobId: string }>
  verify(id: string, signal: AbortSignal): Promise<VerifyResult>
  import(actor: Actor, request: ImportRequest, signal: AbortSignal): Promise<Model>
  /** Throws `model.in-use` while it is loaded. */
  remove(actor: Actor, id: string): Promise<{ freedBytes: number }>
  external(): Promise<ExternalModel[]>
  /** Checked paths for a load message. Throws `model.*`. */
  resolve(id: string, signal: AbortSignal): Promise<ResolvedModel>
  /** The model to use for a role: the selected one when installed, else the best installed one, else null. */
  choose(role: ModelRole): Promise<string | null>
  /** Installed models of a role, the one to use first. */
  installedOf(role: ModelRole): Promise<string[]>
}

export function createModels(deps: ModelsDeps): Models {
  const { catalog, install } = deps
  const { modelsDir } = install
  const isHubReachable = createHubProbe({ install: deps.install, addresses: hubAddresses(deps.catalog) })
  const quiet = new AbortController().signal

  const look = async (): Promise<Machine> => {
    await mkdir(modelsDir, { recursive: true })
    return (deps.probeMachine ?? probeMachine)(modelsDir)
  }

  /** Whether a model is whole, cheaply: sizes and stamps, no hashing. */
  const stateOf = async (model: CatalogModel): Promise<"installed" | "corrupt" | "partial" | "absent"> => {
    const states = (await checkFiles(model, modelsDir, "quick", quiet)).map(({ state }) => state)
    if (states.some((state) => state === "wrong-hash" || state === "wrong-size")) return "corrupt"
    if (states.every((state) => state === "ok" || state === "unverified")) return "installed"
    const waiting = await readdir(incomingDirectory(modelsDir, model.id)).catch(() => [])
    return waiting.length > 0 ? "partial" : "absent"
  }

  const recommend = async (machine: Machine) => {
    const installed = new Set<string>()
    for (const model of catalog.models) if ((await stateOf(model)) === "installed") installed.add(model.id)
    const families = await reachableFamilies()
    const chosen = await choose("llm")
    const imported = (await listImported(modelsDir)).find((model) => model.id === chosen)
    const isInstalled = (model: CatalogModel) => installed.has(model.id)
    return recommendBundle(catalog, machine, {
      isInstalled,
      canGet: (model) => isInstalled(model) || model.sources.some((source) => families.has(familyOf(source))),
      importedLlm: imported?.name ?? null,
    })
  }

  const reachableFamilies = async (): Promise<ReadonlySet<string>> => {
    const families = new Set<string>()
    if (install.isOffline()) return families
    const timeout = AbortSignal.timeout(30_000)
    await Promise.all([
      isHubReachable(timeout).then((isReachable) => isReachable && families.add("huggingface")),
      ...(["pypi", "npm", "maven"] as const).map(async (kind) => {
        if (!install.reachability.isDown(kind) && (await install.clients[kind].isAvailable(timeout))) families.add(kind)
      }),
    ])
    return families
  }

  const jobOf = (modelId: string) =>
    deps.jobs.active().find((job) => job.kind === "model-pull" && job.subjectId === modelId)

  const describe = async (model: CatalogModel, machine: Machine, chosen: Choice): Promise<Model> => {
    const state = await stateOf(model)
    const job = jobOf(model.id)
    const load = deps.loadState(model.id)
    const source = model.sources.find((candidate) => !install.reachability.isDown(familyOf(candidate)))
    return {
      ...common(model, machine, load),
      summary: model.summary,
      licence: model.licence,
      licenceUrl: model.licenceUrl,
      dimensions: model.dimensions,
      languages: model.languages,
      source: source ? describeSource(source) : "none that can be reached",
      status:
        job && job.status !== "paused"
          ? "downloading"
          : job || state === "partial"
            ? "paused"
            : state === "absent"
              ? "available"
              : state,
      isImported: false,
      isDefault: chosen.defaults.has(model.id),
      isRecommended: chosen.recommended.has(model.id),
      jobId: job?.id ?? null,
    }
  }

  const describeImported = async (model: ImportedModel, machine: Machine, chosen: Choice): Promise<Model> => ({
    ...common({ ...model, sizeBytes: model.totalBytes ?? model.sizeBytes }, machine, deps.loadState(model.id)),
    summary: `Imported ${model.architecture} model.`,
    licence: model.licence ?? "unknown",
    licenceUrl: null,
    dimensions: null,
    languages: [],
    source: "local",
    status: (await checkImported(modelsDir, model, "quick", quiet)) === "ok" ? "installed" : "corrupt",
    isImported: true,
    isDefault: chosen.defaults.has(model.id),
    isRecommended: false,
    jobId: null,
  })

  const common = (
    model: Pick<CatalogModel, "id" | "name" | "role" | "sizeBytes" | "memoryBytes" | "contextTokens">,
    machine: Machine,
    load: Model["load"],
  ) => ({
    id: model.id,
    name: model.name,
    role: model.role,
    sizeBytes: model.sizeBytes,
    contextTokens: model.contextTokens,
    load,
    // What a loaded model holds is part of what it may use.
    fit: fitOf(model.memoryBytes, machine.freeMemoryBytes + (load === "loaded" ? model.memoryBytes : 0)),
    tokensPerSecond: deps.tokensPerSecond(model.id),
  })

  const choose = async (role: ModelRole): Promise<string | null> => {
    const selected = deps.selected(role)
    const imported = await listImported(modelsDir)
    if (selected !== null) {
      if (imported.some((model) => model.id === selected && model.role === role)) return selected
      if (catalog.has(selected) && (await stateOf(catalog.get(selected))) === "installed") return selected
    }
    const ranked = catalog.byRole(role).toSorted((left, right) => right.quality - left.quality)
    for (const model of ranked) if ((await stateOf(model)) === "installed") return model.id
    return imported.find((model) => model.role === role)?.id ?? null
  }

  const installedOf = async (role: ModelRole): Promise<string[]> => {
    const [chosen, imported] = await Promise.all([choose(role), listImported(modelsDir)])
    const ids = imported.filter((model) => model.role === role).map((model) => model.id)
    for (const model of catalog.byRole(role)) if ((await stateOf(model)) === "installed") ids.push(model.id)
    return chosen === null ? ids : [chosen, ...ids.filter((id) => id !== chosen)]
  }

  interface Choice {
    defaults: ReadonlySet<string>
    recommended: ReadonlySet<string>
  }
  const choices = async (recommended: CatalogModel[]): Promise<Choice> => {
    const roles: ModelRole[] = ["llm", "embedder", "reranker", "stt", "tts", "vad", "ocr", "cloner"]
    const defaults = await Promise.all(roles.map(choose))
    return {
      defaults: new Set(defaults.filter((id) => id !== null)),
      recommended: new Set(recommended.map((model) => model.id)),
    }
  }

  const list: Models["list"] = async () => {
    const machine = await look()
    const chosen = await choices((await recommend(machine)).models)
    const items: Model[] = []
    for (const model of catalog.models) items.push(await describe(model, machine, chosen))
    for (const model of await listImported(modelsDir)) items.push(await describeImported(model, machine, chosen))
    return { items, diskUsedBytes: await directoryBytes(modelsDir), diskFreeBytes: machine.diskFreeBytes }
  }

  const get: Models["get"] = async (id) => {
    const machine = await look()
    const imported = (await listImported(modelsDir)).find((model) => model.id === id)
    const chosen = await choices((await recommend(machine)).models)
    return imported ? describeImported(imported, machine, chosen) : describe(catalog.get(id), machine, chosen)
  }

  const bundle: Models["bundle"] = async () => {
    const machine = await look()
    const { models: recommended, reason } = await recommend(machine)
    const chosen = await choices(recommended)
    const models: Model[] = []
    for (const model of recommended) models.push(await describe(model, machine, chosen))
    const missing = models.filter(({ status }) => status !== "installed")
    const missingBytes = missing.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
    const isReady = async (role: ModelRole) => (await choose(role)) !== null
    return {
      machine,
      models,
      missingBytes,
      reason,
      isComplete: missing.length === 0,
      capabilities: {
        chat: true,
        composedAnswers: await hasComposer(),
        semanticSearch: await isReady("embedder"),
        listen: (await isReady("stt")) && (await isReady("vad")),
        speak: await isReady("tts"),
      },
      isOffline: install.isOffline(),
    }
  }

  /** The smallest model chats, but answers from documents are then quoted, not composed. */
  const hasComposer = async (): Promise<boolean> => {
    const id = await choose("llm")
    if (id === null) return false
    return !catalog.has(id) || catalog.get(id).quality >= composingQuality
  }

  const refuseOffline = (): void => {
    if (!install.isOffline()) return
    throw new AppError("download.offline", "Downloads are switched off.", {
      remedy: "Switch offline mode off, or copy a models directory from another machine.",
    })
  }

  const start = async (actor: Actor, model: CatalogModel): Promise<string> => {
    const job = await deps.jobs.start(actor, {
      kind: "model-pull",
      title: model.name,
      unit: "bytes",
      subjectId: model.id,
      total: model.sizeBytes,
      payload: { modelId: model.id },
    })
    deps.onChange(model.id)
    return job.id
  }

  return {
    list,
    get,
    bundle,
    choose,
    installedOf,

    async pullBundle(actor) {
      const { models: recommended } = await recommend(await look())
      const lacking: CatalogModel[] = []
      for (const model of recommended) if ((await stateOf(model)) !== "installed") lacking.push(model)
      if (lacking.length > 0) refuseOffline()
      const jobIds: string[] = []
      for (const model of lacking) jobIds.push(await start(actor, model))
      return { jobIds }
    },

    async pull(actor, id) {
      const model = catalog.get(id)
      if ((await stateOf(model)) !== "installed") refuseOffline()
      return { jobId: await start(actor, model) }
    },

    async verify(id, signal) {
      const imported = (await listImported(modelsDir)).find((model) => model.id === id)
      if (imported) {
        if (imported.role === "cloner") {
          const files = await checkXtts(await inspectXtts(importedFile(modelsDir, imported), signal), signal)
          return { ok: files.every(({ ok }) => ok), files }
        }
        const state = await checkImported(modelsDir, imported, "full", signal)
        const reason = { ok: null, missing: "missing", changed: "not as it was when it was imported" }[state]
        return { ok: state === "ok", files: [{ name: "model.gguf", ok: state === "ok", reason }] }
      }
      const checks = await checkFiles(catalog.get(id), modelsDir, "full", signal)
      const files = checks.map(({ name, state }) => ({ name, ok: state === "ok", reason: reasons[state] }))
      deps.onChange(id)
      return { ok: files.every((file) => file.ok), files }
    },

    async import(_actor, request, signal) {
      if (await isXttsFolder(request.path)) {
        const ids = new Set((await listImported(modelsDir)).map((model) => model.id))
        const voice = await importXtts(modelsDir, request, await inspectXtts(request.path, signal), ids, signal)
        deps.onChange(voice.id)
        return get(voice.id)
      }
      const candidate = await inspectImport(request, signal)
      const published = catalog.models.find(({ files: [file, other] }) => !other && file?.sha256 === candidate.sha256)
      const file = published?.files[0]
      if (published && file) {
        const destination = join(modelDirectory(modelsDir, published.id), file.name)
        if ((await stateOf(published)) !== "installed") {
          await placeCatalogFile(request.path, destination, request.mode, candidate, signal)
          await stampFile(modelsDir, published.id, file)
        }
        deps.onChange(published.id)
        return get(published.id)
      }
      const taken = new Set((await listImported(modelsDir)).map((model) => model.id))
      const model = await importModel(modelsDir, request, candidate, taken, signal)
      deps.onChange(model.id)
      return get(model.id)
    },

    async remove(actor, id) {
      const isImported = (await listImported(modelsDir)).some((model) => model.id === id)
      if (!isImported) catalog.get(id)
      if (deps.loadState(id) !== "unloaded") {
        throw new AppError("model.in-use", "The model is loaded.", { remedy: "Unload it first." })
      }
      const job = jobOf(id)
      if (job) await deps.jobs.cancel(actor, job.id)
      const directory = isImported ? importDirectory(modelsDir, id) : modelDirectory(modelsDir, id)
      const incoming = incomingDirectory(modelsDir, id)
      const freedBytes = (await directoryBytes(directory)) + (await directoryBytes(incoming))
      for (const path of [directory, incoming]) await rm(path, { recursive: true, force: true, maxRetries: 3 })
      deps.onChange(id)
      return { freedBytes }
    },

    external: () => findExternalModels({ home: deps.home, platform: deps.platform }),
    resolve: (id, signal) => resolveModel(id, { catalog, modelsDir }, signal),
  }
}

const reasons = {
  ok: null,
  missing: "missing",
  "wrong-size": "has the wrong size",
  "wrong-hash": "has the wrong content",
  unverified: "not checked yet",
} as const
