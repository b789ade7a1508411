import { newId } from "#core/ids.ts"

/** A chat of another program, as much of it as there is a place for here. */
export interface ImportedChat {
  title: string
  createdAt: number
  updatedAt: number
  /** Each after the one it follows. */
  messages: ImportedMessage[]
  /** The leaf of the branch that was shown there. */
  activeMessageId: string | null
}

export interface ImportedMessage {
  id: string
  parentId: string | null
  role: "user" | "assistant"
  text: string
  model: string | null
  createdAt: number
}

/** In the form that `importConversation` checks and stores. */
export function toExported(chat: ImportedChat): { conversation: unknown; messages: unknown[] } {
  const id = newId()
  return {
    conversation: {
      id,
      title: chat.title,
      titleIsAutomatic: false,
      personaId: null,
      collectionIds: null,
      model: null,
      activeMessageId: chat.activeMessageId,
      messageCount: chat.messages.length,
      createdAt: chat.createdAt,
      updatedAt: chat.updatedAt,
    },
    messages: chat.messages.map((message) => ({
      ...message,
      conversationId: id,
      reasoning: "",
      endReason: message.role === "assistant" ? "complete" : null,
      error: null,
      passages: [],
      spans: [],
      timings: [],
      usage: null,
      heardChars: null,
      kind: "text",
      feedback: null,
    })),
  }
}

/** Programs write seconds or milliseconds. Milliseconds since 1973 have more than eleven digits, seconds have fewer until the year 5138. */
export const toMilliseconds = (time: number | null | undefined, otherwise: number): number =>
  time === null || time === undefined || !Number.isFinite(time) || time <= 0
    ? otherwise
    : Math.round(time > 1e11 ? time : time * 1000)

const longestTitle = 80

export function titleOf(title: string | null | undefined, messages: ImportedMessage[]): string {
  const text = title?.trim() || (messages.find(({ role }) => role === "user")?.text ?? "")
  const line = text.replace(/\s+/g, " ").trim()
  return line.length > longestTitle ? `${line.slice(0, longestTitle - 1)}…` : line
}
