import type { Conversation, Message } from "#contract/conversations.ts"
import { api, apiBytes, asApiError, saveAs } from "../../api/client.ts"
import { subscribe } from "../../api/socket.ts"
import { goTo, toast, useFrame } from "../frame/frameStore.ts"
import { newKey, useChat } from "./chatStore.ts"
import { strings } from "./strings.ts"

const set = useChat.setState
const get = useChat.getState

export async function loadConversations(): Promise<void> {
  try {
    const { items, next } = await api("GET /api/conversations", { query: { limit: 100 } })
    set({ conversations: items, nextCursor: next, isListLoaded: true, listError: null })
  } catch (error) {
    set({ listError: error })
  }
}

export async function loadOlderConversations(): Promise<void> {
  const { nextCursor, conversations } = get()
  if (!nextCursor) return
  const { items, next } = await api("GET /api/conversations", { query: { limit: 100, cursor: nextCursor } })
  const known = new Set(conversations.map((entry) => entry.id))
  set({ conversations: [...conversations, ...items.filter((entry) => !known.has(entry.id))], nextCursor: next })
}

export function followConversations(): () => void {
  return subscribe("conversations", (message) => {
    if (message.type === "changed") void loadConversations()
  })
}

let searchAbort: AbortController | null = null
export async function searchConversations(query: string): Promise<void> {
  set({ query })
  searchAbort?.abort()
  if (query.trim().length < 2) {
    set({ hits: null })
    return
  }
  searchAbort = new AbortController()
  const { signal } = searchAbort
  try {
    const { items } = await api("GET /api/conversations/search", { query: { q: query.trim() }, signal })
    set({ hits: items })
  } catch (error) {
    if (!signal.aborted) set({ hits: [], listError: error })
  }
}

export async function renameConversation(id: string, title: string): Promise<void> {
  await patchConversation(id, { title })
}

export async function patchConversation(
  id: string,
  changes: {
    title?: string
    collectionIds?: string[] | null
    personaId?: string | null
    model?: string | null
    activeMessageId?: string
  },
): Promise<void> {
  if (get().temporaryIds[id]) return
  const before = get().conversations
  set({ conversations: before.map((entry) => (entry.id === id ? { ...entry, ...changes } : entry)) })
  try {
    keepConversation(await api("PATCH /api/conversations/:id", { params: { id }, body: changes }))
  } catch (error) {
    set({ conversations: before })
    toast(asApiError(error).message, { tone: "danger" })
  }
}

export async function deleteConversation(id: string): Promise<void> {
  const entry = get().conversations.find((candidate) => candidate.id === id)
  try {
    await api("DELETE /api/conversations/:id", { params: { id } })
  } catch (error) {
    toast(asApiError(error).message, { tone: "danger" })
    return
  }
  set((state) => ({ conversations: state.conversations.filter((candidate) => candidate.id !== id) }))
  if (useFrame.getState().detail === id) goTo("chat")
  toast(strings.deleted(entry?.title ?? strings.untitled), {
    action: {
      label: strings.undo,
      run: () =>
        void api("POST /api/conversations/:id/restore", { params: { id } })
          .then(() => loadConversations())
          .catch((error: unknown) => toast(asApiError(error).message, { tone: "danger" })),
    },
  })
}

function keepConversation(entry: Conversation): void {
  set((state) => ({ conversations: state.conversations.map((kept) => (kept.id === entry.id ? entry : kept)) }))
}

export async function exportChat(entry: { id: string; title: string }, format: "md" | "json"): Promise<void> {
  try {
    const response = await apiBytes("GET /api/conversations/:id/export", {
      params: { id: entry.id },
      query: { format },
    })
    const name = (entry.title || strings.untitled)
      .replace(/[\\/:*?"<>|\p{Cc}]+/gu, " ")
      .trim()
      .slice(0, 80)
    await saveAs(response, `${name || "chat"}.${format}`)
  } catch (error) {
    toast(asApiError(error).message, { tone: "danger" })
  }
}

/** Asks for exported chats, of this program or another, and adds them to the list. */
export function importChat(): void {
  const field = document.createElement("input")
  field.type = "file"
  field.multiple = true
  field.accept = ".json,.jsonl,.zip"
  field.onchange = async () => {
    const files = [...(field.files ?? [])]
    if (files.length === 0) return
    try {
      const { imported, skipped } = await api("POST /api/conversations/import/files", { fields: {}, files })
      await loadConversations()
      const first = skipped[0]
      const left = first ? ` ${strings.importSkipped(skipped.length)}: ${first.title} (${first.reason})` : ""
      toast(`${strings.imported(imported.length)}${left}`)
      const only = imported[0]
      if (only && imported.length === 1) goTo("chat", only.id)
    } catch (error) {
      toast(asApiError(error).message, { tone: "danger" })
    }
  }
  field.click()
}

export function setCollections(key: string, collectionIds: string[] | null): void {
  if (key === newKey) set({ newCollectionIds: collectionIds })
  else void patchConversation(key, { collectionIds })
}

export function setPersona(key: string, personaId: string): void {
  if (key === newKey) set({ newPersonaId: personaId })
  else void patchConversation(key, { personaId })
}

export async function loadMessages(conversationId: string): Promise<void> {
  if (get().temporaryIds[conversationId]) return
  try {
    const params = { id: conversationId }
    const [{ items }, entry] = await Promise.all([
      api("GET /api/conversations/:id/messages", { params }),
      api("GET /api/conversations/:id", { params }),
    ])
    set((state) => ({
      messages: { ...state.messages, [conversationId]: items },
      messageErrors: { ...state.messageErrors, [conversationId]: null },
      leaves: entry.activeMessageId ? { ...state.leaves, [conversationId]: entry.activeMessageId } : state.leaves,
      conversations: state.conversations.some((kept) => kept.id === conversationId)
        ? state.conversations.map((kept) => (kept.id === conversationId ? entry : kept))
        : state.isListLoaded
          ? [entry, ...state.conversations]
          : state.conversations,
    }))
  } catch (error) {
    set((state) => ({ messageErrors: { ...state.messageErrors, [conversationId]: error } }))
  }
}

export async function showBranch(conversationId: string, leafId: string): Promise<void> {
  set((state) => ({ leaves: { ...state.leaves, [conversationId]: leafId } }))
  await patchConversation(conversationId, { activeMessageId: leafId })
}

export async function giveFeedback(message: Message, feedback: "up" | "down"): Promise<void> {
  const next = message.feedback === feedback ? null : feedback
  replaceMessage({ ...message, feedback: next })
  try {
    await api("POST /api/messages/:id/feedback", { params: { id: message.id }, body: { feedback: next } })
  } catch (error) {
    replaceMessage(message)
    toast(asApiError(error).message, { tone: "danger" })
  }
}

function replaceMessage(message: Message): void {
  set((state) => ({
    messages: {
      ...state.messages,
      [message.conversationId]: (state.messages[message.conversationId] ?? []).map((kept) =>
        kept.id === message.id ? message : kept,
      ),
    },
  }))
}
