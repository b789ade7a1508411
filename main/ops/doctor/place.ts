import { access, constants, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises"
import { createServer } from "node:net"
import { join } from "node:path"
import type { DoctorDeps } from "./doctorDeps.ts"
import { error, notRun, ok, type Result, warning } from "./findings.ts"

/** The data directory, its lock, the port, the disk and the log on it. */
export async function checkWritable(dataDir: string): Promise<Result> {
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

export async function checkPrivate(dataDir: string): Promise<Result> {
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

export async function checkPort({ host, port, isServing }: DoctorDeps["port"]): Promise<Result> {
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

export async function checkDisk(deps: Pick<DoctorDeps, "disk">): Promise<Result> {
  const { freeBytes } = await deps.disk()
  const message = `${(freeBytes / 1e9).toFixed(1)} GB free.`
  if (freeBytes < 50 * 1024 ** 2) return error(message, "Free disk space: nothing more can be kept.")
  return freeBytes < 1024 ** 3
    ? warning(message, "Free disk space: models and large documents will not fit.")
    : ok(message)
}

export function checkLock(deps: Pick<DoctorDeps, "holdsLock">): Result {
  return deps.holdsLock()
    ? ok("This core is the only one on the data directory.")
    : error(
        "This process does not hold the data directory's lock.",
        "Stop the other ZenGlow, then start this one again.",
      )
}

export function checkLog({ logProblem }: Pick<DoctorDeps, "logProblem">): Result {
  const problem = logProblem()
  return problem === null
    ? ok("The log takes lines.")
    : warning(
        `The log on disk takes no lines (${problem}).`,
        "Make the folder `logs` in the data directory writable, or remove what stands in its place.",
      )
}
