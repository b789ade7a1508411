import type { z } from "zod"
import type { DoctorFinding, MetricFrame, opsRoutes } from "#contract/ops.ts"
import type { Actor } from "#core/actor.ts"
import type { ConfigChange } from "./configView.ts"
import { createDiagnostics, type DiagnosticsDeps } from "./diagnostics.ts"
import { type DoctorOptions, runDoctor } from "./doctor/runDoctor.ts"
import { type ComponentHealth, createHealth, type Health } from "./health.ts"
import type { LogBuffer } from "./logBuffer.ts"
import type { MetricHistory } from "./metricHistory.ts"
import type { Metrics } from "./metrics.ts"
import { type LlmProbe, type ProbedBackend, probeBackends } from "./probe.ts"
import { createSupportBundle, type SupportBundle, type SupportBundleDeps } from "./supportBundle.ts"
import { probeTcp, type TcpProbe } from "./tcpProbe.ts"

export interface OpsDeps extends SupportBundleDeps {
  /** Places that answers can come from. */
  backends: () => readonly ProbedBackend[]
  /** `host:port` of backends that may be probed. */
  backendAddresses(): ReadonlySet<string>
  reloadConfiguration(actor: Actor): Promise<{ changed: (ConfigChange & { isApplied: boolean })[] }>
  /** Reasons why requests cannot be served yet; empty when they can. */
  notReady(): string[]
}

export interface Ops {
  ready(): Promise<{ ready: boolean; reasons: string[] }>
  uptimeSeconds(): number
  health(component: "ollama" | "db" | "models", signal: AbortSignal): Promise<ComponentHealth>
  aggregated: Health["aggregated"]
  prometheus(): Promise<string>
  frame(): Promise<MetricFrame>
  history: MetricHistory["list"]
  onFrame: Metrics["onFrame"]
  diagnostics(): Promise<z.output<(typeof opsRoutes)["GET /diagnostics/summary"]["output"]>>
  doctor(options: DoctorOptions, signal: AbortSignal): Promise<{ findings: DoctorFinding[]; ok: boolean }>
  configuration: DiagnosticsDeps["configuration"]
  reloadConfiguration: OpsDeps["reloadConfiguration"]
  logs: LogBuffer["recent"]
  onLogLine: LogBuffer["onLine"]
  probe(signal: AbortSignal): Promise<LlmProbe>
  bundle(words: readonly string[], signal: AbortSignal): Promise<SupportBundle>
  tcp(target: { host: string; port: number; timeoutMs: number }, signal: AbortSignal): Promise<TcpProbe>
  nativeModules: DiagnosticsDeps["nativeModules"]
  report: Health["report"]
}

/** What the server's operations routes call. */
export function createOps(deps: OpsDeps): Ops {
  const health = createHealth(deps.health)
  return {
    async ready() {
      const db = await health.component("db", new AbortController().signal)
      const reasons = [...deps.notReady(), ...(db.status === "unhealthy" ? [db.detail] : [])]
      return { ready: reasons.length === 0, reasons }
    },
    uptimeSeconds: health.uptimeSeconds,
    health: health.component,
    aggregated: health.aggregated,
    prometheus: deps.metrics.prometheus,
    frame: deps.metrics.frame,
    history: deps.history.list,
    onFrame: deps.metrics.onFrame,
    diagnostics: createDiagnostics(deps.diagnostics),
    async doctor(options, signal) {
      const findings: DoctorFinding[] = []
      for await (const finding of runDoctor(deps.doctor, options, signal)) findings.push(finding)
      return { findings, ok: findings.every(({ status }) => status !== "error") }
    },
    configuration: deps.diagnostics.configuration,
    reloadConfiguration: deps.reloadConfiguration,
    logs: deps.logs.recent,
    onLogLine: deps.logs.onLine,
    probe: (signal) => probeBackends(deps.backends(), deps.health.clock, signal),
    bundle: createSupportBundle(deps),
    tcp: (target, signal) => probeTcp(target, deps.backendAddresses(), signal),
    nativeModules: deps.diagnostics.nativeModules,
    report: health.report,
  }
}
