import type { Actor } from "#core/actor.ts"
import { AppError } from "#core/errors.ts"
import { newId } from "#core/ids.ts"
import { notFound } from "../notFound.ts"
import type { VoiceProfileRecord, VoiceProfileRepository } from "../types.ts"
import { owned, type StoreContext, type Sync } from "./context.ts"
import { erasing } from "./erase.ts"

interface Row {
  id: string
  name: string
  fingerprint: string
  sealed: string
  consented_at: number
  created_at: number
  updated_at: number
}

const toRecord = (row: Row): VoiceProfileRecord => ({
  id: row.id,
  name: row.name,
  fingerprint: row.fingerprint,
  sealed: row.sealed,
  consentedAt: row.consented_at,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
})

export function createVoiceProfiles(context: StoreContext): Sync<VoiceProfileRepository> {
  const { all, get, run } = context
  const rowOf = (actor: Actor, id: string): Row => {
    const row = get<Row>(`SELECT v.* FROM voice_profiles v WHERE v.id = @id AND ${owned("v")}`, {
      ...context.owner(actor),
      id,
    })
    if (!row) throw notFound("speaker")
    return row
  }
  const nameIsTaken = (actor: Actor, name: string, exceptId: string | null): boolean =>
    get(`SELECT 1 FROM voice_profiles v WHERE fold(v.name) = fold(@name) AND v.id IS NOT @exceptId AND ${owned("v")}`, {
      ...context.owner(actor),
      name,
      exceptId,
    }) !== undefined
  const taken = (): AppError => new AppError("request.conflict", "A voice of this name is known already.")
  // What a profile held before it changed must not stay in the file either.
  const erase = <T>(work: () => T): T => erasing(context, ["voice_profiles"], work)

  return {
    create(actor, { name, fingerprint, sealed }) {
      if (nameIsTaken(actor, name, null)) throw taken()
      const id = newId()
      run(
        `INSERT INTO voice_profiles (id, owner_id, name, fingerprint, sealed, consented_at, created_at, updated_at)
         VALUES (@id, @owner, @name, @fingerprint, @sealed, @now, @now, @now)`,
        { ...context.owner(actor), id, name, fingerprint, sealed, now: context.now() },
      )
      return toRecord(rowOf(actor, id))
    },
    list: (actor) =>
      all<Row>(`SELECT v.* FROM voice_profiles v WHERE ${owned("v")} ORDER BY fold(v.name)`, context.owner(actor)).map(
        toRecord,
      ),
    household: () =>
      all<Row & { person_id: string }>(
        `SELECT v.*, p.id AS person_id FROM voice_profiles v JOIN people p ON p.speaker_id = v.id WHERE p.role IS NOT NULL
         ORDER BY p.created_at, p.id`,
      ).map((row) => ({ ...toRecord(row), personId: row.person_id })),
    rename(actor, id, name) {
      rowOf(actor, id)
      if (nameIsTaken(actor, name, id)) throw taken()
      run("UPDATE voice_profiles SET name = @name, updated_at = @now WHERE id = @id", { id, name, now: context.now() })
      return toRecord(rowOf(actor, id))
    },
    replace(actor, id, { fingerprint, sealed }) {
      rowOf(actor, id)
      erase(() =>
        run(
          "UPDATE voice_profiles SET fingerprint = @fingerprint, sealed = @sealed, updated_at = @now WHERE id = @id",
          {
            id,
            fingerprint,
            sealed,
            now: context.now(),
          },
        ),
      )
      return toRecord(rowOf(actor, id))
    },
    delete(actor, id) {
      rowOf(actor, id)
      erase(() => {
        run("DELETE FROM voice_profiles WHERE id = @id", { id })
        run("UPDATE people SET speaker_id = NULL WHERE speaker_id = @id", { id })
        run("UPDATE messages SET speaker_id = NULL WHERE speaker_id = @id", { id })
      })
    },
  }
}
