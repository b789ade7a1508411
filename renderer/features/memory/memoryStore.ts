import { create } from "zustand"
import type { Memory } from "#contract/memory.ts"
import type { TurnState } from "#contract/turnState.ts"
import { api } from "../../api/client.ts"
import { subscribe } from "../../api/socket.ts"
import { attempt } from "../frame/attempt.ts"
import { toast } from "../frame/frameStore.ts"
import { strings } from "./strings.ts"

interface MemoryState {
  items: Memory[]
  total: number
  next: string | null
  query: string
  isLoaded: boolean
  error: unknown
  /** What an answer of this window kept or proposes, by the answer's message. */
  notes: Record<string, NonNullable<TurnState["memory"]>>
}

export const useMemory = create<MemoryState>(() => ({
  items: [],
  total: 0,
  next: null,
  query: "",
  isLoaded: false,
  error: null,
  notes: {},
}))

const set = useMemory.setState
const get = useMemory.getState

/** From the start, or on from what is shown. */
export async function loadMemories(query: string, isMore = false): Promise<void> {
  set({ query })
  try {
    const { next } = get()
    const cursor = isMore && next !== null ? { cursor: next } : {}
    const page = await api("GET /api/memory", { query: { limit: 100, ...cursor, ...(query ? { q: query } : {}) } })
    // An answer to an older question is not shown.
    if (get().query !== query) return
    set((state) => ({
      items: isMore ? [...state.items, ...page.items] : page.items,
      total: page.total,
      next: page.next,
      isLoaded: true,
      error: null,
    }))
  } catch (error) {
    set({ error, isLoaded: true })
  }
}

export const followMemories = (): (() => void) =>
  subscribe("memory", (message) => {
    if (message.type === "changed" && get().isLoaded) void loadMemories(get().query)
  })

export const addMemory = (text: string, from?: { conversationId: string; messageId: string }): Promise<Memory | null> =>
  attempt(() => api("POST /api/memory", { body: { text, ...from } }))

export const changeMemory = (id: string, changes: { text?: string; weight?: number }): Promise<Memory | null> =>
  attempt(async () => {
    const changed = await api("PATCH /api/memory/:id", { params: { id }, body: changes })
    set((state) => ({ items: state.items.map((entry) => (entry.id === id ? changed : entry)) }))
    return changed
  })

export async function forgetMemory(id: string): Promise<boolean> {
  const done = await attempt(() => api("DELETE /api/memory/:id", { params: { id } }))
  if (done) {
    set((state) => ({
      items: state.items.filter((entry) => entry.id !== id),
      total: Math.max(0, state.total - (state.items.some((entry) => entry.id === id) ? 1 : 0)),
    }))
  }
  return done !== null
}

export async function forgetEverything(): Promise<void> {
  if ((await attempt(() => api("DELETE /api/memory", { query: { confirm: "all" } }))) === null) return
  set({ items: [], total: 0, next: null })
  toast(strings.forgotten)
}

export const noteMemory = (messageId: string, note: NonNullable<TurnState["memory"]>): void =>
  set((state) => ({ notes: { ...state.notes, [messageId]: note } }))

export const dropNote = (messageId: string): void =>
  set((state) => {
    const { [messageId]: _, ...notes } = state.notes
    return { notes }
  })
