import { contextBridge, ipcRenderer } from "electron"

/** The few things only the operating system can do; everything else the window asks of the core over HTTP. */
const verbs = {
  platform: process.platform,
  /** The global shortcut was pressed: start or stop talking. Returns the end of the subscription. */
  onToggleTalk(listener: () => void): () => void {
    const forward = () => listener()
    ipcRenderer.on("toggle-talk", forward)
    return () => ipcRenderer.removeListener("toggle-talk", forward)
  },
  /** Folders the person chose in the system's dialog. Empty when cancelled. */
  chooseFolder: (): Promise<string[]> => ipcRenderer.invoke("choose-folder"),
}

contextBridge.exposeInMainWorld("zenglow", verbs)
