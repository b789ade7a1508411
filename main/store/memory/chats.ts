import type { Conversation, Message } from "#contract/conversations.ts"
import type { Actor } from "#core/actor.ts"
import { AppError } from "#core/errors.ts"
import { newId } from "#core/ids.ts"
import { decodeCursor, toPage } from "../cursor.ts"
import { defined, importedMessage, newMessage } from "../newRows.ts"
import { notFound } from "../notFound.ts"
import type { ConversationRepository, MessageRepository } from "../types.ts"
import { changeSharing, copy, found, given, mine, readable, removeWhere, sharedFor, type Tables } from "./tables.ts"
import { marked, matchesAll, wordsOf } from "./words.ts"

/** Conversations and messages. */
export function createMemoryChats(tables: Tables): {
  conversations: ConversationRepository
  messages: MessageRepository
} {
  type Row = Tables["conversations"][number]
  tables.onRemoval.push((personId, things) => {
    const own = tables.conversations.filter((row) => row.ownerId === personId).map(({ id }) => id)
    if (things === "erase") removeWhere(tables.messages, ({ message }) => own.includes(message.conversationId))
    given(tables.messages)(personId, things)
    given(tables.conversations)(personId, things)
  })
  const readableRows = (actor: Actor) =>
    readable(tables, actor, tables.conversations, false).filter((row) => row.deletedAt === null)
  const readableRow = (actor: Actor, id: string) =>
    found(
      "conversation",
      readableRows(actor).find((row) => row.id === id),
    )
  const readableMessage = (actor: Actor, id: string) =>
    found(
      "message",
      tables.messages.find(
        ({ message }) => message.id === id && readableRows(actor).some((row) => row.id === message.conversationId),
      ),
    )
  const visible = (actor: Actor) => mine(actor, tables.conversations).filter((row) => row.deletedAt === null)
  const conversationRow = (actor: Actor, id: string) =>
    found(
      "conversation",
      visible(actor).find((row) => row.id === id),
    )
  const messageRow = (actor: Actor, id: string) =>
    found(
      "message",
      mine(actor, tables.messages).find(
        ({ message }) => message.id === id && visible(actor).some((row) => row.id === message.conversationId),
      ),
    )
  const messagesOf = (conversationId: string) =>
    tables.messages.filter(({ message }) => message.conversationId === conversationId)
  const toConversation = (actor: Actor, whole: Row): Conversation => {
    const { ownerId: _, seq: __, deletedAt: ___, audience: ____, personIds: _____, ...row } = whole
    return copy({ ...row, ...sharedFor(tables, actor, whole), messageCount: messagesOf(row.id).length })
  }
  const requireCollections = (actor: Actor, ids: readonly string[] | null | undefined) => {
    for (const id of ids ?? []) {
      found(
        "collection",
        readable(tables, actor, tables.collections, true).find((row) => row.id === id),
      )
    }
  }
  const addMessage = (actor: Actor, message: Message) => {
    if (tables.messages.some((row) => row.message.id === message.id)) {
      throw new AppError("request.conflict", "A row with this name or id exists already.")
    }
    tables.messages.push({ ownerId: actor.personId, seq: tables.nextSeq(), message: copy(message) })
  }

  const conversations: ConversationRepository = {
    async create(actor, values) {
      requireCollections(actor, values.collectionIds)
      const now = tables.clock.now()
      const row: Row = {
        ownerId: actor.personId,
        seq: tables.nextSeq(),
        id: newId(),
        title: values.title ?? "",
        titleIsAutomatic: values.title === undefined,
        personaId: values.personaId ?? null,
        collectionIds: values.collectionIds ?? null,
        model: values.model ?? null,
        activeMessageId: null,
        createdAt: now,
        updatedAt: now,
        deletedAt: null,
        audience: "private",
        personIds: [],
      }
      tables.conversations.push(copy(row))
      return toConversation(actor, row)
    },
    get: async (actor, id) => toConversation(actor, readableRow(actor, id)),
    async list(actor, query) {
      const after = decodeCursor(query.cursor, 2)
      const [afterTime = 0, afterSeq = 0] = after ?? []
      const rows = readableRows(actor)
        .filter((row) => row.title.toLowerCase().includes((query.q ?? "").toLowerCase()))
        .filter((row) => !after || row.updatedAt < afterTime || (row.updatedAt === afterTime && row.seq < afterSeq))
        .sort((a, b) => b.updatedAt - a.updatedAt || b.seq - a.seq)
      return toPage(
        rows.slice(0, query.limit + 1),
        query.limit,
        (row) => [row.updatedAt, row.seq],
        (row) => toConversation(actor, row),
      )
    },
    async update(actor, id, changes) {
      const row = conversationRow(actor, id)
      requireCollections(actor, changes.collectionIds)
      if (changes.activeMessageId && messageRow(actor, changes.activeMessageId).message.conversationId !== id) {
        throw notFound("message")
      }
      Object.assign(row, copy(defined(changes)))
      return toConversation(actor, row)
    },
    async setSharing(actor, id, sharing) {
      const row = conversationRow(actor, id)
      changeSharing(tables, row, sharing)
      return toConversation(actor, row)
    },
    async delete(actor, id) {
      conversationRow(actor, id).deletedAt = tables.clock.now()
    },
    async restore(actor, id) {
      const row = found(
        "conversation",
        mine(actor, tables.conversations).find((candidate) => candidate.id === id),
      )
      row.deletedAt = null
      return toConversation(actor, row)
    },
    async purge(actor, olderThanMs) {
      const before = tables.clock.now() - olderThanMs
      const gone = new Set(
        mine(actor, tables.conversations)
          .filter((row) => row.deletedAt !== null && row.deletedAt <= before)
          .map((row) => row.id),
      )
      removeWhere(tables.messages, ({ message }) => gone.has(message.conversationId))
      return removeWhere(tables.conversations, (row) => gone.has(row.id))
    },
    async import(actor, conversation, messages) {
      const known = conversation.collectionIds?.filter((id) =>
        mine(actor, tables.collections).some((row) => row.id === id),
      )
      const id = newId()
      const ids = new Map<string, string>()
      for (const message of messages) {
        const newMessageId = newId()
        addMessage(actor, importedMessage(message, newMessageId, id, ids))
        ids.set(message.id, newMessageId)
      }
      const { messageCount: _, sharing: __, sharedBy: ___, ...values } = conversation
      const row: Row = {
        ...values,
        id,
        ownerId: actor.personId,
        seq: tables.nextSeq(),
        collectionIds: conversation.collectionIds?.length === 0 || known?.length ? (known ?? null) : null,
        activeMessageId: ids.get(conversation.activeMessageId ?? "") ?? ids.get(messages.at(-1)?.id ?? "") ?? null,
        deletedAt: null,
        audience: "private",
        personIds: [],
      }
      tables.conversations.push(copy(row))
      return toConversation(actor, row)
    },
  }

  const messages: MessageRepository = {
    async append(actor, values) {
      const row = conversationRow(actor, values.conversationId)
      if (values.parentId !== null) {
        const parent = messageRow(actor, values.parentId).message
        if (parent.conversationId !== values.conversationId) throw notFound("message")
      }
      const message = newMessage(values, tables.clock.now())
      addMessage(actor, message)
      row.activeMessageId = message.id
      row.updatedAt = tables.clock.now()
      return message
    },
    get: async (actor, id) => copy(readableMessage(actor, id).message),
    async update(actor, id, changes) {
      const row = messageRow(actor, id)
      row.message = { ...row.message, ...copy(defined(changes)) }
      return copy(row.message)
    },
    async list(actor, conversationId, query) {
      readableRow(actor, conversationId)
      const after = decodeCursor(query.cursor, 1)?.[0] ?? 0
      const rows = messagesOf(conversationId).filter((row) => row.seq > after)
      return toPage(
        rows.slice(0, query.limit + 1),
        query.limit,
        (row) => [row.seq],
        (row) => copy(row.message),
      )
    },
    async path(actor, leafId) {
      const path = [readableMessage(actor, leafId).message]
      for (let parentId = path[0]?.parentId; parentId; parentId = path[0]?.parentId) {
        path.unshift(readableMessage(actor, parentId).message)
      }
      return copy(path)
    },
    async search(actor, q, limit) {
      const wanted = wordsOf(q)
      if (wanted.length === 0) return []
      return tables.messages
        .flatMap(({ message, seq }) => {
          const row = readableRows(actor).find((candidate) => candidate.id === message.conversationId)
          return row && matchesAll(message.text, wanted) ? [{ message, seq, row }] : []
        })
        .sort((a, b) => b.seq - a.seq)
        .slice(0, limit)
        .map(({ message, row }) => ({
          conversationId: row.id,
          conversationTitle: row.title,
          messageId: message.id,
          role: message.role,
          snippet: marked(message.text, wanted),
          createdAt: message.createdAt,
        }))
    },
  }
  return { conversations, messages }
}
