import { create } from "zustand"
import type { Setting, SettingValues } from "#contract/settings.ts"
import { api, asApiError } from "../../api/client.ts"
import { subscribe } from "../../api/socket.ts"
import { toast } from "../frame/frameStore.ts"
import { applyTheme } from "../frame/theme.ts"

interface SettingsState {
  items: Setting[]
  values: Partial<SettingValues>
  dataDir: string
  error: unknown
}

export const useSettings = create<SettingsState>(() => ({ items: [], values: {}, dataDir: "", error: null }))

export async function loadSettings(): Promise<void> {
  try {
    accept(await api("GET /api/settings"))
  } catch (error) {
    useSettings.setState({ error })
  }
}

/** Changes settings; null resets one to its default. Shown at once, taken back when the core refuses. */
export async function changeSettings(
  changes: { [K in keyof SettingValues]?: SettingValues[K] | null },
): Promise<boolean> {
  const before = useSettings.getState()
  const items = before.items.map((item) =>
    item.name in changes ? { ...item, value: changes[item.name as keyof SettingValues] ?? item.defaultValue } : item,
  )
  accept({ items, dataDir: before.dataDir })
  try {
    accept(await api("PATCH /api/settings", { body: changes }))
    return true
  } catch (error) {
    accept(before)
    toast(asApiError(error).message, { tone: "danger" })
    return false
  }
}

export function followSettings(): () => void {
  return subscribe("settings", (message) => {
    if (message.type === "changed") void loadSettings()
  })
}

function accept(next: { items: Setting[]; dataDir: string }): void {
  const values = Object.fromEntries(next.items.map((item) => [item.name, item.value])) as Partial<SettingValues>
  useSettings.setState({ items: next.items, dataDir: next.dataDir, values, error: null })
  if (values.theme) applyTheme(values.theme)
}
