import type { Conversation, Message, SearchHit } from "#contract/conversations.ts"
import type { Sharing } from "#contract/sharing.ts"
import type { Actor } from "#core/actor.ts"
import type { Page } from "./page.ts"

export interface ConversationRepository {
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
  /** Unknown people throw `person.not-found`. */
  setSharing(actor: Actor, id: string, sharing: Sharing): Promise<Conversation>
  /** Marks as deleted; `purge` erases what was marked longer ago than this. */
  delete(actor: Actor, id: string): Promise<void>
  restore(actor: Actor, id: string): Promise<Conversation>
  purge(actor: Actor, olderThanMs: number): Promise<number>
  import(actor: Actor, conversation: Conversation, messages: Message[]): Promise<Conversation>
}

export type NewMessage = Pick<Message, "conversationId" | "parentId" | "role" | "text" | "kind"> &
  Partial<Omit<Message, "conversationId" | "parentId" | "role" | "text" | "kind">>

export interface MessageRepository {
  /** Appends, makes the message the conversation's active leaf, and is durable when it resolves. */
  append(actor: Actor, message: NewMessage): Promise<Message>
  get(actor: Actor, id: string): Promise<Message>
  update(
    actor: Actor,
    id: string,
    changes: Partial<Omit<Message, "id" | "conversationId" | "parentId" | "role" | "createdAt">>,
  ): Promise<Message>
  list(actor: Actor, conversationId: string, query: { cursor?: string; limit: number }): Promise<Page<Message>>
  /** From the first message down to this one. */
  path(actor: Actor, leafId: string): Promise<Message[]>
  search(actor: Actor, q: string, limit: number): Promise<SearchHit[]>
}
