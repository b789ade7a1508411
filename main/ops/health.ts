import type { z } from "zod"
import type { aggregatedHealth, componentHealth } from "#contract/ops.ts"
import type { HealthReport } from "#contract/probe.ts"
import { type Actor, ownerActor } from "#core/actor.ts"
import type { Clock } from "#core/clock.ts"
import { AppError, errorInfo } from "#core/errors.ts"
import type { HostStatus } from "#core/host/types.ts"
import { untilAborted } from "#core/untilAborted.ts"
import type { Store } from "#store/types.ts"
import { withLimit } from "./withLimit.ts"

export type ComponentHealth = z.infer<typeof componentHealth>
export type AggregatedHealth = z.infer<typeof aggregatedHealth>

export interface HealthDeps {
  clock: Clock
  /** Monotonic milliseconds when the core started. */
  startedAt: number
  store: Pick<Store, "check" | "healthReports">
  /** Roles of the bundle and whether a model for each is installed. */
  models(): Promise<{ role: string; isInstalled: boolean }[]>
  hosts(): readonly HostStatus[]
  disk(): Promise<{ freeBytes: number }>
  /** Asks the configured Ollama for its version. Null: none is configured. */
  ollama: ((signal: AbortSignal) => Promise<void>) | null
  /** Milliseconds each check may take. */
  limits?: Partial<Record<ComponentName, number>>
}

export type ComponentName = "db" | "models" | "engines" | "disk" | "ollama"

export interface Health {
  component(name: ComponentName, signal: AbortSignal): Promise<ComponentHealth>
  /**
   * All components at once. `unhealthy`: the database or the disk is, for then nothing can be kept. `degraded`: anything else
   * is unhealthy or degraded; chats still work by extraction. `unknown` components, those not configured, do not count.
   */
  aggregated(signal: AbortSignal): Promise<AggregatedHealth>
  /** Keeps what another program says of a part of itself. Throws `request.conflict` for names of our own components. */
  report(actor: Actor, report: Omit<HealthReport, "reported_at" | "expires_at">, lifeMs: number): Promise<HealthReport>
  uptimeSeconds(): number
}

type Verdict = Pick<ComponentHealth, "status" | "detail">

const defaultLimits: Record<ComponentName, number> = { db: 3000, models: 3000, engines: 500, disk: 2000, ollama: 3000 }
const critical: ReadonlySet<ComponentName> = new Set(["db", "disk"])
const components = Object.keys(defaultLimits) as ComponentName[]

/** How long a verdict is good for: whoever asks more often than this, or at the same time, gets the same one. */
const freshMs = 2000

/** Below this a download or a large ingest will fail soon; below the second, writes do. */
const lowDiskBytes = 1024 ** 3
const noDiskBytes = 50 * 1024 ** 2

/** Every value is measured, at most two seconds ago: a write and a read, a look at each child, free space now. */
export function createHealth(deps: HealthDeps): Health {
  const checks: Record<ComponentName, (signal: AbortSignal) => Promise<Verdict>> = {
    db: async () => {
      const check = await deps.store.check("quick")
      if (!check.isWritable) return { status: "unhealthy", detail: check.problems[0] ?? "A write did not succeed." }
      const problem = check.problems[0]
      return problem
        ? { status: "degraded", detail: problem }
        : { status: "healthy", detail: `Written and read; schema ${check.schemaVersion}.` }
    },
    models: async () => {
      const missing = (await deps.models()).filter((model) => !model.isInstalled).map(({ role }) => role)
      return missing.length === 0
        ? { status: "healthy", detail: "All models of the bundle are installed." }
        : { status: "degraded", detail: `Not installed: ${missing.join(", ")}.` }
    },
    engines: async () => {
      const broken = deps.hosts().filter(({ state }) => state === "broken")
      return broken.length === 0
        ? { status: "healthy", detail: `${deps.hosts().filter(({ state }) => state === "running").length} running.` }
        : {
            status: "unhealthy",
            detail: `Stopped after repeated crashes: ${broken.map(({ name }) => name).join(", ")}.`,
          }
    },
    disk: async () => {
      const { freeBytes } = await deps.disk()
      const detail = `${(freeBytes / 1e9).toFixed(1)} GB free.`
      if (freeBytes < noDiskBytes) return { status: "unhealthy", detail }
      return { status: freeBytes < lowDiskBytes ? "degraded" : "healthy", detail }
    },
    ollama: async (signal) => {
      if (!deps.ollama) return { status: "unknown", detail: "Not configured." }
      await deps.ollama(signal)
      return { status: "healthy", detail: "It answers." }
    },
  }

  const verdicts = new Map<ComponentName, { at: number; verdict: Promise<ComponentHealth> }>()
  const measuring = new AbortController().signal

  /** One measurement for all who ask; each waits no longer than their own request lives. */
  async function component(name: ComponentName, signal: AbortSignal): Promise<ComponentHealth> {
    const now = deps.clock.monotonic()
    let known = verdicts.get(name)
    if (!known || now - known.at >= freshMs) {
      known = { at: now, verdict: measure(name, measuring) }
      verdicts.set(name, known)
    }
    return await untilAborted(known.verdict, signal)
  }

  async function measure(name: ComponentName, signal: AbortSignal): Promise<ComponentHealth> {
    const startedAt = deps.clock.monotonic()
    const limitMs = deps.limits?.[name] ?? defaultLimits[name]
    const attempt = (inner: AbortSignal): Promise<Verdict> =>
      checks[name](inner).catch((error: unknown) => ({ status: "unhealthy", detail: errorInfo(error).message }))
    const late = (): Verdict => ({ status: "unhealthy", detail: `No answer within ${limitMs} ms.` })
    const verdict = await withLimit(attempt, limitMs, late, signal)
    return {
      ...verdict,
      latency_ms: Math.round((deps.clock.monotonic() - startedAt) * 100) / 100,
      checked_at: deps.clock.now(),
    }
  }

  const uptimeSeconds = (): number => Math.round((deps.clock.monotonic() - deps.startedAt) / 100) / 10

  return {
    component,
    async aggregated(signal) {
      const [own, reported] = await Promise.all([
        Promise.all(components.map(async (name) => [name, await component(name, signal)] as const)),
        // A database that is down says so itself.
        deps.store.healthReports.list(ownerActor).catch(() => []),
      ])
      const entries = [...own, ...reported.map((report) => [report.component, asReported(report)] as const)]
      return {
        overall_status: overall(entries),
        services: Object.fromEntries(entries),
        timestamp: deps.clock.now(),
        uptime_seconds: uptimeSeconds(),
      }
    },
    async report(actor, { component: name, status, detail, value }, lifeMs) {
      if ((components as string[]).includes(name)) {
        throw new AppError("request.conflict", `${name} is a component of ZenGlow, which measures it itself.`, {
          remedy: "Report under a name of your own.",
        })
      }
      const now = deps.clock.now()
      const report = { component: name, status, detail, value, reported_at: now, expires_at: now + lifeMs }
      await deps.store.healthReports.upsert(actor, report)
      return report
    },
    uptimeSeconds,
  }
}

const asReported = ({ status, detail, reported_at }: HealthReport): ComponentHealth => ({
  status,
  detail: detail === "" ? "Reported by another program." : detail,
  latency_ms: 0,
  checked_at: reported_at,
})

function overall(entries: readonly (readonly [string, ComponentHealth])[]): ComponentHealth["status"] {
  if (entries.some(([name, { status }]) => (critical as ReadonlySet<string>).has(name) && status === "unhealthy"))
    return "unhealthy"
  return entries.some(([, { status }]) => status === "unhealthy" || status === "degraded") ? "degraded" : "healthy"
}
