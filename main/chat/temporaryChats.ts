import type { Message } from "#contract/conversations.ts"
import type { TurnState } from "#contract/turnState.ts"
import { newId } from "#core/ids.ts"

/** Chats that leave no trace: kept here while the core runs, the newest few only. */
export interface TemporaryChats {
  /** Messages so far, oldest first. Empty for a chat that is not known, or is somebody else's. */
  history(personId: string, chatId: string): Message[]
  add(personId: string, chatId: string, turn: TurnState): void
}

const keptChats = 20

export function createTemporaryChats(): TemporaryChats {
  const chats = new Map<string, { personId: string; messages: Message[] }>()
  const own = (personId: string, chatId: string): Message[] => {
    const chat = chats.get(chatId)
    return chat?.personId === personId ? chat.messages : []
  }
  return {
    history: (personId, chatId) => [...own(personId, chatId)],
    add(personId, chatId, turn) {
      if (turn.question === "" || turn.text === "") return
      const messages = own(personId, chatId)
      const asked = toMessage(chatId, turn, "user", messages.at(-1)?.id ?? null)
      const answered = toMessage(chatId, turn, "assistant", asked.id)
      chats.delete(chatId)
      chats.set(chatId, { personId, messages: [...messages, asked, answered] })
      for (const id of [...chats.keys()].slice(0, Math.max(0, chats.size - keptChats))) chats.delete(id)
    },
  }
}

const toMessage = (chatId: string, turn: TurnState, role: Message["role"], parentId: string | null): Message => ({
  id: newId(),
  conversationId: chatId,
  parentId,
  role,
  text: role === "user" ? turn.question : turn.text,
  reasoning: "",
  endReason: role === "user" ? null : turn.endReason,
  error: null,
  model: role === "user" ? null : turn.model,
  passages: [],
  spans: [],
  timings: [],
  usage: null,
  heardChars: null,
  kind: turn.kind,
  ...(role === "assistant" && turn.sent ? { sent: turn.sent } : {}),
  feedback: null,
  createdAt: Date.now(),
})
