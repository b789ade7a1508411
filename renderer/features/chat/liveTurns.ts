import type { Message } from "#contract/conversations.ts"
import type { TurnState } from "#contract/turnState.ts"
import type { TurnRequest } from "#contract/turns.ts"
import { api, apiBytes, asApiError } from "../../api/client.ts"
import { announce, renamePlace, toast } from "../frame/frameStore.ts"
import { noteMemory } from "../memory/memoryStore.ts"
import { pathTo } from "./branches.ts"
import { chatKey, type LiveTurn, newKey, setDraft, useChat } from "./chatStore.ts"
import { loadConversations, loadMessages } from "./conversations.ts"
import { rememberTurn, runningTurn } from "./runningTurns.ts"
import { strings } from "./strings.ts"
import { followTurn, forgetTurn } from "./turnStore.ts"

const set = useChat.setState
const get = useChat.getState

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
  // A stored chat knows its own.
  const model = start.model ?? (isNew || isTemporary ? (state.pickedModels[key] ?? undefined) : undefined)
  const named = Object.entries(state.mentions).filter(([words]) => (text ?? asked ?? "").includes(words))
  const body: TurnRequest = {
    kind: start.kind,
    ...(isNew ? {} : { conversationId: key }),
    ...(text === undefined ? {} : { text }),
    ...(start.source ? { source: start.source } : {}),
    ...(collectionIds ? { collectionIds } : {}),
    ...(named.length > 0 ? { documentIds: named.map(([, documentId]) => documentId) } : {}),
    ...(isNew && state.newPersonaId ? { personaId: state.newPersonaId } : {}),
    ...(model ? { model } : {}),
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

/** Shows a turn that somebody else started: a hands-free conversation opens its own. */
export function showTurn(
  { key, turnId, isTemporary }: { key: string; turnId: string; isTemporary: boolean },
  onEvent: TurnStart["onEvent"],
): void {
  const { messages, leaves } = get()
  const live: LiveTurn = {
    localId: crypto.randomUUID(),
    turnId,
    question: null,
    parentId: pathTo(messages[key] ?? [], leaves[key]).at(-1)?.id ?? null,
    isRegeneration: false,
    kind: "voice",
  }
  follow(key, live, isTemporary, onEvent)
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
      if (!isTemporary) {
        rememberTurn(key, { turnId, kind: live.kind, regeneratedId: live.isRegeneration ? live.parentId : null })
      }
      set((state) => ({
        rowKeys: {
          ...state.rowKeys,
          ...(event.userMessageId && !live.isRegeneration ? { [event.userMessageId]: `q-${live.localId}` } : {}),
          [event.messageId]: `a-${live.localId}`,
        },
      }))
    } else if (event.type === "memory") {
      const { action, memoryId, text } = event
      if (turn.messageId) noteMemory(turn.messageId, { action, memoryId, text })
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
      rememberTurn(key, null)
      finish(key, live, turn)
      announce(strings.answerReady)
      void loadConversations()
      void loadMessages(key).then(() => forgetTurn(turnId))
    }
  })
}

/** After the page was loaded again: goes on with the answer that was being written in this chat. Its messages must be loaded. */
export function resumeTurn(key: string): void {
  const running = runningTurn(key)
  const { live, messages, leaves } = get()
  if (!running || live[key]) return
  const last = pathTo(messages[key] ?? [], leaves[key]).at(-1)
  const questionId = running.regeneratedId ?? (last?.role === "user" ? last.id : null)
  // Below an answer there is nothing to wait for: the turn ended meanwhile.
  if (!questionId) {
    rememberTurn(key, null)
    return
  }
  const { turnId, kind } = running
  // The question is among the messages already, like that of an answer written again.
  const resumed: LiveTurn = {
    localId: crypto.randomUUID(),
    turnId,
    question: null,
    parentId: questionId,
    isRegeneration: true,
    kind,
  }
  follow(key, resumed, false, undefined)
  void recoverLiveTurns()
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
      rememberTurn(key, null)
      forgetTurn(turnId)
      toast(strings.turnLost, { tone: "danger" })
      if (key !== newKey) void loadMessages(key)
    } finally {
      abort.abort()
    }
  }
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
      newPersonaId: null,
      pickedModels: { ...state.pickedModels, [conversationId]: state.pickedModels[newKey] ?? null, [newKey]: null },
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
    const { question: text, speaker } = turn
    const who = speaker === undefined ? {} : { speaker }
    added.push({ ...base, ...who, id: questionId, parentId: live.parentId, role: "user", text })
  }
  const isEmpty = turn.endReason === "aborted" && turn.text === ""
  if (turn.messageId && turn.endReason !== "no-speech" && !isEmpty) {
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
      ...(isEmpty && questionId ? { stoppedQuestions: { ...state.stoppedQuestions, [questionId]: true } } : {}),
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
