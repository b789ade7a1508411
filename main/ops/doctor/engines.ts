import type { DoctorDeps } from "./doctorDeps.ts"
import { error, notRun, ok, type Result, warning } from "./findings.ts"

/** Models on disk, and the child processes that run them. */
export function checkInstalled(models: Awaited<ReturnType<DoctorDeps["models"]>>): Result {
  const missing = models.filter(({ isInstalled }) => !isInstalled).map(({ name }) => name)
  return missing.length === 0
    ? ok(`${models.length} models installed.`)
    : warning(`Not installed: ${missing.join(", ")}.`, "Run `zenglow models pull`, or use the Models page.")
}

export async function checkHash(deps: DoctorDeps, id: string, name: string, signal: AbortSignal): Promise<Result> {
  const { ok: isWhole, files } = await deps.verifyModel(id, signal)
  if (isWhole) return ok(`${name}: ${files.length} files have the right hash.`)
  const wrong = files.filter((file) => !file.ok).map((file) => `${file.name} (${file.reason ?? "wrong hash"})`)
  return error(`${name}: ${wrong.join(", ")}.`, `Run \`zenglow models rm ${id}\` and \`zenglow models pull ${id}\`.`)
}

export async function checkEngine(engine: DoctorDeps["engines"][number], signal: AbortSignal): Promise<Result> {
  if (!(await engine.isInstalled())) return notRun("Its model is not installed.")
  await engine.load(signal)
  return ok("It loads.")
}

export function checkHosts({ hosts }: DoctorDeps): Result {
  const broken = hosts().filter(({ state }) => state === "broken")
  if (broken.length > 0) {
    return error(
      `Stopped after repeated crashes: ${broken.map(({ name, lastFailure }) => `${name} (${lastFailure ?? "unknown"})`).join(", ")}.`,
      "It is tried again by itself after a few minutes. If it repeats, choose a smaller model, or turn the GPU off.",
    )
  }
  const crashed = hosts().filter(({ crashes }) => crashes > 0)
  return crashed.length === 0
    ? ok("No engine has crashed since the start.")
    : warning(
        crashed
          .map(({ name, crashes, lastFailure }) => `${name} ended ${crashes} × (${lastFailure ?? "unknown"}).`)
          .join(" "),
        "It starts again by itself. If it repeats, look into the log, and choose a smaller model.",
      )
}

export async function checkNative({ nativeModules }: DoctorDeps): Promise<Result> {
  const modules = await nativeModules()
  const failing = modules.filter(({ isLoadable }) => !isLoadable)
  return failing.length === 0
    ? ok(`${modules.length} native libraries load.`)
    : error(
        failing.map(({ name, error: reason }) => `${name} does not load: ${reason ?? "unknown"}.`).join(" "),
        "Install ZenGlow's packages again: they bring the libraries for this system along.",
      )
}
