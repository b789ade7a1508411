import { spawn } from "node:child_process"
import { existsSync, readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { homedir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

export interface OpenedWindow {
  /** `none`: nothing on this machine can show the window; the person opens `url` in a browser. */
  kind: "electron" | "browser" | "none"
  url: string
  /** Resolves when the window is closed. */
  closed: Promise<void>
  close(): void
}

/**
 * Opens the window: Electron where its binary is present, else an app window of an installed Chrome, Chromium or Edge.
 * The single-use ticket travels in the URL's fragment, which no server sees.
 */
export async function openWindow(options: { baseUrl: string; ticket: string; dataDir: string }): Promise<OpenedWindow> {
  const url = `${options.baseUrl}/#ticket=${options.ticket}`
  const electron = findElectron()
  if (electron) {
    const main = fileURLToPath(new URL("./electron/main.cjs", import.meta.url))
    if (existsSync(main)) {
      return opened("electron", url, electron, [main, ...sandboxArgs()], { ZENGLOW_DATA_DIR: options.dataDir })
    }
  }
  const browser = canShowWindows() ? findBrowser() : null
  if (browser) {
    const profile = join(options.dataDir, "window")
    return opened("browser", url, browser, [
      `--app=${url}`,
      `--user-data-dir=${profile}`,
      "--no-first-run",
      "--no-default-browser-check",
      ...sandboxArgs(),
    ])
  }
  return { kind: "none", url, closed: Promise.resolve(), close: () => {} }
}

function opened(
  kind: "electron" | "browser",
  url: string,
  command: string,
  args: string[],
  env: Record<string, string> = {},
): OpenedWindow {
  const child = spawn(command, args, { stdio: "ignore", env: { ...process.env, ...env } })
  const closed = new Promise<void>((resolve) => {
    child.on("exit", () => resolve())
    child.on("error", () => resolve())
  })
  return { kind, url, closed, close: () => child.kill() }
}

/** Chromium refuses its sandbox to root; a desktop never runs as root. */
function sandboxArgs(): string[] {
  return process.getuid?.() === 0 ? ["--no-sandbox"] : []
}

function canShowWindows(): boolean {
  return process.platform !== "linux" || Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY)
}

function findElectron(): string | null {
  if (!canShowWindows()) return null
  const override = process.env.ELECTRON_OVERRIDE_DIST_PATH
  const executable =
    process.platform === "win32"
      ? "electron.exe"
      : process.platform === "darwin"
        ? "Electron.app/Contents/MacOS/Electron"
        : "electron"
  if (override) {
    const path = join(override, executable)
    return existsSync(path) ? path : null
  }
  try {
    const folder = dirname(createRequire(import.meta.url).resolve("electron/package.json"))
    const path = join(folder, "dist", readFileSync(join(folder, "path.txt"), "utf8").trim())
    return existsSync(path) ? path : null
  } catch {
    return null
  }
}

function findBrowser(): string | null {
  const { LOCALAPPDATA = "", PROGRAMFILES = "", "PROGRAMFILES(X86)": programFilesX86 = "" } = process.env
  const windows = [PROGRAMFILES, programFilesX86, LOCALAPPDATA]
    .filter(Boolean)
    .flatMap((base) => [
      join(base, "Google/Chrome/Application/chrome.exe"),
      join(base, "Microsoft/Edge/Application/msedge.exe"),
      join(base, "Chromium/Application/chrome.exe"),
    ])
  const mac = ["/Applications", join(homedir(), "Applications")].flatMap((base) => [
    join(base, "Google Chrome.app/Contents/MacOS/Google Chrome"),
    join(base, "Chromium.app/Contents/MacOS/Chromium"),
    join(base, "Microsoft Edge.app/Contents/MacOS/Microsoft Edge"),
  ])
  const names = [
    "google-chrome-stable",
    "google-chrome",
    "chromium",
    "chromium-browser",
    "microsoft-edge-stable",
    "microsoft-edge",
  ]
  const linux = (process.env.PATH ?? "").split(":").flatMap((folder) => names.map((name) => join(folder, name)))
  const candidates = process.platform === "win32" ? windows : process.platform === "darwin" ? mac : linux
  return candidates.find((path) => existsSync(path)) ?? null
}
