import { create } from "zustand"
import type { RouteOutput } from "#contract/route.ts"
import type { Routes } from "#contract/routes.ts"
import { api, asApiError } from "../../api/client.ts"
import { toast } from "../frame/frameStore.ts"
import { strings } from "./strings.ts"

export type Shown = RouteOutput<Routes["GET /rag/feedback/:query_id"]>
export type Learned = RouteOutput<Routes["GET /rag/feedback"]>

interface FeedbackState {
  /** What questions showed, as far as somebody asked. Null: it is not kept. */
  shown: Record<string, Shown | null>
  learned: Learned | null
}

export const useFeedback = create<FeedbackState>(() => ({ shown: {}, learned: null }))
const set = useFeedback.setState

export async function loadShown(queryId: string): Promise<void> {
  try {
    const shown = await api("GET /rag/feedback/:query_id", { params: { query_id: queryId } })
    set((state) => ({ shown: { ...state.shown, [queryId]: shown } }))
  } catch (error) {
    if (asApiError(error).code === "query.not-found") set((state) => ({ shown: { ...state.shown, [queryId]: null } }))
  }
}

type Event = "click" | "copy" | "dwell"

/** Notes what happens to a passage. Nobody waits for it, and a list that is not kept needs none. */
export function note(queryId: string | null, chunkId: string, event: Event, value = 1): void {
  if (queryId === null || useFeedback.getState().shown[queryId] === null) return
  void api("POST /rag/feedback", { body: { query_id: queryId, chunk_id: chunkId, event, value } }).catch(
    () => undefined,
  )
}

export const thumbOf = (shown: Shown | null | undefined, chunkId: string): "up" | "down" | null => {
  const found = shown?.events.findLast((entry) => entry.chunk_id === chunkId && /^(?:up|down)$/.test(entry.event))
  return found?.event === "up" || found?.event === "down" ? found.event : null
}

/** Gives a passage a thumb; the same again takes it back. */
export async function rate(queryId: string, chunkId: string, thumb: "up" | "down"): Promise<void> {
  const isTakenBack = thumbOf(useFeedback.getState().shown[queryId], chunkId) === thumb
  try {
    await api("POST /rag/feedback", {
      body: { query_id: queryId, chunk_id: chunkId, event: thumb, value: isTakenBack ? 0 : 1 },
    })
    await loadShown(queryId)
  } catch (error) {
    toast(asApiError(error).message, { tone: "danger" })
  }
}

export async function loadLearned(): Promise<void> {
  try {
    set({ learned: await api("GET /rag/feedback") })
  } catch {
    // The card says nothing rather than something untrue.
    set({ learned: null })
  }
}

export async function forgetLearned(): Promise<void> {
  try {
    const { events } = await api("DELETE /rag/feedback", { query: { confirm: "all" } })
    set({ shown: {} })
    await loadLearned()
    toast(strings.forgotten(events))
  } catch (error) {
    toast(asApiError(error).message, { tone: "danger" })
  }
}
