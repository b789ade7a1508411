import type { AnswerRoute } from "#contract/backends.ts"
import type { Message, SearchHit } from "#contract/conversations.ts"
import type { Actor } from "#core/actor.ts"
import { decodeCursor, toPage } from "../cursor.ts"
import { defined, newMessage } from "../newRows.ts"
import { notFound } from "../notFound.ts"
import type { MessageRepository } from "../types.ts"
import {
  fromJson,
  fromNullableJson,
  owned,
  readableConversation,
  type StoreContext,
  type Sync,
  toNullableJson,
} from "./context.ts"
import { quotedWords } from "./ftsQuery.ts"

interface MessageRow {
  seq: number
  id: string
  conversation_id: string
  parent_id: string | null
  role: Message["role"]
  text: string
  reasoning: string
  end_reason: Message["endReason"]
  error: string | null
  model: string | null
  passages: string
  spans: string
  timings: string
  usage: string | null
  heard_chars: number | null
  kind: Message["kind"]
  speaker_id: string | null
  speaker_name: string | null
  sent: string | null
  feedback: Message["feedback"]
  created_at: number
}

const from =
  "FROM messages m JOIN conversations c ON c.seq = m.conversation_seq LEFT JOIN voice_profiles v ON v.id = m.speaker_id"
const select = `SELECT m.*, c.id AS conversation_id, v.name AS speaker_name ${from}`
/** In place of a profile's id. */
const unknownVoice = ""
const readable = readableConversation("c")

const toMessage = (row: MessageRow): Message => ({
  id: row.id,
  conversationId: row.conversation_id,
  parentId: row.parent_id,
  role: row.role,
  text: row.text,
  reasoning: row.reasoning,
  endReason: row.end_reason,
  error: fromNullableJson(row.error),
  model: row.model,
  passages: fromJson(row.passages),
  spans: fromJson(row.spans),
  timings: fromJson(row.timings),
  usage: fromNullableJson(row.usage),
  heardChars: row.heard_chars,
  kind: row.kind,
  ...speakerOf(row),
  ...(row.sent === null ? {} : { sent: fromJson<AnswerRoute>(row.sent) }),
  feedback: row.feedback,
  createdAt: row.created_at,
})

/** A profile that was forgotten leaves a message that nobody asks about. */
function speakerOf({ speaker_id: id, speaker_name: name }: MessageRow): Pick<Message, "speaker"> {
  if (id === unknownVoice) return { speaker: null }
  return id !== null && name !== null ? { speaker: { id, name } } : {}
}

const bound = (message: Message) => ({
  id: message.id,
  parentId: message.parentId,
  role: message.role,
  text: message.text,
  reasoning: message.reasoning,
  endReason: message.endReason,
  error: toNullableJson(message.error),
  model: message.model,
  passages: JSON.stringify(message.passages),
  spans: JSON.stringify(message.spans),
  timings: JSON.stringify(message.timings),
  usage: toNullableJson(message.usage),
  heardChars: message.heardChars,
  kind: message.kind,
  speakerId: message.speaker === undefined ? null : (message.speaker?.id ?? unknownVoice),
  sent: message.sent === undefined ? null : JSON.stringify(message.sent),
  feedback: message.feedback,
  createdAt: message.createdAt,
})

export function insertMessage(context: StoreContext, actor: Actor, conversationSeq: number, message: Message): void {
  context.run(
    `INSERT INTO messages (id, owner_id, conversation_seq, parent_id, role, text, reasoning, end_reason, error, model,
       passages, spans, timings, usage, heard_chars, kind, speaker_id, sent, feedback, created_at)
     VALUES (@id, @owner, @conversationSeq, @parentId, @role, @text, @reasoning, @endReason, @error, @model,
       @passages, @spans, @timings, @usage, @heardChars, @kind, @speakerId, @sent, @feedback, @createdAt)`,
    { ...context.owner(actor), ...bound(message), conversationSeq },
  )
}

export function createMessages(context: StoreContext): Sync<MessageRepository> {
  const { all, get, run, transaction } = context
  const snippetOf = (seq: number, match: string): string =>
    get<{ snippet: string }>(
      `SELECT snippet(messages_fts, 0, @open, @close, '…', 24) AS snippet FROM messages_fts
        WHERE messages_fts MATCH @match AND rowid = @seq`,
      { seq, match, open: "\uE000", close: "\uE001" },
    )?.snippet ?? ""

  const repository: Sync<MessageRepository> = {
    append(actor, message) {
      return transaction(() => {
        const conversationSeq = context.seqOf(actor, "conversations", message.conversationId)
        if (message.parentId !== null) {
          const parent = repository.get(actor, message.parentId)
          if (parent.conversationId !== message.conversationId) throw notFound("message")
        }
        const complete = newMessage(message, context.now())
        insertMessage(context, actor, conversationSeq, complete)
        run("UPDATE conversations SET active_message_id = @id, updated_at = @now WHERE seq = @conversationSeq", {
          id: complete.id,
          now: context.now(),
          conversationSeq,
        })
        return complete
      })
    },
    get(actor, id) {
      const row = get<MessageRow>(`${select} WHERE m.id = @id AND ${readable}`, { ...context.owner(actor), id })
      if (!row) throw notFound("message")
      return toMessage(row)
    },
    update(actor, id, changes) {
      return transaction(() => {
        context.seqOf(actor, "messages", id)
        const after = { ...repository.get(actor, id), ...defined(changes) }
        // The text is named only when it changes: naming it indexes its words again.
        const text = changes.text === undefined ? "" : "text = @text,"
        run(
          `UPDATE messages AS m SET ${text} reasoning = @reasoning, end_reason = @endReason, error = @error, model = @model,
             passages = @passages, spans = @spans, timings = @timings, usage = @usage, heard_chars = @heardChars,
             kind = @kind, feedback = @feedback
            WHERE m.id = @id AND ${owned("m")}`,
          { ...context.owner(actor), ...bound(after) },
        )
        return after
      })
    },
    list(actor, conversationId, query) {
      const after = decodeCursor(query.cursor, 1)
      const rows = all<MessageRow>(
        `${select} WHERE m.conversation_seq = @conversationSeq AND ${readable} AND m.seq > @after ORDER BY m.seq LIMIT @limit`,
        {
          ...context.owner(actor),
          conversationSeq: context.seqOf(actor, "conversations", conversationId, "read"),
          after: after?.[0] ?? 0,
          limit: query.limit + 1,
        },
      )
      return toPage(rows, query.limit, (row) => [row.seq], toMessage)
    },
    path(actor, leafId) {
      context.seqOf(actor, "messages", leafId, "read")
      return all<MessageRow>(
        `WITH RECURSIVE up (id, parent_id, depth) AS (
           SELECT m.id, m.parent_id, 0 FROM messages m WHERE m.id = @leafId
           UNION ALL SELECT m.id, m.parent_id, up.depth + 1 FROM messages m JOIN up ON m.id = up.parent_id
         )
         ${select} JOIN up ON up.id = m.id WHERE ${readable} ORDER BY up.depth DESC`,
        { ...context.owner(actor), leafId },
      ).map(toMessage)
    },
    search(actor, q, limit) {
      const match = quotedWords(q)
      if (match === null) return []
      const hits = all<Omit<SearchHit, "snippet"> & { seq: number }>(
        `SELECT m.seq, c.id AS conversationId, c.title AS conversationTitle, m.id AS messageId, m.role,
           m.created_at AS createdAt
         FROM messages_fts f CROSS JOIN messages m ON m.seq = f.rowid JOIN conversations c ON c.seq = m.conversation_seq
         WHERE messages_fts MATCH @match AND ${readable} ORDER BY bm25(messages_fts), m.seq DESC LIMIT @limit`,
        { ...context.owner(actor), match, limit },
      )
      // Only for what is shown: in the statement above SQLite would make a snippet of every match before it sorts.
      return hits.map(({ seq, ...hit }) => ({ ...hit, snippet: snippetOf(seq, match) }))
    },
  }
  return repository
}
