import type { Conversation, Message } from "#contract/conversations.ts"
import type { Collection } from "#contract/documents.ts"
import type { Memory } from "#contract/memory.ts"
import type { Actor } from "#core/actor.ts"
import type { DocumentRecord, Store } from "#store/types.ts"

export type OwnThings = Pick<Store, "conversations" | "messages" | "collections" | "documents" | "memories">

/** What is one person's own, read page by page. Shared things of others are theirs. */
export async function conversationsOf(actor: Actor, store: OwnThings): Promise<Conversation[]> {
  const all = await pages((cursor) => store.conversations.list(actor, { limit: 200, ...cursor }))
  return all.filter(({ sharedBy }) => !sharedBy)
}

export const messagesOf = (actor: Actor, store: OwnThings, conversationId: string): Promise<Message[]> =>
  pages((cursor) => store.messages.list(actor, conversationId, { limit: 5000, ...cursor }))

export const collectionsOf = async (actor: Actor, store: OwnThings): Promise<Collection[]> =>
  (await store.collections.list(actor)).filter(({ sharedBy }) => !sharedBy)

export async function documentsOf(actor: Actor, store: OwnThings): Promise<DocumentRecord[]> {
  const found: DocumentRecord[] = []
  for (const { id } of await collectionsOf(actor, store))
    found.push(...(await pages((cursor) => store.documents.list(actor, { collectionId: id, limit: 200, ...cursor }))))
  return found
}

export const memoriesOf = (actor: Actor, store: OwnThings): Promise<Memory[]> =>
  pages((cursor) => store.memories.list(actor, { limit: 200, ...cursor }))

async function pages<T>(
  read: (cursor: { cursor?: string }) => Promise<{ items: T[]; next: string | null }>,
): Promise<T[]> {
  const items: T[] = []
  let cursor: string | undefined
  do {
    const page = await read(cursor === undefined ? {} : { cursor })
    items.push(...page.items)
    cursor = page.next ?? undefined
  } while (cursor !== undefined)
  return items
}
