import type { ApiKey } from "#contract/settings.ts"
import { type Actor, isOwnerPerson } from "#core/actor.ts"
import { newId } from "#core/ids.ts"
import { notFound } from "../notFound.ts"
import type { KeyRepository } from "../types.ts"
import { fromJson, owned, type StoreContext, type Sync } from "./context.ts"

interface KeyRow {
  id: string
  owner_id: string
  name: string
  scopes: string
  prefix: string
  created_at: number
  last_used_at: number | null
}

const toKey = (row: KeyRow): ApiKey => ({
  id: row.id,
  name: row.name,
  scopes: fromJson(row.scopes),
  prefix: row.prefix,
  createdAt: row.created_at,
  lastUsedAt: row.last_used_at,
  isFirstRun: false,
  personId: row.owner_id,
})

/** `lastUsedAt` is exact to a minute: a durable write for every request would cost more than the request. */
export const touchIntervalMs = 60_000

export function createKeys(context: StoreContext): Sync<KeyRepository> {
  const { all, get, run } = context
  /** The machine's owner looks after everybody's keys. */
  const mine = (actor: Actor, alias: string): string => (isOwnerPerson(actor) ? "1" : owned(alias))
  return {
    create(actor, { name, scopes, prefix, hash, personId = actor.personId }) {
      const id = newId()
      context.owner({ ...actor, personId })
      const createdAt = context.now()
      run(
        `INSERT INTO api_keys (id, owner_id, name, scopes, prefix, hash, created_at)
         VALUES (@id, @owner, @name, @scopes, @prefix, @hash, @createdAt)`,
        { name, prefix, hash, owner: personId, id, scopes: JSON.stringify(scopes), createdAt },
      )
      return { id, name, scopes, prefix, createdAt, lastUsedAt: null, isFirstRun: false, personId }
    },
    list: (actor) =>
      all<KeyRow>(`SELECT k.* FROM api_keys k WHERE ${mine(actor, "k")} ORDER BY k.id`, context.owner(actor)).map(
        toKey,
      ),
    findByHash(hash) {
      const row = get<KeyRow>("SELECT * FROM api_keys WHERE hash = @hash", { hash })
      return row ? { ...toKey(row), ownerId: row.owner_id } : null
    },
    touch(id) {
      run("UPDATE api_keys SET last_used_at = @now WHERE id = @id AND coalesce(last_used_at, 0) <= @now - @interval", {
        id,
        now: context.now(),
        interval: touchIntervalMs,
      })
    },
    delete(actor, id) {
      const { changes } = run(`DELETE FROM api_keys AS k WHERE k.id = @id AND ${mine(actor, "k")}`, {
        ...context.owner(actor),
        id,
      })
      if (changes === 0) throw notFound("key")
    },
  }
}
