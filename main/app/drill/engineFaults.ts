import { createHash } from "node:crypto"
import { mkdir, rm, truncate, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { systemClock } from "#core/clock.ts"
import { createHostClient } from "#core/host/client.ts"
import { createForkAdapter } from "#core/host/forkAdapter.ts"
import { silentLogger } from "#core/logger.ts"
import { checkFiles, modelDirectory } from "#models/installedFiles.ts"
import type { DoctorDeps } from "#ops/doctor/doctorDeps.ts"
import { probeNativeModules } from "#ops/nativeModules.ts"
import type { ParserContract } from "#rag/parse/contract.ts"
import { parserExecArgv } from "#rag/parse/createParser.ts"
import { entryUrl, productDir } from "../entries.ts"
import type { Fault, InjectedFault } from "./types.ts"

const weights = Buffer.from("weights ".repeat(1000))
const model = {
  id: "drill-model",
  files: [
    {
      name: "weights.bin",
      sizeBytes: weights.length,
      sha256: createHash("sha256").update(weights).digest("hex"),
    },
  ],
}
const pathIn = (directory: string): string => join(modelDirectory(directory, model.id), "weights.bin")

/** A model's files as doctor sees them, checked by the product's own code. */
const modelDeps = (directory: string, signal: AbortSignal): Partial<DoctorDeps> => ({
  models: async () => {
    const checks = await checkFiles(model, directory, "quick", signal)
    return [{ id: model.id, name: "Drill model", isInstalled: checks.every(({ state }) => state !== "missing") }]
  },
  async verifyModel() {
    const checks = await checkFiles(model, directory, "full", signal)
    const files = checks.map(({ name, state }) => ({ name, ok: state === "ok", reason: state === "ok" ? null : state }))
    return { ok: files.every(({ ok }) => ok), files }
  },
})

/** Puts the model there, spoils it, and fetches it again as the remedy says. */
async function withModel(
  directory: string,
  signal: AbortSignal,
  spoil: (path: string) => Promise<void>,
): Promise<InjectedFault> {
  const fetchModel = async (): Promise<void> => {
    await rm(modelDirectory(directory, model.id), { recursive: true, force: true })
    await mkdir(modelDirectory(directory, model.id), { recursive: true })
    await writeFile(pathIn(directory), weights)
  }
  await fetchModel()
  // Found whole once: what is wrong later must be found although it was stamped.
  await checkFiles(model, directory, "full", signal)
  await spoil(pathIn(directory))
  return {
    deps: modelDeps(directory, signal),
    async remedy() {
      await fetchModel()
      return undefined
    },
  }
}

/**
 * A supervised child process of the product's own (the one that reads documents), to which the operating system does what breaks engines.
 * Until it is healed, the signal reaches it as soon as it has work.
 */
function drillHost(signalName: "SIGKILL" | "SIGSTOP") {
  let isWell = false
  let ahead = 0
  const entry = entryUrl("parser")
  const client = createHostClient<ParserContract>({
    name: "llm",
    log: silentLogger,
    // The pause after repeated crashes passes when it is told to.
    clock: { now: () => systemClock.now() + ahead, monotonic: () => systemClock.monotonic() + ahead },
    stallMs: 4000,
    adapter: createForkAdapter({ entry, execArgv: parserExecArgv(entry), env: {} }),
  })
  client.onStatus(({ state, pid }) => {
    if (!isWell && state === "running" && pid !== null) process.kill(pid, signalName)
  })
  return {
    client,
    async load(signal: AbortSignal) {
      await client.request("parse", { bytes: Buffer.from("The heron stands."), fileName: "drill.txt" }, { signal })
    },
    heal() {
      isWell = true
      ahead += 3_600_000
    },
  }
}

/** Models on disk, engines, native libraries. */
export const engineFaults: readonly Fault[] = [
  {
    name: "a model is missing",
    code: "models.installed",
    expected: "warning",
    inject: (directory, signal) => withModel(directory, signal, (path) => rm(path)),
  },
  {
    name: "a model is cut off",
    code: "models.hash",
    expected: "error",
    inject: (directory, signal) => withModel(directory, signal, (path) => truncate(path, weights.length - 100)),
  },
  {
    name: "one bit of a model is flipped",
    code: "models.hash",
    expected: "error",
    inject: (directory, signal) =>
      withModel(directory, signal, async (path) => {
        const flipped = Buffer.from(weights)
        flipped[4000] = (flipped[4000] ?? 0) ^ 1
        await writeFile(path, flipped)
      }),
  },
  {
    name: "an engine dies again and again",
    code: "engines.stable",
    expected: "error",
    async inject(_directory, signal) {
      const host = drillHost("SIGKILL")
      while (host.client.status().state !== "broken") await host.load(signal).catch(() => {})
      return {
        deps: { hosts: () => [host.client.status()] },
        async remedy() {
          host.heal()
          await host.load(signal)
          return { hosts: () => [{ ...host.client.status(), crashes: 0 }] }
        },
        close: () => host.client.stop(),
      }
    },
  },
  {
    name: "an engine hangs",
    code: "engines.llm",
    expected: "error",
    // Windows has no signal that stops a process.
    except: ["win32"],
    async inject() {
      const host = drillHost("SIGSTOP")
      return {
        deps: { engines: [{ name: "llm", isInstalled: async () => true, load: host.load }] },
        async remedy() {
          host.heal()
          return undefined
        },
        close: () => host.client.stop(),
      }
    },
  },
  {
    name: "a native library does not load",
    code: "native.modules",
    expected: "error",
    inject: async (_directory, signal) => ({
      deps: { nativeModules: () => probeNativeModules(productDir, signal, ["zenglow-drill-missing"]) },
      remedy: async () => ({ nativeModules: () => probeNativeModules(productDir, signal, ["better-sqlite3"]) }),
    }),
  },
]
