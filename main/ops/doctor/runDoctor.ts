import type { DoctorFinding } from "#contract/ops.ts"
import { errorInfo } from "#core/errors.ts"
import { withLimit } from "../withLimit.ts"
import { checkAudit, checkDatabase, checkIndex } from "./data.ts"
import type { DoctorDeps } from "./doctorDeps.ts"
import { checkEngine, checkHash, checkHosts, checkInstalled, checkNative } from "./engines.ts"
import { type Check, error, minuteMs, type Result } from "./findings.ts"
import { checkDisk, checkLock, checkLog, checkPort, checkPrivate, checkWritable } from "./place.ts"
import {
  checkAudio,
  checkClock,
  checkNetwork,
  checkNode,
  checkOpens,
  checkProxy,
  checkSecrets,
} from "./surroundings.ts"

export interface DoctorOptions {
  /** Leaves out what reads or loads whole models. */
  isQuick?: boolean
  /** Only checks whose code is this, or begins with it and a dot. */
  only?: string
}

/** Runs the checks one after another, and tells each as soon as it is known. A failing check is a finding, never an exception; an abort is. */
export async function* runDoctor(
  deps: DoctorDeps,
  { isQuick = false, only }: DoctorOptions,
  signal: AbortSignal,
): AsyncGenerator<DoctorFinding> {
  for await (const check of allChecks(deps)) {
    if ((isQuick && check.isSlow) || (only !== undefined && check.code !== only && !check.code.startsWith(`${only}.`)))
      continue
    signal.throwIfAborted()
    yield await runCheck(check, deps.clock, signal)
  }
}

/** One check within its limit. */
export async function runCheck(check: Check, clock: DoctorDeps["clock"], signal: AbortSignal): Promise<DoctorFinding> {
  const startedAt = clock.monotonic()
  const attempt = (inner: AbortSignal): Promise<Result> =>
    check.run(inner).catch((cause: unknown) => {
      const { message, remedy } = errorInfo(cause)
      return error(message, remedy ?? "Look at the log for details.")
    })
  const late = (): Result =>
    error(`No answer within ${check.limitMs / 1000} s.`, "Try again; if it repeats, restart ZenGlow.")
  const result = await withLimit(attempt, check.limitMs, late, signal)
  return { code: check.code, ...result, ms: Math.round(clock.monotonic() - startedAt) }
}

async function* allChecks(deps: DoctorDeps): AsyncGenerator<Check> {
  yield { code: "node.version", limitMs: 1000, run: async () => checkNode(process.versions.node) }
  yield { code: "native.modules", limitMs: minuteMs, run: () => checkNative(deps) }
  yield { code: "clock.skew", limitMs: 5000, run: () => checkClock(deps) }
  yield { code: "data-dir.writable", limitMs: 5000, run: () => checkWritable(deps.dataDir) }
  yield { code: "data-dir.private", limitMs: 5000, run: () => checkPrivate(deps.dataDir) }
  yield { code: "lock.held", limitMs: 1000, run: async () => checkLock(deps) }
  yield { code: "port.free", limitMs: 5000, run: () => checkPort(deps.port) }
  yield { code: "disk.space", limitMs: 5000, run: () => checkDisk(deps) }
  yield { code: "log.written", limitMs: 1000, run: async () => checkLog(deps) }
  yield { code: "secrets.readable", limitMs: minuteMs, run: () => checkSecrets(deps) }
  yield { code: "database.integrity", limitMs: 5 * minuteMs, run: () => checkDatabase(deps) }
  yield { code: "search.index", limitMs: minuteMs, run: () => checkIndex(deps) }
  yield { code: "audit.chain", limitMs: minuteMs, run: () => checkAudit(deps) }
  const models = await deps.models().catch(() => [])
  yield { code: "models.installed", limitMs: 10_000, run: async () => checkInstalled(models) }
  for (const { id, name } of models.filter(({ isInstalled }) => isInstalled)) {
    const run = (signal: AbortSignal) => checkHash(deps, id, name, signal)
    yield { code: `models.hash.${id}`, limitMs: 10 * minuteMs, isSlow: true, run }
  }
  yield { code: "engines.stable", limitMs: 1000, run: async () => checkHosts(deps) }
  for (const engine of deps.engines) {
    const run = (signal: AbortSignal) => checkEngine(engine, signal)
    yield { code: `engines.${engine.name}`, limitMs: 5 * minuteMs, isSlow: true, run }
  }
  yield { code: "audio.devices", limitMs: 15_000, run: (signal) => checkAudio(deps, signal) }
  const sound = await deps.audio(AbortSignal.timeout(15_000)).catch(() => null)
  if (sound && sound.inputs > 0) {
    yield { code: "audio.microphone", limitMs: 30_000, run: (signal) => checkOpens(deps, "input", signal) }
  }
  if (sound && sound.outputs > 0) {
    yield { code: "audio.loudspeaker", limitMs: 30_000, run: (signal) => checkOpens(deps, "output", signal) }
  }
  yield { code: "network.proxy", limitMs: 5000, run: (signal) => checkProxy(deps, signal) }
  yield { code: "network.reachable", limitMs: 20_000, run: (signal) => checkNetwork(deps, signal) }
}
