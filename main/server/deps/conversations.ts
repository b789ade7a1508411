import type { Conversation, Message, SearchHit } from "#contract/conversations.ts"
import type { TurnEvent, TurnRequest } from "#contract/turns.ts"
import type { Actor } from "#core/actor.ts"
import type { UploadedFile } from "./documents.ts"
import type { Page } from "./page.ts"

/** Unknown and foreign turns are refused with `turn.not-found`. */
export interface TurnService {
  /** Resolves once the question is stored. */
  start(actor: Actor, request: TurnRequest): Promise<{ turnId: string }>
  /** Calls the listener at once with every event after `afterSeq` (−1: all), then with each new one. Returns the end of the subscription. */
  watch(actor: Actor, turnId: string, afterSeq: number, listener: (event: TurnEvent) => void): () => void
  release(actor: Actor, turnId: string): void | Promise<void>
  heard(actor: Actor, turnId: string, playedMs: number): void | Promise<void>
  abort(actor: Actor, turnId: string): Promise<void>
}

export interface ConversationService {
  create(
    actor: Actor,
    values: { title?: string; personaId?: string | null; collectionIds?: string[] | null; model?: string | null },
  ): Promise<Conversation>
  get(actor: Actor, id: string): Promise<Conversation>
  list(actor: Actor, query: { cursor?: string; limit: number; q?: string }): Promise<Page<Conversation>>
  update(
    actor: Actor,
    id: string,
    changes: Partial<
      Pick<Conversation, "title" | "titleIsAutomatic" | "personaId" | "collectionIds" | "model" | "activeMessageId">
    >,
  ): Promise<Conversation>
  delete(actor: Actor, id: string): Promise<void>
  restore(actor: Actor, id: string): Promise<Conversation>
  /** Writes a conversation in a file's text. */
  export(conversation: Conversation, messages: Message[], format: "md" | "json"): string
  /** Checks and stores an exported conversation under new ids. Rejects with `request.invalid`. */
  import(actor: Actor, file: { conversation: unknown; messages: unknown[] }): Promise<Conversation>
  /** Stores the chats in files of other programs. Rejects with `request.invalid` when there are none. */
  importFiles(actor: Actor, files: UploadedFile[], signal: AbortSignal): Promise<ImportReport>
}

export interface ImportReport {
  imported: { id: string; title: string }[]
  skipped: { title: string; reason: string }[]
}

export interface MessageService {
  list(actor: Actor, conversationId: string, query: { cursor?: string; limit: number }): Promise<Page<Message>>
  update(actor: Actor, id: string, changes: { feedback: Message["feedback"] }): Promise<Message>
  search(actor: Actor, q: string, limit: number): Promise<SearchHit[]>
}
