import { create } from "zustand"
import type { Conversation, Message, SearchHit } from "#contract/conversations.ts"
import { goTo, useFrame } from "../frame/frameStore.ts"
import { keepDraft, keptDrafts } from "./drafts.ts"

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
  /** Questions whose answer was stopped before its first word: nothing of it is stored. */
  stoppedQuestions: Record<string, true>
  /** Documents that were named with `@`, by the words that stand for them in a question. */
  mentions: Record<string, string>
  /** Models picked in chats that are not stored, by chat. */
  pickedModels: Record<string, string | null>
  /** Persona of a chat that has no conversation yet; null: the one of the settings. */
  newPersonaId: string | null
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
  stoppedQuestions: {},
  mentions: {},
  pickedModels: {},
  newPersonaId: null,
  isCarouselOpen: false,
  contexts: {},
  isListOpen: false,
}))

/** Key of the chat on screen. */
export const chatKey = (): string => {
  const { page, detail } = useFrame.getState()
  return page === "chat" && detail ? detail : newKey
}

export function setDraft(key: string, text: string): void {
  useChat.setState((state) => ({ drafts: { ...state.drafts, [key]: text } }))
  keepDraft(key, text)
}

export function startNewChat(isTemporary = false): void {
  useChat.setState(({ pickedModels }) => ({
    isTemporary,
    newCollectionIds: null,
    newPersonaId: null,
    pickedModels: { ...pickedModels, [newKey]: null },
    isListOpen: false,
  }))
  goTo("chat")
  requestAnimationFrame(focusComposer)
}

export const focusComposer = (): void => document.getElementById("composer")?.focus()
