import { mkdir, mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { DoctorFinding } from "#contract/ops.ts"
import { systemClock } from "#core/clock.ts"
import type { DoctorDeps } from "#ops/doctor/doctorDeps.ts"
import { runDoctor } from "#ops/doctor/runDoctor.ts"
import { createMemoryStore } from "#store/memory/createMemoryStore.ts"
import { dataFaults } from "./dataFaults.ts"
import { engineFaults } from "./engineFaults.ts"
import { placeFaults } from "./placeFaults.ts"
import { surroundingFaults } from "./surroundingFaults.ts"
import type { DrillResult, Fault } from "./types.ts"

export const faults: readonly Fault[] = [...placeFaults, ...dataFaults, ...engineFaults, ...surroundingFaults]

/**
 * Makes each fault in a folder of its own, lets doctor find it, does what doctor says, and looks again. Nothing of the real installation
 * is touched.
 */
export async function* runDrill(chosen: readonly Fault[], signal: AbortSignal): AsyncGenerator<DrillResult> {
  const root = await mkdtemp(join(tmpdir(), "zenglow-drill-"))
  try {
    for (const [index, fault] of chosen.entries()) {
      signal.throwIfAborted()
      const directory = join(root, String(index))
      await mkdir(directory, { mode: 0o700 })
      yield await drill(fault, directory, signal)
    }
  } finally {
    await rm(root, { recursive: true, force: true })
  }
}

async function drill(fault: Fault, directory: string, signal: AbortSignal): Promise<DrillResult> {
  const { name, code } = fault
  if (fault.except?.includes(process.platform))
    return { name, code, found: null, isDetected: false, after: null, isHealed: false }
  const injected = await fault.inject(directory, signal)
  try {
    const look = (deps: Partial<DoctorDeps> | undefined): Promise<DoctorFinding> =>
      injected.examine ? injected.examine(signal) : examine(code, { ...sound(directory), ...deps }, signal)
    const found = await look(injected.deps)
    const healed = await injected.remedy()
    const after = await look(healed ?? injected.deps)
    return {
      name,
      code,
      found,
      isDetected: found.code.startsWith(code) && found.status === fault.expected && found.remedy !== null,
      after,
      isHealed: after.status === "ok",
    }
  } finally {
    await injected.close?.()
  }
}

async function examine(code: string, deps: DoctorDeps, signal: AbortSignal): Promise<DoctorFinding> {
  for await (const finding of runDoctor(deps, { only: code }, signal)) return finding
  return { code, status: "not-run", message: "There is no such check.", remedy: null, ms: 0 }
}

/** An installation where all is well. */
const sound = (dataDir: string): DoctorDeps => ({
  clock: systemClock,
  dataDir,
  port: { host: "127.0.0.1", port: 0, isServing: true },
  holdsLock: () => true,
  disk: async () => ({ freeBytes: 100e9 }),
  store: createMemoryStore(),
  indexProblems: async () => [],
  models: async () => [],
  verifyModel: async () => ({ ok: true, files: [] }),
  engines: [],
  audio: async () => null,
  opensSound: async () => null,
  network: async () => [],
  hosts: () => [],
  nativeModules: async () => [],
  auditChain: async () => ({ isIntact: true, entries: 0, brokenAt: null, problem: null }),
  newestRecordAt: async () => null,
  logProblem: () => null,
  secretsProblem: async () => null,
  proxy: null,
})
