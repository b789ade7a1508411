import { existsSync } from "node:fs"
import { join, sep } from "node:path"
import { app, type BrowserWindow, dialog, globalShortcut, type IpcMainInvokeEvent, ipcMain, type Tray } from "electron"
import { loadConfig } from "../core/config.ts"
import { type Core, startOrAttach } from "./coreProcess.ts"
import { createTray } from "./tray.ts"
import { openMainWindow } from "./window.ts"

/** The shell: one window on one core. It starts or attaches to the core, and ends with it. */
const talkShortcut = "CommandOrControl+Shift+Space"
let core: Core | undefined
let window: BrowserWindow | undefined
let tray: Tray | undefined
let ending: Promise<void> | undefined

// No top-level await: this is a CommonJS program.
try {
  const config = loadConfig({}, process.env)
  // One shell per data directory; what Chromium writes lies there too.
  app.setPath("userData", join(config.dataDir, "shell"))
  if (app.requestSingleInstanceLock()) {
    app.on("second-instance", showWindow)
    app.on("window-all-closed", () => void end(0))
    app.on("before-quit", (event) => {
      event.preventDefault()
      void end(0)
    })
    app
      .whenReady()
      .then(() => run(config), fail)
      .catch(fail)
  } else app.exit(0)
} catch (error) {
  fail(error)
}

async function run(config: ReturnType<typeof loadConfig>): Promise<void> {
  core = await startOrAttach({
    dataDir: config.dataDir,
    apiKey: config.apiKey,
    node: nodeBinary(),
    // Node reads no archive: an installer keeps the core beside it.
    script: join(__dirname, "..", "cli.mjs").replace(`app.asar${sep}`, `app.asar.unpacked${sep}`),
  })
  if (ending) return await core.close()
  void core.ended.then((reason) => end(1, reason))
  ipcMain.handle("choose-folder", chooseFolder)
  const ticket = await core.ticket()
  window = await openMainWindow({
    baseUrl: core.baseUrl,
    ticket,
    preload: join(__dirname, "preload.cjs"),
    stateFile: join(config.dataDir, "window.json"),
  })
  window.on("closed", () => {
    window = undefined
  })
  tray = createTray({ show: showWindow, talk: toggleTalk, quit: () => void end(0) })
  if (!globalShortcut.register(talkShortcut, toggleTalk))
    process.stderr.write(`Another program holds ${talkShortcut}: talking starts from the window.\n`)
}

/** Folders the person picks in the system's own dialog. */
async function chooseFolder(event: IpcMainInvokeEvent): Promise<string[]> {
  if (!window || event.senderFrame !== window.webContents.mainFrame) return []
  return (await dialog.showOpenDialog(window, { properties: ["openDirectory", "multiSelections"] })).filePaths
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

function fail(error: unknown): void {
  void end(1, error instanceof Error ? error.message : String(error))
}

/** Every way out leads here: the window's place is kept, the core ends first, then the person is told what went wrong. */
function end(exitCode: number, problem?: string): Promise<void> {
  ending ??= (async () => {
    globalShortcut.unregisterAll()
    tray?.destroy()
    // Closing keeps the window's place; a page cannot hold it back.
    window?.webContents.on("will-prevent-unload", (event) => event.preventDefault())
    window?.close()
    await core?.close()
    if (problem) {
      process.stderr.write(`ZenGlow cannot go on: ${problem}\n`)
      dialog.showErrorBox("ZenGlow cannot go on", problem)
    }
    app.exit(exitCode)
  })()
  return ending
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
