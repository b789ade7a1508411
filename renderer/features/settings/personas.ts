import { useEffect } from "react"
import { create } from "zustand"
import type { Persona } from "#contract/settings.ts"
import { api } from "../../api/client.ts"

const useStore = create<{ items: Persona[] }>(() => ({ items: [] }))

/** The personas of the core, read again whenever something that shows them appears: their file may have changed. */
export function usePersonas(): Persona[] {
  useEffect(() => {
    void api("GET /api/personas")
      .then(({ items }) => useStore.setState({ items }))
      .catch(() => undefined)
  }, [])
  return useStore((state) => state.items)
}
