import { create } from "zustand"
import type { DatasetManifest } from "#contract/datasets.ts"
import { api, apiBytes, saveAs } from "../../api/client.ts"
import { subscribe } from "../../api/socket.ts"

interface DatasetsState {
  items: DatasetManifest[]
  isLoaded: boolean
  error: unknown
}

export const useDatasets = create<DatasetsState>(() => ({ items: [], isLoaded: false, error: null }))

export async function loadDatasets(): Promise<void> {
  try {
    const { items } = await api("GET /api/datasets")
    useDatasets.setState({ items, isLoaded: true, error: null })
  } catch (error) {
    useDatasets.setState({ isLoaded: true, error })
  }
}

/** Loads, and loads again whenever one was made. */
export function followDatasets(): () => void {
  void loadDatasets()
  return subscribe("jobs", (message) => {
    if (message.type === "job" && message.job.kind === "dataset" && message.job.status === "done") void loadDatasets()
  })
}

export async function removeDataset(id: string): Promise<void> {
  await api("DELETE /api/datasets/:id", { params: { id } })
  await loadDatasets()
}

export async function saveDataset({ id, dataset, version }: DatasetManifest): Promise<void> {
  await saveAs(await apiBytes("GET /api/datasets/:id/file", { params: { id } }), `${dataset}-v${version}.jsonl`)
}
