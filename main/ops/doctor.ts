import { access, constants, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises"
import { createServer } from "node:net"
import { join } from "node:path"
import type { DoctorFinding } from "#contract/ops.ts"
import type { Clock } from "#core/clock.ts"
import { errorInfo } from "#core/errors.ts"
import type { Store } from "#store/types.ts"
import { withLimit } from "./withLimit.ts"

export interface DoctorDeps {
  clock: Clock
  dataDir: string
  /** Where the API should listen, and whether this very process already does. */
  port: { host: string; port: number; isServing: boolean }
  /** True when this process holds the data directory's lock. */
  holdsLock(): boolean
  disk(): Promise<{ freeBytes: number }>
  store: Pick<Store, "check">
  /** What is wrong with the search index, in words; empty: nothing. */
  indexProblems(): Promise<string[]>
  /** Models that should be here or are. */
  models(): Promise<{ id: string; name: string; isInstalled: boolean }[]>
  /** Hashes a model's files again. */
  verifyModel(
    id: string,
    signal: AbortSignal,
  ): Promise<{ ok: boolean; files: { name: string; ok: boolean; reason: string | null }[] }>
  /** Engines whose model is installed: `load` really loads it. */
  engines: { name: string; isInstalled(): Promise<boolean>; load(signal: AbortSignal): Promise<void> }[]
  /** Devices the core can use by itself. Null: sound goes through the window only. */
  audio(signal: AbortSignal): Promise<{ backend: string; inputs: number; outputs: number } | null>
  /** Hosts that models come from, and whether each answers. Null: offline was asked for. */
  network: ((signal: AbortSignal) => Promise<{ host: string; isReachable: boolean }[]>) | null
}

type Result = Pick<DoctorFinding, "status" | "message" | "remedy">
interface Check {
  code: string
  limitMs: number
  run(signal: AbortSignal): Promise<Result>
}

const ok = (message: string): Result => ({ status: "ok", message, remedy: null })
const warning = (message: string, remedy: string): Result => ({ status: "warning", message, remedy })
const error = (message: string, remedy: string): Result => ({ status: "error", message, remedy })
const notRun = (message: string): Result => ({ status: "not-run", message, remedy: null })

/** Lowest version whose type stripping and native modules the product is built on. */
const leastNodeMajor = 22
const minute = 60_000

/** Runs every check one after another, and tells each as soon as it is known. A failing check is a finding, never an exception; an abort is. */
export async function* runDoctor(deps: DoctorDeps, signal: AbortSignal): AsyncGenerator<DoctorFinding> {
  for await (const check of allChecks(deps)) {
    signal.throwIfAborted()
    const startedAt = deps.clock.monotonic()
    const attempt = (inner: AbortSignal): Promise<Result> =>
      check.run(inner).catch((cause: unknown) => {
        const { message, remedy } = errorInfo(cause)
        return error(message, remedy ?? "Look at the log for details.")
      })
    const late = (): Result =>
      error(`No answer within ${check.limitMs / 1000} s.`, "Try again; if it repeats, restart ZenGlow.")
    const result = await withLimit(attempt, check.limitMs, late, signal)
    yield { code: check.code, ...result, ms: Math.round(deps.clock.monotonic() - startedAt) }
  }
}

async function* allChecks(deps: DoctorDeps): AsyncGenerator<Check> {
  yield { code: "node.version", limitMs: 1000, run: async () => checkNode(process.versions.node) }
  yield { code: "data-dir.writable", limitMs: 5000, run: () => checkWritable(deps.dataDir) }
  yield { code: "data-dir.private", limitMs: 5000, run: () => checkPrivate(deps.dataDir) }
  yield { code: "lock.held", limitMs: 1000, run: async () => checkLock(deps) }
  yield { code: "port.free", limitMs: 5000, run: () => checkPort(deps.port) }
  yield { code: "disk.space", limitMs: 5000, run: () => checkDisk(deps) }
  yield { code: "database.integrity", limitMs: 5 * minute, run: () => checkDatabase(deps) }
  yield { code: "search.index", limitMs: minute, run: () => checkIndex(deps) }
  const models = await deps.models().catch(() => [])
  yield { code: "models.installed", limitMs: 10_000, run: async () => checkInstalled(models) }
  for (const { id, name } of models.filter(({ isInstalled }) => isInstalled)) {
    yield { code: `models.hash.${id}`, limitMs: 10 * minute, run: (signal) => checkHash(deps, id, name, signal) }
  }
  for (const engine of deps.engines) {
    yield { code: `engines.${engine.name}`, limitMs: 5 * minute, run: (signal) => checkEngine(engine, signal) }
  }
  yield { code: "audio.devices", limitMs: 15_000, run: (signal) => checkAudio(deps, signal) }
  yield { code: "network.reachable", limitMs: 20_000, run: (signal) => checkNetwork(deps, signal) }
}

function checkNode(version: string): Result {
  return Number(version.split(".")[0]) >= leastNodeMajor
    ? ok(`Node ${version}.`)
    : error(
        `Node ${version} is too old.`,
        `Install dependencies again: they bring Node ${leastNodeMajor} or newer along.`,
      )
}

async function checkWritable(dataDir: string): Promise<Result> {
  try {
    const probe = await mkdtemp(join(dataDir, ".doctor-"))
    await writeFile(join(probe, "probe"), "ZenGlow")
    const isSame = (await readFile(join(probe, "probe"), "utf8")) === "ZenGlow"
    await rm(probe, { recursive: true, force: true })
    if (isSame) return ok("The data directory takes files and gives them back.")
  } catch {
    // Told below: the reason is the same whichever step failed.
  }
  return error(
    "The data directory cannot be written.",
    "Make it writable for this user, free disk space, or choose another with --data-dir.",
  )
}

async function checkPrivate(dataDir: string): Promise<Result> {
  if (process.platform === "win32") return notRun("Windows keeps it apart by the user's profile.")
  const others = (mode: number): boolean => (mode & 0o077) !== 0
  const key = join(dataDir, "api-key")
  const hasKey = await access(key, constants.F_OK).then(
    () => true,
    () => false,
  )
  if (hasKey && others((await stat(key)).mode)) {
    return error("Other users of this machine can read the API key.", "Run `chmod 600 api-key` in the data directory.")
  }
  return others((await stat(dataDir)).mode)
    ? warning("Other users of this machine can look into the data directory.", "Run `chmod 700` on it.")
    : ok("Only this user can read the data directory.")
}

function checkLock(deps: DoctorDeps): Result {
  return deps.holdsLock()
    ? ok("This core is the only one on the data directory.")
    : error(
        "This process does not hold the data directory's lock.",
        "Stop the other ZenGlow, then start this one again.",
      )
}

async function checkPort({ host, port, isServing }: DoctorDeps["port"]): Promise<Result> {
  if (isServing) return ok(`Port ${port} is served by this core.`)
  const failure = await new Promise<string | null>((resolve) => {
    const server = createServer()
    server.once("error", (cause: NodeJS.ErrnoException) => resolve(cause.code ?? "error"))
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(null)))
  })
  if (failure === null) return ok(`Port ${port} is free.`)
  return failure === "EADDRINUSE"
    ? error(`Port ${port} is taken by another program.`, "Stop that program, or choose a port with --port.")
    : error(`Port ${port} cannot be opened (${failure}).`, "Choose another port with --port.")
}

async function checkDisk(deps: DoctorDeps): Promise<Result> {
  const { freeBytes } = await deps.disk()
  const message = `${(freeBytes / 1e9).toFixed(1)} GB free.`
  if (freeBytes < 50 * 1024 ** 2) return error(message, "Free disk space: nothing more can be kept.")
  return freeBytes < 1024 ** 3
    ? warning(message, "Free disk space: models and large documents will not fit.")
    : ok(message)
}

async function checkDatabase(deps: DoctorDeps): Promise<Result> {
  const { integrity, isWritable, problems, schemaVersion, counts } = await deps.store.check("full")
  if (integrity === "damaged") {
    return error(
      problems.join(" "),
      "Restart ZenGlow: it sets the damaged database aside and restores the newest backup.",
    )
  }
  if (!isWritable)
    return error("The database cannot be written.", "Free disk space and check the directory's permissions.")
  if (problems.length > 0)
    return warning(problems.join(" "), "Look at what was set aside, and restore what is missing.")
  return ok(`Sound; schema ${schemaVersion}, ${counts.messages} messages, ${counts.documents} documents.`)
}

async function checkIndex(deps: DoctorDeps): Promise<Result> {
  const problems = await deps.indexProblems()
  return problems.length === 0
    ? ok("Words, vectors and passages belong together.")
    : warning(
        problems.join(" "),
        "Restart ZenGlow: it repairs the index by itself, and words go on answering meanwhile.",
      )
}

function checkInstalled(models: Awaited<ReturnType<DoctorDeps["models"]>>): Result {
  const missing = models.filter(({ isInstalled }) => !isInstalled).map(({ name }) => name)
  return missing.length === 0
    ? ok(`${models.length} models installed.`)
    : warning(`Not installed: ${missing.join(", ")}.`, "Run `zenglow models pull`, or use the Models page.")
}

async function checkHash(deps: DoctorDeps, id: string, name: string, signal: AbortSignal): Promise<Result> {
  const { ok: isWhole, files } = await deps.verifyModel(id, signal)
  if (isWhole) return ok(`${name}: ${files.length} files have the right hash.`)
  const wrong = files.filter((file) => !file.ok).map((file) => `${file.name} (${file.reason ?? "wrong hash"})`)
  return error(`${name}: ${wrong.join(", ")}.`, `Run \`zenglow models rm ${id}\` and \`zenglow models pull ${id}\`.`)
}

async function checkEngine(engine: DoctorDeps["engines"][number], signal: AbortSignal): Promise<Result> {
  if (!(await engine.isInstalled())) return notRun("Its model is not installed.")
  await engine.load(signal)
  return ok("It loads.")
}

async function checkAudio(deps: DoctorDeps, signal: AbortSignal): Promise<Result> {
  const devices = await deps.audio(signal)
  if (!devices) return ok("Sound goes through the window's own microphone and speaker.")
  if (devices.inputs > 0 && devices.outputs > 0) {
    return ok(`${devices.backend}: ${devices.inputs} inputs, ${devices.outputs} outputs.`)
  }
  return warning(
    `${devices.backend}: ${devices.inputs} inputs, ${devices.outputs} outputs.`,
    "Connect a microphone and a speaker, or talk through the window of another machine.",
  )
}

async function checkNetwork(deps: DoctorDeps, signal: AbortSignal): Promise<Result> {
  if (!deps.network) return notRun("Offline was asked for: nothing is contacted.")
  const hosts = await deps.network(signal)
  const reachable = hosts.filter(({ isReachable }) => isReachable).map(({ host }) => host)
  return reachable.length > 0 || hosts.length === 0
    ? ok(
        reachable.length > 0
          ? `Models can come from ${reachable.join(", ")}.`
          : "No source of models needs the network.",
      )
    : warning(
        `None of ${hosts.map(({ host }) => host).join(", ")} answers.`,
        "Check the connection. What is installed works without it; models can also be copied as a folder.",
      )
}
