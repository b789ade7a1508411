import { spawn } from "node:child_process"
import { existsSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { canShowWindows, type Environment, findBrowser, findElectron } from "./windowPrograms.ts"

export interface WindowRequest {
  baseUrl: string
  /** Single use. It travels in the URL's fragment, which no server sees. */
  ticket: string
  dataDir: string
  env: Environment
  /** Whether the window goes on when this process ends. Default false. */
  isDetached?: boolean
}

export interface OpenedWindow {
  /** `none`: nothing on this machine can show the window; the person opens `url` in a browser. */
  kind: "electron" | "browser" | "none"
  url: string
  /** How its program ended. `elsewhere`: a browser that already ran took the address over. */
  closed: Promise<"closed" | "failed" | "elsewhere">
  close(): void
}

/** Opens the window: Electron where its binary is present, else an app window of an installed Chrome, Chromium or Edge. */
export function openWindow(request: WindowRequest): OpenedWindow {
  const url = `${request.baseUrl}/#ticket=${request.ticket}`
  const { env } = request
  if (canShowWindows(env)) {
    const electron = findElectron(env)
    const shell = fileURLToPath(new URL("./electron/main.cjs", import.meta.url))
    // The shell attaches to this core and asks for a ticket of its own.
    if (electron && existsSync(shell)) return run("electron", electron, [shell, ...sandboxArgs()], request, url)
    const browser = findBrowser(env)
    if (browser) {
      const profile = `--user-data-dir=${join(request.dataDir, "window")}`
      const quiet = ["--no-first-run", "--no-default-browser-check"]
      return run("browser", browser, [`--app=${url}`, profile, ...quiet, ...sandboxArgs()], request, url)
    }
  }
  return { kind: "none", url, closed: new Promise(() => {}), close: () => {} }
}

function run(
  kind: "electron" | "browser",
  command: string,
  args: string[],
  { dataDir, env, isDetached = false }: WindowRequest,
  url: string,
): OpenedWindow {
  const child = spawn(command, args, {
    stdio: ["ignore", isDetached ? "ignore" : "pipe", "ignore"],
    detached: isDetached,
    env: { ...env, ZENGLOW_DATA_DIR: dataDir },
  })
  if (isDetached) child.unref()
  let said = ""
  child.stdout?.on("data", (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-2000)
  })
  const closed = new Promise<"closed" | "failed" | "elsewhere">((resolve) => {
    child.once("error", () => resolve("failed"))
    child.once("close", (code) => {
      // Chromium's words when another process has this profile open.
      if (/existing browser session/i.test(said)) resolve("elsewhere")
      else resolve(code === null || code === 0 ? "closed" : "failed")
    })
  })
  return { kind, url, closed, close: () => void child.kill() }
}

/** Chromium refuses its sandbox to root; a desktop never runs as root. */
function sandboxArgs(): string[] {
  return process.getuid?.() === 0 ? ["--no-sandbox"] : []
}
