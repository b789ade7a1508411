import { create } from "zustand"
import type { Folder } from "#contract/folders.ts"
import { api } from "../../api/client.ts"
import { subscribe } from "../../api/socket.ts"
import { attempt } from "../frame/attempt.ts"
import { loadCollections } from "./documentsStore.ts"

interface FoldersState {
  folders: Folder[]
}

export const useFolders = create<FoldersState>(() => ({ folders: [] }))

export interface FolderRules {
  excludes: string[]
  followsGitignore: boolean
  maxFileBytes: number
}

export async function loadFolders(): Promise<void> {
  try {
    useFolders.setState({ folders: (await api("GET /api/folders")).items })
  } catch {
    // Only the owner sees folders of the machine: for others the page goes on without them.
  }
}

/** Looks again when documents or folders change; two looks a second are enough. */
export function followFolders(): () => void {
  let timer: ReturnType<typeof setTimeout> | null = null
  const stop = subscribe("documents", (message) => {
    if (message.type !== "changed" || timer) return
    timer = setTimeout(() => {
      timer = null
      void loadFolders()
    }, 500)
  })
  return () => {
    if (timer) clearTimeout(timer)
    stop()
  }
}

/** Null: it could not be added, and why was told. */
export function addFolder(path: string, collectionId: string | null, rules: FolderRules): Promise<Folder | null> {
  return attempt(async () => {
    const added = await api("POST /api/folders", {
      body: { path, ...rules, ...(collectionId ? { collectionId } : {}) },
    })
    await Promise.all([loadFolders(), loadCollections()])
    return added
  })
}

export function changeFolder(
  id: string,
  changes: Partial<FolderRules> & { isPaused?: boolean },
): Promise<Folder | null> {
  return attempt(async () => {
    const changed = await api("PATCH /api/folders/:id", { params: { id }, body: changes })
    useFolders.setState(({ folders }) => ({ folders: folders.map((each) => (each.id === id ? changed : each)) }))
    return changed
  })
}

export async function rescanFolder(id: string): Promise<void> {
  await attempt(() => api("POST /api/folders/:id/rescan", { params: { id } }))
  await loadFolders()
}

export async function removeFolder(id: string, documents: "keep" | "remove"): Promise<void> {
  await attempt(() => api("DELETE /api/folders/:id", { params: { id }, query: { documents } }))
  await Promise.all([loadFolders(), loadCollections()])
}
