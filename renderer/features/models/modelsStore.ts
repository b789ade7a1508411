import { create } from "zustand"
import type { Bundle, Model } from "#contract/models.ts"
import { api } from "../../api/client.ts"
import { subscribe } from "../../api/socket.ts"

interface ModelsState {
  items: Model[]
  diskUsedBytes: number
  diskFreeBytes: number
  bundle: Bundle | null
  isLoaded: boolean
  error: unknown
}

export const useModels = create<ModelsState>(() => ({
  items: [],
  diskUsedBytes: 0,
  diskFreeBytes: 0,
  bundle: null,
  isLoaded: false,
  error: null,
}))

export async function loadModels(): Promise<void> {
  try {
    const [list, bundle] = await Promise.all([api("GET /api/models"), api("GET /api/models/bundle")])
    useModels.setState({ ...list, bundle, isLoaded: true, error: null })
  } catch (error) {
    useModels.setState({ error })
  }
}

export function followModels(): () => void {
  return subscribe("models", (message) => {
    if (message.type === "changed") void loadModels()
  })
}

/** The model that answers chats: the one chosen, else the default, else the first installed. */
export function activeChatModel(items: readonly Model[], chosen: string | null | undefined): Model | null {
  const installed = items.filter((item) => item.role === "llm" && item.status === "installed")
  return (
    installed.find((item) => item.id === chosen) ??
    installed.find((item) => item.load === "loaded") ??
    installed.find((item) => item.isDefault) ??
    installed[0] ??
    null
  )
}

export async function pullBundle(): Promise<void> {
  await api("POST /api/models/bundle/pull")
  await loadModels()
}
export async function pullModel(id: string): Promise<void> {
  await api("POST /api/models/:id/pull", { params: { id } })
  await loadModels()
}
export async function selectModel(id: string): Promise<void> {
  await api("POST /api/models/:id/select", { params: { id } })
  await loadModels()
}
export async function setModelLoaded(id: string, isLoaded: boolean): Promise<void> {
  await (isLoaded
    ? api("POST /api/models/:id/load", { params: { id } })
    : api("POST /api/models/:id/unload", { params: { id } }))
  await loadModels()
}
export async function removeModel(id: string): Promise<number> {
  const { freedBytes } = await api("DELETE /api/models/:id", { params: { id } })
  await loadModels()
  return freedBytes
}
