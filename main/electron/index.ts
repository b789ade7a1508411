import { existsSync } from "node:fs"
import { join } from "node:path"
import { app, type BrowserWindow, dialog, globalShortcut, ipcMain, type Tray } from "electron"
import { loadConfig } from "../core/config.ts"
import { type Core, startOrAttach } from "./coreProcess.ts"
import { createTray } from "./tray.ts"
import { openMainWindow } from "./window.ts"

/** The shell: one window on one core. It starts or attaches to the core, and ends with it. */
const talkShortcut = "CommandOrControl+Shift+Space"
const config = loadConfig({}, process.env)
let core: Core | undefined
let window: BrowserWindow | undefined
let tray: Tray | undefined
let isQuitting = false

if (app.requestSingleInstanceLock()) {
  app.on("second-instance", () => showWindow())
  app.on("window-all-closed", () => app.quit())
  app.on("before-quit", (event) => {
    if (isQuitting) return
    isQuitting = true
    event.preventDefault()
    void shutDown().finally(() => app.exit(0))
  })
  // No top-level await: this is a CommonJS program.
  void app.whenReady().then(run).catch(fail)
} else app.quit()

async function run(): Promise<void> {
  core = await startOrAttach({ dataDir: config.dataDir, node: nodeBinary(), script: join(__dirname, "..", "cli.mjs") })
  void core.ended.then((code) => {
    if (!isQuitting) fail(new Error(`The core stopped (code ${code ?? "none"}).`))
  })
  window = await openMainWindow({
    baseUrl: core.baseUrl,
    ticket: await core.ticket(),
    preload: join(__dirname, "preload.cjs"),
    stateFile: join(config.dataDir, "window.json"),
  })
  window.on("closed", () => {
    window = undefined
  })
  ipcMain.handle("choose-folder", async () => {
    if (!window) return []
    return (await dialog.showOpenDialog(window, { properties: ["openDirectory", "openFile", "multiSelections"] }))
      .filePaths
  })
  tray = createTray({ show: showWindow, talk: toggleTalk, quit: () => app.quit() })
  globalShortcut.register(talkShortcut, toggleTalk)
}

/** Electron reports no key-up for global shortcuts: this one toggles, holding is for the window. */
function toggleTalk(): void {
  showWindow()
  window?.webContents.send("toggle-talk")
}

function showWindow(): void {
  if (!window) return
  if (window.isMinimized()) window.restore()
  window.show()
  window.focus()
}

async function shutDown(): Promise<void> {
  globalShortcut.unregisterAll()
  tray?.destroy()
  window?.destroy()
  await core?.close()
}

function fail(error: unknown): void {
  dialog.showErrorBox("ZenGlow cannot go on", error instanceof Error ? error.message : String(error))
  isQuitting = true
  void shutDown().finally(() => app.exit(1))
}

/** The packaged Node: beside the app in an installer, in node_modules of a clone. */
function nodeBinary(): string {
  const name = process.platform === "win32" ? "node.exe" : "node"
  const platform = process.platform === "win32" ? "win" : process.platform
  const prefix = process.platform === "darwin" && process.arch === "arm64" ? "node-bin" : "node"
  const candidates = [
    join(process.resourcesPath, "node", name),
    join(__dirname, "..", "..", "node_modules", `${prefix}-${platform}-${process.arch}`, "bin", name),
  ]
  return candidates.find((path) => existsSync(path)) ?? "node"
}
