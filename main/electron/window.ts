import { BrowserWindow, screen, shell } from "electron"
import { lockNavigation, lockSession } from "./permissions.ts"
import { readWindowState, writeWindowState } from "./windowState.ts"

export interface WindowOptions {
  baseUrl: string
  ticket: string
  preload: string
  stateFile: string
}

/** The one window: sandboxed, isolated, on the core's own origin. */
export async function openMainWindow({ baseUrl, ticket, preload, stateFile }: WindowOptions): Promise<BrowserWindow> {
  const { isMaximized, ...place } = readWindowState(
    stateFile,
    screen.getAllDisplays().map((display) => display.workArea),
  )
  const window = new BrowserWindow({
    ...place,
    minWidth: 360,
    minHeight: 480,
    show: false,
    title: "ZenGlow",
    backgroundColor: "#18181a",
    autoHideMenuBar: true,
    webPreferences: {
      preload,
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      webSecurity: true,
      webviewTag: false,
      // Elsewhere Chromium fetches dictionaries from the network.
      spellcheck: process.platform === "darwin",
    },
  })
  if (isMaximized) window.maximize()
  lockSession(window.webContents.session, baseUrl)
  lockNavigation(window.webContents, baseUrl, (url) => void shell.openExternal(url))
  window.once("ready-to-show", () => window.show())
  window.on("close", () => {
    writeWindowState(stateFile, { ...window.getNormalBounds(), isMaximized: window.isMaximized() })
  })
  // The ticket travels in the fragment, which is never sent and never logged.
  await window.loadURL(`${baseUrl}/#ticket=${ticket}`)
  return window
}
