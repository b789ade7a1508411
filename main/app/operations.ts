import type { ModelRole } from "#contract/models.ts"
import { ownerActor } from "#core/actor.ts"
import type { Clock } from "#core/clock.ts"
import type { AppConfig } from "#core/config.ts"
import type { Egress } from "#core/egress/createEgress.ts"
import { errorInfo } from "#core/errors.ts"
import type { Logger } from "#core/logger.ts"
import type { MemoryBudget } from "#models/budget.ts"
import { freeDiskBytes } from "#models/diskFiles.ts"
import type { Models } from "#models/models.ts"
import { viewConfig } from "#ops/configView.ts"
import { createOps, type Ops, type OpsDeps } from "#ops/createOps.ts"
import type { LogBuffer } from "#ops/logBuffer.ts"
import type { MetricHistory } from "#ops/metricHistory.ts"
import { createMetrics, type Metrics } from "#ops/metrics.ts"
import { probeNativeModules } from "#ops/nativeModules.ts"
import type { Secrets } from "#ops/secrets/types.ts"
import { probeTcp } from "#ops/tcpProbe.ts"
import type { TurnSummary } from "#ops/turnMeter.ts"
import type { Store } from "#store/types.ts"
import type { EngineRack } from "./engines.ts"
import { productDir } from "./entries.ts"
import type { Routing } from "./routing.ts"
import type { SoundChecks } from "./soundChecks.ts"
import { version } from "./version.ts"

export interface OperationsDeps {
  config: AppConfig
  clock: Clock
  log: Logger
  logs: LogBuffer
  store: Store
  models: Models
  engines: EngineRack
  routing: Pick<Routing, "probed" | "addresses">
  budget: MemoryBudget
  egress: Pick<Egress, "isOffline" | "open">
  isHubReachable(signal: AbortSignal): Promise<boolean>
  history: MetricHistory
  secrets: Pick<Secrets, "list" | "get">
  mask(text: string): string
  reloadConfiguration: OpsDeps["reloadConfiguration"]
  logProblem(): string | null
  activeJobs(): number
  /** Hears of every turn that ended. */
  onTurn(summary: TurnSummary): void
  /** The machine's own devices; asked for when a check runs. */
  sound(): SoundChecks
  /** What is wrong with the search index, in words; empty: nothing. */
  indexProblems(): Promise<string[]>
}

/** Roles whose engines doctor really loads. */
const roles = ["llm", "embedder", "vad", "stt", "tts"] as const satisfies readonly ModelRole[]

/** Metrics, health, doctor and diagnostics over the parts that createApp made. */
export function createOperations(deps: OperationsDeps): { metrics: Metrics; ops: Ops } {
  const { config, clock, log, store, models, engines } = deps
  const startedAt = clock.monotonic()
  const hosts = () => engines.hosts().map(({ status }) => status)
  const disk = async () => ({ freeBytes: await freeDiskBytes(config.dataDir) })
  const loadedModels = async () => {
    const pidOf = (id: string) => engines.hosts().find((host) => host.models.includes(id))?.status.pid ?? null
    const chosen = await Promise.all(roles.map(async (role) => ({ role, id: await models.choose(role) })))
    return chosen.flatMap(({ role, id }) =>
      id === null ? [] : [{ role, id, load: engines.loadState(id), pid: pidOf(id) }],
    )
  }
  const metrics = createMetrics({
    clock,
    log,
    version,
    hosts,
    models: loadedModels,
    memory: () => ({ budgetBytes: deps.budget.totalBytes, engineBytes: deps.budget.usedBytes() }),
    queues: () => ({ jobs: deps.activeJobs() }),
    onTurn: deps.onTurn,
    history: deps.history,
  })
  const ops = createOps({
    metrics,
    history: deps.history,
    logs: deps.logs,
    mask: deps.mask,
    reloadConfiguration: deps.reloadConfiguration,
    notReady: () => [],
    backends: () => [{ name: "in-process", llm: () => engines.llm(null) }, ...deps.routing.probed()],
    backendAddresses: deps.routing.addresses,
    health: {
      clock,
      startedAt,
      store,
      hosts,
      disk,
      models: () =>
        Promise.all(roles.map(async (role) => ({ role, isInstalled: (await models.choose(role)) !== null }))),
      ollama: null,
    },
    diagnostics: {
      clock,
      version,
      store,
      hosts,
      models: loadedModels,
      configuration: () => viewConfig(config),
      nativeModules: () => probeNativeModules(productDir, new AbortController().signal),
    },
    doctor: {
      clock,
      dataDir: config.dataDir,
      port: { host: config.host, port: config.port, isServing: true },
      holdsLock: () => true,
      disk,
      store,
      indexProblems: deps.indexProblems,
      async models() {
        const { items } = await models.list()
        return items
          .filter((model) => model.isRecommended || model.status === "installed" || model.status === "corrupt")
          .map(({ id, name, status }) => ({ id, name, isInstalled: status === "installed" || status === "corrupt" }))
      },
      verifyModel: models.verify,
      engines: roles.map((role) => ({
        name: role,
        isInstalled: async () => (await models.choose(role)) !== null,
        async load(signal) {
          const id = await models.choose(role)
          if (id) await engines.load(id, signal)
        },
      })),
      hosts,
      nativeModules: () => probeNativeModules(productDir, new AbortController().signal),
      auditChain: () => store.audit.verify(),
      newestRecordAt: async () => (await store.timeline.list(ownerActor, { limit: 1 })).items[0]?.at ?? null,
      logProblem: deps.logProblem,
      secretsProblem: () => secretsProblem(deps.secrets),
      proxy: config.proxy && {
        ...config.proxy,
        isReachable: (signal) => isReachable(config.proxy?.address ?? "", deps.egress, signal),
      },
      audio: (signal) => deps.sound().devices(signal),
      opensSound: (direction, signal) => deps.sound().opens(direction, signal),
      network: deps.egress.isOffline()
        ? null
        : async (signal) => [{ host: "the model hub", isReachable: await deps.isHubReachable(signal) }],
    },
  })
  return { metrics, ops }
}

/** A locked vault is found by reading one of the secrets in it. */
async function secretsProblem(
  secrets: Pick<Secrets, "list" | "get">,
): Promise<{ message: string; remedy: string } | null> {
  try {
    const sealed = (await secrets.list()).find(({ source }) => source === "vault")
    if (sealed) await secrets.get(sealed.name)
    return null
  } catch (error) {
    const { message, remedy } = errorInfo(error)
    return { message, remedy: remedy ?? "Set ZENGLOW_VAULT_PASSPHRASE and start again." }
  }
}

const proxyLimitMs = 3000

async function isReachable(address: string, egress: Pick<Egress, "open">, signal: AbortSignal): Promise<boolean> {
  const { hostname, port } = new URL(`http://${address}`)
  const target = { host: hostname, port: Number(port || 80), timeoutMs: proxyLimitMs }
  const connection = egress.open({ reason: "connection-check", ...target, allowsPrivate: true })
  try {
    return (await probeTcp(target, new Set([`${hostname.toLowerCase()}:${target.port}`]), signal)).ok
  } finally {
    connection.end("done")
  }
}
