import { create } from "zustand"
import type { Conversation, Message, SearchHit } from "#contract/conversations.ts"
import type { TurnState } from "#contract/turnState.ts"
import type { TurnRequest } from "#contract/turns.ts"
import { api, apiBytes, asApiError } from "../../api/client.ts"
import { subscribe } from "../../api/socket.ts"
import { announce, goTo, renamePlace, toast, useFrame } from "../frame/frameStore.ts"
import { pathTo } from "./branches.ts"
import { keepDraft, keptDrafts } from "./drafts.ts"
import { strings } from "./strings.ts"
import { followTurn, forgetTurn } from "./turnStore.ts"

/** Key of the chat that has no conversation yet. */
export const newKey = "new"

export interface LiveTurn {
  /** Stable identity of its rows, before and after the core gives them ids. */
  localId: string
  turnId: string | null
  /** Null while a spoken question is still unknown, and when an answer is regenerated. */
  question: string | null
  parentId: string | null
  isRegeneration: boolean
  kind: "text" | "voice"
}

interface ChatState {
  conversations: Conversation[]
  nextCursor: string | null
  isListLoaded: boolean
  listError: unknown
  hits: SearchHit[] | null
  query: string
  messages: Record<string, Message[]>
  messageErrors: Record<string, unknown>
  /** Leaf of the branch shown, by conversation. */
  leaves: Record<string, string>
  live: Record<string, LiveTurn>
  rowKeys: Record<string, string>
  drafts: Record<string, string>
  /** Collections asked by a chat that has no conversation yet; null: all. */
  newCollectionIds: string[] | null
  isTemporary: boolean
  /** Conversations that exist in memory only. */
  temporaryIds: Record<string, true>
  /** Identity of the list on screen: a chat that gets its conversation keeps its list. */
  viewKeys: Record<string, string>
  newCount: number
  isCarouselOpen: boolean
  contexts: Record<string, { tokens: number; limit: number }>
  isListOpen: boolean
}

export const useChat = create<ChatState>(() => ({
  conversations: [],
  nextCursor: null,
  isListLoaded: false,
  listError: null,
  hits: null,
  query: "",
  messages: {},
  messageErrors: {},
  leaves: {},
  live: {},
  rowKeys: {},
  drafts: keptDrafts(),
  newCollectionIds: null,
  isTemporary: false,
  temporaryIds: {},
  viewKeys: {},
  newCount: 0,
  isCarouselOpen: false,
  contexts: {},
  isListOpen: false,
}))

const set = useChat.setState
const get = useChat.getState

// ── Conversations ────────────────────────────────────────────────────────────────────────────────────────────────────

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
  changes: { title?: string; collectionIds?: string[] | null; model?: string | null; activeMessageId?: string },
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

// ── Messages ─────────────────────────────────────────────────────────────────────────────────────────────────────────

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

// ── Turns ────────────────────────────────────────────────────────────────────────────────────────────────────────────

export interface TurnStart {
  kind: "text" | "voice"
  text?: string
  source?: TurnRequest["source"]
  /** Speak the answer of a typed question too. */
  speak?: boolean
  model?: string
  collectionIds?: string[]
  /** An edited question becomes a sibling of the old one: the message both follow. */
  editParentId?: string | null
  /** The question whose answer is written again. */
  regenerateMessageId?: string
  onEvent?: (event: Parameters<Parameters<typeof followTurn>[1]>[0], turn: TurnState) => void
}

/** Key of the chat on screen. */
export const chatKey = (): string => {
  const { page, detail } = useFrame.getState()
  return page === "chat" && detail ? detail : newKey
}

/** Starts a turn in a chat and shows it at once. Returns the turn's id, or null when the core refused it. */
export async function startTurn(key: string, start: TurnStart): Promise<string | null> {
  const state = get()
  const isNew = key === newKey
  const path = pathTo(state.messages[key] ?? [], state.leaves[key])
  const live: LiveTurn = {
    localId: crypto.randomUUID(),
    turnId: null,
    question: start.regenerateMessageId ? null : (start.text ?? null),
    parentId:
      start.regenerateMessageId ?? (start.editParentId !== undefined ? start.editParentId : (path.at(-1)?.id ?? null)),
    isRegeneration: start.regenerateMessageId !== undefined,
    kind: start.kind,
  }
  set({ live: { ...state.live, [key]: live } })
  const isTemporary = isNew ? state.isTemporary : state.temporaryIds[key] === true
  const asked = state.messages[key]?.find((message) => message.id === start.regenerateMessageId)?.text
  // Nothing of a temporary chat is stored: its questions are asked again, not found again.
  const text = start.text ?? (isTemporary ? asked : undefined)
  const collectionIds = start.collectionIds ?? (isNew ? (state.newCollectionIds ?? undefined) : undefined)
  const body: TurnRequest = {
    kind: start.kind,
    ...(isNew ? {} : { conversationId: key }),
    ...(text === undefined ? {} : { text }),
    ...(start.source ? { source: start.source } : {}),
    ...(collectionIds ? { collectionIds } : {}),
    ...(start.model ? { model: start.model } : {}),
    options: {
      ...(isTemporary ? { temporary: true } : {}),
      ...(start.speak ? { speak: true } : {}),
      ...(start.editParentId !== undefined && !isTemporary ? { parentMessageId: start.editParentId } : {}),
      ...(start.regenerateMessageId && !isTemporary ? { regenerateMessageId: start.regenerateMessageId } : {}),
    },
  }
  try {
    const { turnId } = await api("POST /api/turns", { body })
    follow(key, { ...live, turnId }, isTemporary, start.onEvent)
    return turnId
  } catch (error) {
    dropLive(key, live.localId)
    const { message, remedy } = asApiError(error)
    if (start.text && !start.regenerateMessageId) setDraft(key, start.text)
    toast([message, remedy, start.text ? strings.sendFailed : ""].filter(Boolean).join(" "), { tone: "danger" })
    return null
  }
}

function follow(startKey: string, live: LiveTurn, isTemporary: boolean, onEvent: TurnStart["onEvent"]): void {
  const turnId = live.turnId
  if (!turnId) return
  let key = startKey
  set((state) => ({ live: { ...state.live, [key]: live } }))
  const stop = followTurn(turnId, (event, turn) => {
    onEvent?.(event, turn)
    if (event.type === "turn-start") {
      if (isTemporary) set((state) => ({ temporaryIds: { ...state.temporaryIds, [event.conversationId]: true } }))
      key = settle(key, event.conversationId, live)
      set((state) => ({
        rowKeys: {
          ...state.rowKeys,
          ...(event.userMessageId && !live.isRegeneration ? { [event.userMessageId]: `q-${live.localId}` } : {}),
          [event.messageId]: `a-${live.localId}`,
        },
      }))
    } else if (event.type === "text-end") {
      set((state) => ({
        contexts: { ...state.contexts, [key]: { tokens: event.contextTokens, limit: event.contextLimit } },
      }))
    } else if (event.type === "title") {
      const { title } = event
      set((state) => ({
        conversations: state.conversations.map((entry) => (entry.id === key ? { ...entry, title } : entry)),
      }))
    } else if (event.type === "turn-end") {
      stop()
      finish(key, live, turn)
      announce(strings.answerReady)
      void loadConversations()
      void loadMessages(key).then(() => forgetTurn(turnId))
    }
  })
}

/**
 * After the connection came back: a turn that the core no longer knows (it was restarted) ends here, with what it had
 * stored. Turns that still run go on by themselves.
 */
export async function recoverLiveTurns(): Promise<void> {
  for (const [key, { turnId, localId }] of Object.entries(get().live)) {
    if (!turnId) continue
    const abort = new AbortController()
    try {
      await apiBytes("GET /api/turns/:turnId/events", { params: { turnId }, signal: abort.signal })
    } catch (error) {
      if (asApiError(error).code !== "turn.not-found") continue
      dropLive(key, localId)
      forgetTurn(turnId)
      toast(strings.turnLost, { tone: "danger" })
      if (key !== newKey) void loadMessages(key)
    } finally {
      abort.abort()
    }
  }
}

/** Asks for an exported chat and adds it to the list. */
export function importChat(): void {
  const field = document.createElement("input")
  field.type = "file"
  field.accept = "application/json,.json"
  field.onchange = async () => {
    const file = field.files?.[0]
    if (!file) return
    try {
      const entry = await api("POST /api/conversations/import", { body: JSON.parse(await file.text()) })
      await loadConversations()
      goTo("chat", entry.id)
    } catch (error) {
      toast(error instanceof SyntaxError ? strings.notAnExport : asApiError(error).message, { tone: "danger" })
    }
  }
  field.click()
}

/** A new chat gets its conversation's name as soon as the core says it. */
function settle(key: string, conversationId: string, live: LiveTurn): string {
  if (key !== newKey) return key
  const wasShown = chatKey() === newKey
  set((state) => {
    const { [newKey]: _, ...others } = state.live
    return {
      live: { ...others, [conversationId]: live },
      viewKeys: { ...state.viewKeys, [conversationId]: `${newKey}-${state.newCount}` },
      newCount: state.newCount + 1,
      newCollectionIds: null,
      isTemporary: false,
    }
  })
  if (wasShown) renamePlace("chat", conversationId)
  return conversationId
}

/** The ended turn becomes messages, in place: same keys, same DOM. */
function finish(key: string, live: LiveTurn, turn: TurnState): void {
  const now = Date.now()
  const base = {
    conversationId: key,
    error: null,
    model: null,
    passages: [],
    spans: [],
    timings: [],
    usage: null,
    heardChars: null,
    feedback: null,
    reasoning: "",
    kind: turn.kind,
    createdAt: now,
    endReason: null,
  }
  const added: Message[] = []
  // Spoken and temporary questions have no id yet, or none at all.
  const questionId = live.isRegeneration ? live.parentId : (turn.userMessageId ?? `local-${live.localId}`)
  if (!live.isRegeneration && questionId && turn.question) {
    added.push({ ...base, id: questionId, parentId: live.parentId, role: "user", text: turn.question })
  }
  if (turn.messageId && turn.endReason !== "no-speech") {
    added.push({
      ...base,
      id: turn.messageId,
      parentId: questionId,
      role: "assistant",
      text: turn.text,
      reasoning: turn.reasoning,
      endReason: turn.endReason,
      error: turn.error,
      model: turn.model,
      passages: turn.found === false ? turn.closest : turn.passages,
      spans: turn.spans,
      timings: turn.timings,
      usage: turn.usage,
      heardChars: turn.heardChars,
    })
  }
  const leaf = added.at(-1)
  set((state) => {
    const known = new Set(added.map((message) => message.id))
    const kept = (state.messages[key] ?? []).filter((message) => !known.has(message.id))
    return {
      messages: { ...state.messages, [key]: [...kept, ...added] },
      leaves: leaf ? { ...state.leaves, [key]: leaf.id } : state.leaves,
    }
  })
  dropLive(key, live.localId)
}

function dropLive(key: string, localId: string): void {
  set((state) => {
    if (state.live[key]?.localId !== localId) return {}
    const { [key]: _, ...live } = state.live
    return { live }
  })
}

/** Generation, synthesis and playback stop together; what was written is kept. */
export async function stopTurn(key: string): Promise<void> {
  const turnId = get().live[key]?.turnId
  if (!turnId) return
  await api("DELETE /api/turns/:turnId", { params: { turnId } }).catch(() => undefined)
}

// ── Composer ─────────────────────────────────────────────────────────────────────────────────────────────────────────

export function setDraft(key: string, text: string): void {
  set((state) => ({ drafts: { ...state.drafts, [key]: text } }))
  keepDraft(key, text)
}

export function setCollections(key: string, collectionIds: string[] | null): void {
  if (key === newKey) set({ newCollectionIds: collectionIds })
  else void patchConversation(key, { collectionIds })
}

export function startNewChat(isTemporary = false): void {
  set({ isTemporary, newCollectionIds: null, isListOpen: false })
  goTo("chat")
  requestAnimationFrame(focusComposer)
}

export const focusComposer = (): void => document.getElementById("composer")?.focus()
