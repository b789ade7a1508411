import type { TurnSound } from "#contract/tuning.ts"
import type { Actor } from "#core/actor.ts"
import { notFound } from "../notFound.ts"
import type { TurnSoundRepository } from "../types.ts"
import { owned, type StoreContext, type Sync, visible } from "./context.ts"
import { erasing } from "./erase.ts"

interface Row {
  message_id: string
  duration_ms: number
  created_at: number
}

const toSound = (row: Row): TurnSound => ({
  messageId: row.message_id,
  durationMs: row.duration_ms,
  createdAt: row.created_at,
})

/** Those of chats that were not deleted. */
const sounds = `FROM turn_sounds t JOIN messages m ON m.id = t.message_id JOIN conversations c ON c.seq = m.conversation_seq
  WHERE ${owned("t")} AND ${visible("c")}`

export function createTurnSounds(context: StoreContext): Sync<TurnSoundRepository> {
  const { all, get, run } = context
  const erase = <T>(work: () => T): T => erasing(context, ["turn_sounds"], work)
  const isKept = (actor: Actor, messageId: string): boolean =>
    get(`SELECT 1 FROM turn_sounds t WHERE t.message_id = @messageId AND ${owned("t")}`, {
      ...context.owner(actor),
      messageId,
    }) !== undefined

  return {
    add(actor, { messageId, durationMs, sealed }, mostKept) {
      const values = context.owner(actor)
      context.seqOf(actor, "messages", messageId)
      run(
        `INSERT INTO turn_sounds (message_id, owner_id, duration_ms, created_at, sealed)
         VALUES (@messageId, @owner, @durationMs, @now, @sealed)`,
        { ...values, messageId, durationMs, sealed, now: context.now() },
      )
      const old = `owner_id = @owner AND seq NOT IN (
        SELECT t.seq FROM turn_sounds t WHERE ${owned("t")} ORDER BY t.seq DESC LIMIT @mostKept)`
      if (get(`SELECT 1 FROM turn_sounds WHERE ${old}`, { ...values, mostKept }))
        erase(() => run(`DELETE FROM turn_sounds WHERE ${old}`, { ...values, mostKept }))
    },
    list: (actor) =>
      all<Row>(
        `SELECT t.message_id, t.duration_ms, t.created_at ${sounds} ORDER BY t.seq DESC`,
        context.owner(actor),
      ).map(toSound),
    sealed(actor, messageId) {
      const row = get<{ sealed: string }>(`SELECT t.sealed ${sounds} AND t.message_id = @messageId`, {
        ...context.owner(actor),
        messageId,
      })
      if (!row) throw notFound("message")
      return row.sealed
    },
    delete(actor, messageId) {
      if (!isKept(actor, messageId)) return false
      erase(() => run("DELETE FROM turn_sounds WHERE message_id = @messageId", { messageId }))
      return true
    },
    clear(actor) {
      const values = context.owner(actor)
      // Writing the table anew is not for nothing.
      if (!get(`SELECT 1 FROM turn_sounds t WHERE ${owned("t")}`, values)) return 0
      return erase(() => run("DELETE FROM turn_sounds WHERE owner_id = @owner", values).changes)
    },
  }
}
