import { spawn } from "node:child_process"
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { z } from "zod"
import type { Egress } from "#core/egress/createEgress.ts"
import { canShowWindows, type Environment, electronPackage, findElectron } from "./windowPrograms.ts"

export interface ElectronFetch {
  dataDir: string
  env: Environment
  note(text: string): void
  /** The way out; the installer is written down there before it starts. */
  egress: Pick<Egress, "open">
  /** Default: the installed `electron` package. Null: there is none. */
  folder?: string | null
}

const manifestSchema = z.object({ version: z.string() })

/**
 * Fetches Electron's binary with the package's own installer, once per version and data directory: a machine that cannot reach it is not
 * asked again. Resolves true when the binary is there now; an abort leaves it for the next start. Never throws.
 */
export async function fetchElectron(options: ElectronFetch, signal: AbortSignal): Promise<boolean> {
  const { dataDir, env, note } = options
  const folder = options.folder === undefined ? electronPackage() : options.folder
  if (!folder || !canShowWindows(env) || env.ELECTRON_OVERRIDE_DIST_PATH) return false
  const triedFile = join(dataDir, "electron-tried")
  const version = readVersion(folder)
  if (!version || (existsSync(triedFile) && readFileSync(triedFile, "utf8") === version)) return false
  note(`Fetching Electron ${version} for the window, in the background (about 120 MB, once)…`)
  const connection = options.egress.open({ reason: "window-program", host: "github.com (Electron)", port: null })
  const hasWorked = await install(join(folder, "install.js"), env, signal)
  connection.end(hasWorked ? "done" : "failed")
  if (signal.aborted) return false
  mkdirSync(dataDir, { recursive: true })
  writeFileSync(triedFile, version)
  const isThere = hasWorked && (options.folder !== undefined || findElectron(env) !== null)
  note(
    isThere ? "Electron is here: the next start uses it." : "Electron could not be fetched: the window stays as it is.",
  )
  return isThere
}

function readVersion(folder: string): string | null {
  try {
    return manifestSchema.parse(JSON.parse(readFileSync(join(folder, "package.json"), "utf8"))).version
  } catch {
    return null
  }
}

function install(script: string, env: Environment, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [script], { stdio: "ignore", env: { ...env }, signal, windowsHide: true })
    child.once("error", () => resolve(false))
    child.once("exit", (code) => resolve(code === 0))
  })
}
