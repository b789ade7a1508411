import type { Conversation } from "#contract/conversations.ts"
import { newId } from "#core/ids.ts"
import { decodeCursor, toPage } from "../cursor.ts"
import { defined, importedMessage } from "../newRows.ts"
import { notFound } from "../notFound.ts"
import type { ConversationRepository } from "../types.ts"
import {
  containing,
  fromNullableJson,
  owned,
  readableConversation,
  type StoreContext,
  type Sync,
  toNullableJson,
  visible,
} from "./context.ts"
import { insertMessage } from "./messages.ts"
import { type SharedRow, sharedColumns, toShared, writeSharing } from "./shares.ts"

interface ConversationRow extends SharedRow {
  seq: number
  id: string
  title: string
  title_is_automatic: number
  persona_id: string | null
  collection_ids: string | null
  model: string | null
  active_message_id: string | null
  message_count: number
  created_at: number
  updated_at: number
}

const select = `SELECT c.*, ${sharedColumns}, (SELECT count(*) FROM messages m WHERE m.conversation_seq = c.seq) AS message_count
  FROM conversations c`

const toConversation = (row: ConversationRow, owner: string): Conversation => ({
  id: row.id,
  title: row.title,
  titleIsAutomatic: row.title_is_automatic === 1,
  personaId: row.persona_id,
  collectionIds: fromNullableJson<string[]>(row.collection_ids),
  model: row.model,
  activeMessageId: row.active_message_id,
  messageCount: row.message_count,
  ...toShared(row, owner),
  createdAt: row.created_at,
  updatedAt: row.updated_at,
})

/** `updatedAt` is when the newest message was written: renaming does not reorder the list. */
export function createConversations(context: StoreContext): Sync<ConversationRepository> {
  const { all, get, run, transaction } = context

  const insert = (values: {
    owner: string
    title: string
    titleIsAutomatic: boolean
    personaId: string | null
    collectionIds: string[] | null
    model: string | null
    createdAt: number
    updatedAt: number
  }) => {
    const id = newId()
    const { seq } = run(
      `INSERT INTO conversations
        (id, owner_id, title, title_is_automatic, persona_id, collection_ids, model, created_at, updated_at)
       VALUES (@id, @owner, @title, @titleIsAutomatic, @personaId, @collectionIds, @model, @createdAt, @updatedAt)`,
      {
        ...values,
        id,
        titleIsAutomatic: values.titleIsAutomatic ? 1 : 0,
        collectionIds: toNullableJson(values.collectionIds),
      },
    )
    return { id, seq }
  }

  const repository: Sync<ConversationRepository> = {
    create(actor, values) {
      for (const id of values.collectionIds ?? []) context.seqOf(actor, "collections", id, "read")
      const { id } = insert({
        ...context.owner(actor),
        title: values.title ?? "",
        titleIsAutomatic: values.title === undefined,
        personaId: values.personaId ?? null,
        collectionIds: values.collectionIds ?? null,
        model: values.model ?? null,
        createdAt: context.now(),
        updatedAt: context.now(),
      })
      return repository.get(actor, id)
    },
    get(actor, id) {
      const values = { ...context.owner(actor), id }
      const row = get<ConversationRow>(`${select} WHERE c.id = @id AND ${readableConversation("c")}`, values)
      if (!row) throw notFound("conversation")
      return toConversation(row, values.owner)
    },
    list(actor, query) {
      const after = decodeCursor(query.cursor, 2)
      const rows = all<ConversationRow>(
        `${select} WHERE ${readableConversation("c")}
          ${query.q ? "AND fold(c.title) LIKE @pattern ESCAPE '\\'" : ""}
          ${after ? "AND (c.updated_at, c.seq) < (@updatedAt, @seq)" : ""}
         ORDER BY c.updated_at DESC, c.seq DESC LIMIT @limit`,
        {
          ...context.owner(actor),
          pattern: containing(query.q ?? ""),
          updatedAt: after?.[0] ?? null,
          seq: after?.[1] ?? null,
          limit: query.limit + 1,
        },
      )
      return toPage(
        rows,
        query.limit,
        (row) => [row.updated_at, row.seq],
        (row) => toConversation(row, actor.personId),
      )
    },
    update(actor, id, changes) {
      return transaction(() => {
        context.seqOf(actor, "conversations", id)
        const before = repository.get(actor, id)
        const after = { ...before, ...defined(changes) }
        for (const collectionId of changes.collectionIds ?? [])
          context.seqOf(actor, "collections", collectionId, "read")
        if (changes.activeMessageId) {
          const seq = context.seqOf(actor, "messages", changes.activeMessageId)
          const isInside = get(
            `SELECT 1 FROM messages m JOIN conversations c ON c.seq = m.conversation_seq
              WHERE m.seq = @seq AND c.id = @id AND ${owned("c")}`,
            { ...context.owner(actor), seq, id },
          )
          if (!isInside) throw notFound("message")
        }
        run(
          `UPDATE conversations AS c SET title = @title, title_is_automatic = @titleIsAutomatic, persona_id = @personaId,
             collection_ids = @collectionIds, model = @model, active_message_id = @activeMessageId
            WHERE c.id = @id AND ${visible("c")}`,
          {
            ...context.owner(actor),
            id,
            title: after.title,
            titleIsAutomatic: after.titleIsAutomatic ? 1 : 0,
            personaId: after.personaId,
            collectionIds: toNullableJson(after.collectionIds),
            model: after.model,
            activeMessageId: after.activeMessageId,
          },
        )
        return repository.get(actor, id)
      })
    },
    setSharing(actor, id, sharing) {
      return transaction(() => {
        context.seqOf(actor, "conversations", id)
        writeSharing(context, "conversations", id, sharing)
        return repository.get(actor, id)
      })
    },
    delete(actor, id) {
      const { changes } = run(`UPDATE conversations AS c SET deleted_at = @now WHERE c.id = @id AND ${visible("c")}`, {
        ...context.owner(actor),
        id,
        now: context.now(),
      })
      if (changes === 0) throw notFound("conversation")
    },
    restore(actor, id) {
      run(`UPDATE conversations AS c SET deleted_at = NULL WHERE c.id = @id AND ${owned("c")}`, {
        ...context.owner(actor),
        id,
      })
      return repository.get(actor, id)
    },
    purge(actor, olderThanMs) {
      return run(`DELETE FROM conversations AS c WHERE ${owned("c")} AND c.deleted_at <= @before`, {
        ...context.owner(actor),
        before: context.now() - olderThanMs,
      }).changes
    },
    import(actor, conversation, messages) {
      return transaction(() => {
        const mine = new Set(
          all<{ id: string }>(`SELECT t.id FROM collections t WHERE ${owned("t")}`, context.owner(actor)).map(
            ({ id }) => id,
          ),
        )
        const known = conversation.collectionIds?.filter((id) => mine.has(id)) ?? []
        const { id, seq } = insert({
          ...context.owner(actor),
          title: conversation.title,
          titleIsAutomatic: conversation.titleIsAutomatic,
          personaId: conversation.personaId,
          collectionIds: conversation.collectionIds?.length === 0 || known.length > 0 ? known : null,
          model: conversation.model,
          createdAt: conversation.createdAt,
          updatedAt: conversation.updatedAt,
        })
        const ids = new Map<string, string>()
        for (const message of messages) {
          const copy = newId()
          insertMessage(context, actor, seq, importedMessage(message, copy, id, ids))
          ids.set(message.id, copy)
        }
        const last = messages.at(-1)
        run("UPDATE conversations SET active_message_id = @leaf WHERE seq = @seq", {
          seq,
          leaf: ids.get(conversation.activeMessageId ?? "") ?? (last ? ids.get(last.id) : null) ?? null,
        })
        return repository.get(actor, id)
      })
    },
  }
  return repository
}
