import { existsSync, readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { homedir } from "node:os"
import { delimiter, dirname, join } from "node:path"

export type Environment = Readonly<Record<string, string | undefined>>

export function canShowWindows(env: Environment): boolean {
  return process.platform !== "linux" || Boolean(env.DISPLAY || env.WAYLAND_DISPLAY)
}

/** Electron's executable: under `ELECTRON_OVERRIDE_DIST_PATH` when that is set, else where its package unpacked it. */
export function findElectron(env: Environment): string | null {
  const override = env.ELECTRON_OVERRIDE_DIST_PATH
  if (override) {
    const names = { win32: "electron.exe", darwin: "Electron.app/Contents/MacOS/Electron" }
    const path = join(override, process.platform in names ? names[process.platform as keyof typeof names] : "electron")
    return existsSync(path) ? path : null
  }
  const folder = electronPackage()
  if (!folder) return null
  try {
    // Its installer writes this file last.
    const path = join(folder, "dist", readFileSync(join(folder, "path.txt"), "utf8").trim())
    return existsSync(path) ? path : null
  } catch {
    return null
  }
}

/** The folder of the `electron` package. Null in an installation without it. */
export function electronPackage(): string | null {
  try {
    return dirname(createRequire(import.meta.url).resolve("electron/package.json"))
  } catch {
    return null
  }
}

/** An installed Chrome, Chromium or Edge. */
export function findBrowser(env: Environment): string | null {
  return browserPaths(env).find((path) => existsSync(path)) ?? null
}

function browserPaths(env: Environment): string[] {
  if (process.platform === "win32") {
    return [env.PROGRAMFILES, env["PROGRAMFILES(X86)"], env.LOCALAPPDATA]
      .filter((base) => base !== undefined)
      .flatMap((base) => [
        join(base, "Google/Chrome/Application/chrome.exe"),
        join(base, "Microsoft/Edge/Application/msedge.exe"),
        join(base, "Chromium/Application/chrome.exe"),
      ])
  }
  if (process.platform === "darwin") {
    return ["/Applications", join(homedir(), "Applications")].flatMap((base) => [
      join(base, "Google Chrome.app/Contents/MacOS/Google Chrome"),
      join(base, "Chromium.app/Contents/MacOS/Chromium"),
      join(base, "Microsoft Edge.app/Contents/MacOS/Microsoft Edge"),
    ])
  }
  const chrome = ["google-chrome-stable", "google-chrome", "chromium", "chromium-browser"]
  const names = [...chrome, "microsoft-edge-stable", "microsoft-edge"]
  const folders = (env.PATH ?? "").split(delimiter).filter(Boolean)
  return names.flatMap((name) => folders.map((folder) => join(folder, name)))
}
