import { type ChildProcess, spawn } from "node:child_process"
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { type ElectronApplication, _electron as electron, type Page } from "playwright"

/** The built shell, as it ships. */
export const builtMain = fileURLToPath(new URL("../../dist/electron/main.cjs", import.meta.url))
export const builtCli = fileURLToPath(new URL("../../dist/cli.mjs", import.meta.url))

/**
 * A packaged Electron starts only the app in its own resources. This one loads the built shell and notes what Electron cannot be
 * asked for later: its trays with their menus, the addresses it hands to the system's browser, and the error boxes nobody closes here.
 */
const starter = `
const electron = require("electron")
const Module = require("module")
const seen = { trays: [], opened: [] }
globalThis.seen = seen
function Tray(...args) {
  const tray = new electron.Tray(...args)
  const entry = { tray, menu: null }
  const { setContextMenu } = tray
  tray.setContextMenu = (menu) => {
    entry.menu = menu
    return setContextMenu.call(tray, menu)
  }
  seen.trays.push(entry)
  return tray
}
electron.dialog.showErrorBox = (title, text) => process.stderr.write("error box: " + title + ": " + text + "\\n")
electron.shell.openExternal = async (url) => void seen.opened.push(url)
const noted = new Proxy(electron, { get: (target, name) => (name === "Tray" ? Tray : target[name]) })
const load = Module._load
Module._load = (request, ...rest) => (request === "electron" ? noted : load(request, ...rest))
require(process.env.ZENGLOW_TEST_MAIN)
`

export function installStarter(electronFolder: string): void {
  const app = join(electronFolder, "resources", "app")
  mkdirSync(app, { recursive: true })
  writeFileSync(join(app, "package.json"), JSON.stringify({ name: "zenglow", version: "0.0.0", main: "main.cjs" }))
  writeFileSync(join(app, "main.cjs"), starter)
}

/** An X server of our own, on the first free display. Null: Xvfb is not installed. */
export function startDisplay(): Promise<{ display: string; stop(): void } | null> {
  return new Promise((resolve) => {
    const server = spawn("Xvfb", ["-displayfd", "3", "-screen", "0", "1600x1000x24", "-nolisten", "tcp"], {
      stdio: ["ignore", "ignore", "ignore", "pipe"],
    })
    server.once("error", () => resolve(null))
    server.once("exit", () => resolve(null))
    const numbers = server.stdio[3]
    if (!numbers || !("read" in numbers)) return resolve(null)
    createInterface({ input: numbers }).once("line", (line) =>
      resolve({ display: `:${line.trim()}`, stop: () => void server.kill() }),
    )
  })
}

export interface Shell {
  app: ElectronApplication
  page: Page
  process: ChildProcess
  /** What the shell and its core said on stderr so far. */
  said(): string
  /** The exit code once it ended. */
  exited: Promise<number | null>
}

export const shellArgs = ["--no-sandbox", "--use-fake-device-for-media-stream", "--disable-gpu"]

export async function launchShell(executablePath: string, env: Record<string, string>): Promise<Shell> {
  const app = await electron.launch({ executablePath, args: shellArgs, env, timeout: 60_000 })
  const child = app.process()
  let said = ""
  child.stderr?.on("data", (chunk: Buffer) => {
    said += chunk.toString()
  })
  const exited = new Promise<number | null>((resolve) => child.once("exit", (code) => resolve(code)))
  const page = await app.firstWindow({ timeout: 60_000 })
  return { app, page, process: child, said: () => said, exited }
}
