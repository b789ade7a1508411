import type { Memory } from "#contract/memory.ts"
import type { Actor } from "#core/actor.ts"
import { AppError } from "#core/errors.ts"
import { newId } from "#core/ids.ts"
import { decodeCursor, toPage } from "../cursor.ts"
import { memoryKey } from "../memoryKey.ts"
import { notFound } from "../notFound.ts"
import type { MemoryRepository } from "../types.ts"
import { owned, type StoreContext, type Sync } from "./context.ts"
import { erasing } from "./erase.ts"
import { anyTerm, quotedWords } from "./ftsQuery.ts"

interface MemoryRow {
  seq: number
  id: string
  text: string
  weight: number
  kind: Memory["source"]["kind"]
  conversation_id: string | null
  conversation_title: string | null
  message_id: string | null
  created_at: number
  updated_at: number
}

const select = `SELECT m.seq, m.id, m.text, m.weight, m.kind, m.message_id, m.created_at, m.updated_at,
    c.id AS conversation_id, c.title AS conversation_title
  FROM memories m LEFT JOIN conversations c
    ON c.id = m.conversation_id AND c.owner_id = m.owner_id AND c.deleted_at IS NULL`

const toMemory = (row: MemoryRow): Memory => ({
  id: row.id,
  text: row.text,
  weight: row.weight,
  source: {
    kind: row.kind,
    conversationId: row.conversation_id,
    conversationTitle: row.conversation_title,
    messageId: row.conversation_id === null ? null : row.message_id,
  },
  createdAt: row.created_at,
  updatedAt: row.updated_at,
})

/** Words, vectors and texts of memories lie in tables of their own, small enough to be written anew whenever something is forgotten. */
const tables = ["memories", "memory_vectors"] as const

export function createMemories(context: StoreContext): Sync<MemoryRepository> {
  const { all, get, run } = context

  const rowOf = (actor: Actor, id: string): MemoryRow => {
    const row = get<MemoryRow>(`${select} WHERE m.id = @id AND ${owned("m")}`, { ...context.owner(actor), id })
    if (!row) throw notFound("memory")
    return row
  }
  /** Runs a change after which some text must be gone, and takes what it left behind out of the file and its log. */
  const erase = <T>(work: () => T): T =>
    erasing(context, tables, () => {
      const result = work()
      run("DELETE FROM memory_vectors WHERE memory_seq NOT IN (SELECT seq FROM memories)")
      return result
    })

  const repository: Sync<MemoryRepository> = {
    create(actor, memory) {
      const { owner } = context.owner(actor)
      const key = memoryKey(memory.text)
      const known = get<MemoryRow>(`${select} WHERE m.text_key = @key AND ${owned("m")}`, { owner, key })
      if (known) return { memory: toMemory(known), isNew: false }
      if (memory.conversationId !== null) context.seqOf(actor, "conversations", memory.conversationId)
      const id = newId()
      context.transaction(() => {
        const { seq } = run(
          `INSERT INTO memories (id, owner_id, text, text_key, weight, kind, conversation_id, message_id, created_at, updated_at)
           VALUES (@id, @owner, @text, @key, @weight, @kind, @conversationId, @messageId, @now, @now)`,
          { ...memory, id, owner, key, now: context.now() },
        )
        run("INSERT INTO memories_fts (rowid, text) VALUES (@seq, @text)", { seq, text: memory.text })
      })
      return { memory: toMemory(rowOf(actor, id)), isNew: true }
    },
    get: (actor, id) => toMemory(rowOf(actor, id)),
    list(actor, query) {
      const before = decodeCursor(query.cursor, 1)?.[0] ?? Number.MAX_SAFE_INTEGER
      const match = query.q === undefined ? null : quotedWords(query.q)
      const { owner } = context.owner(actor)
      const matching =
        match === null ? "" : "AND m.seq IN (SELECT rowid FROM memories_fts WHERE memories_fts MATCH @match)"
      const rows = all<MemoryRow>(
        `${select} WHERE ${owned("m")} AND m.seq < @before ${matching} ORDER BY m.seq DESC LIMIT @limit`,
        { owner, before, match, limit: query.limit + 1 },
      )
      const total = get<{ n: number }>(`SELECT count(*) AS n FROM memories m WHERE ${owned("m")}`, { owner })?.n ?? 0
      return { ...toPage(rows, query.limit, (row) => [row.seq], toMemory), total }
    },
    update(actor, id, changes) {
      const { owner } = context.owner(actor)
      const row = rowOf(actor, id)
      const now = context.now()
      if (changes.weight !== undefined)
        run("UPDATE memories SET weight = @weight, updated_at = @now WHERE seq = @seq", {
          weight: changes.weight,
          now,
          seq: row.seq,
        })
      const { text } = changes
      if (text !== undefined && text !== row.text) {
        const key = memoryKey(text)
        const twin = get<MemoryRow>(`${select} WHERE m.text_key = @key AND ${owned("m")}`, { owner, key })
        if (twin && twin.id !== id) throw new AppError("request.conflict", "There is already a memory that says this.")
        erase(() => {
          run("UPDATE memories SET text = @text, text_key = @key, updated_at = @now WHERE seq = @seq", {
            text,
            key,
            now,
            seq: row.seq,
          })
          run("DELETE FROM memory_vectors WHERE memory_seq = @seq", { seq: row.seq })
        })
      }
      return toMemory(rowOf(actor, id))
    },
    delete(actor, id) {
      const { seq } = rowOf(actor, id)
      erase(() => run("DELETE FROM memories WHERE seq = @seq", { seq }))
    },
    clear(actor) {
      const owner = context.owner(actor)
      return erase(() => run(`DELETE FROM memories AS m WHERE ${owned("m")}`, owner).changes)
    },
    searchLexical(actor, query) {
      const match = anyTerm(query.terms)
      if (match === null) return []
      return all<MemoryRow>(
        `${select} JOIN memories_fts f ON f.rowid = m.seq
         WHERE memories_fts MATCH @match AND ${owned("m")} AND m.weight > 0 ORDER BY f.rank, m.seq LIMIT @limit`,
        { ...context.owner(actor), match, limit: query.limit },
      ).map(toMemory)
    },
    searchVector(actor, query) {
      const rows = all<{ seq: number; vector: Buffer }>(
        `SELECT v.memory_seq AS seq, v.vector FROM memory_vectors v JOIN memories m ON m.seq = v.memory_seq
         WHERE v.fingerprint = @fingerprint AND ${owned("m")} AND m.weight > 0
           AND (@ids IS NULL OR m.id IN (SELECT value FROM json_each(@ids)))`,
        {
          ...context.owner(actor),
          fingerprint: query.fingerprint,
          ids: query.ids === undefined ? null : JSON.stringify(query.ids),
        },
      )
      return rows
        .map(({ seq, vector }) => ({ seq, similarity: dot(query.vector, vector) }))
        .sort((a, b) => b.similarity - a.similarity || a.seq - b.seq)
        .slice(0, query.limit)
        .flatMap(({ seq, similarity }) => {
          const row = get<MemoryRow>(`${select} WHERE m.seq = @seq`, { seq })
          return row ? [{ memory: toMemory(row), similarity }] : []
        })
    },
    missingVectors: (actor, fingerprint, limit) =>
      all<MemoryRow>(
        `${select} WHERE ${owned("m")} AND NOT EXISTS (
           SELECT 1 FROM memory_vectors v WHERE v.memory_seq = m.seq AND v.fingerprint = @fingerprint)
         ORDER BY m.seq LIMIT @limit`,
        { ...context.owner(actor), fingerprint, limit },
      ).map(toMemory),
    setVector(actor, { id, text }, fingerprint, vector) {
      const row = get<{ seq: number }>(
        `SELECT m.seq FROM memories m WHERE m.id = @id AND m.text = @text AND ${owned("m")}`,
        { ...context.owner(actor), id, text },
      )
      // Forgotten or edited while it was embedded: a vector of words that are gone must not come back.
      if (!row) return
      context.transaction(() => {
        // One vector space at a time: memories are few, and are embedded again as soon as another embedder searches.
        run("DELETE FROM memory_vectors WHERE memory_seq = @seq", { seq: row.seq })
        run("INSERT INTO memory_vectors (memory_seq, fingerprint, vector) VALUES (@seq, @fingerprint, @bytes)", {
          seq: row.seq,
          fingerprint,
          bytes: Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength),
        })
      })
    },
  }
  return repository
}

/** Over a copy: the buffer SQLite hands out may start at an address that a Float32Array cannot. */
function dot(query: Float32Array, stored: Buffer): number {
  if (stored.byteLength !== query.byteLength) return Number.NEGATIVE_INFINITY
  const values = new Float32Array(query.length)
  new Uint8Array(values.buffer).set(stored)
  let sum = 0
  for (let index = 0; index < values.length; index++) sum += (query[index] as number) * (values[index] as number)
  return sum
}
