import type { Actor } from "#core/actor.ts"
import { AppError } from "#core/errors.ts"
import { newId } from "#core/ids.ts"
import type { VoiceProfileRecord, VoiceProfileRepository } from "../types.ts"
import { copy, found, mine, removeWhere, type Tables } from "./tables.ts"

export function createMemoryVoiceProfiles(tables: Tables): VoiceProfileRepository {
  const rows = tables.voiceProfiles
  const rowOf = (actor: Actor, id: string) =>
    found(
      "speaker",
      mine(actor, rows).find(({ profile }) => profile.id === id),
    )
  const refuseTaken = (actor: Actor, name: string, exceptId: string | null): void => {
    const isTaken = mine(actor, rows).some(
      ({ profile }) => profile.name.toLowerCase() === name.toLowerCase() && profile.id !== exceptId,
    )
    if (isTaken) throw new AppError("request.conflict", "A voice of this name is known already.")
  }
  const inMessages = (id: string, speaker: { id: string; name: string } | undefined): void => {
    for (const { message } of tables.messages) {
      if (message.speaker?.id !== id) continue
      if (speaker) message.speaker = speaker
      else delete message.speaker
    }
  }
  const change = (actor: Actor, id: string, values: Partial<VoiceProfileRecord>): VoiceProfileRecord => {
    const row = rowOf(actor, id)
    row.profile = { ...row.profile, ...values, updatedAt: tables.clock.now() }
    return copy(row.profile)
  }
  return {
    async create(actor, { name, fingerprint, sealed }) {
      refuseTaken(actor, name, null)
      const now = tables.clock.now()
      const profile = { id: newId(), name, fingerprint, sealed, consentedAt: now, createdAt: now, updatedAt: now }
      rows.push({ ownerId: actor.personId, seq: tables.nextSeq(), profile })
      return copy(profile)
    },
    list: async (actor) =>
      mine(actor, rows)
        .map(({ profile }) => copy(profile))
        .sort((a, b) => a.name.toLowerCase().localeCompare(b.name.toLowerCase())),
    household: async () =>
      tables.people.flatMap(({ person }) => {
        const row = rows.find(({ profile }) => profile.id === person.speakerId)
        return row ? [{ ...copy(row.profile), personId: person.id }] : []
      }),
    async rename(actor, id, name) {
      rowOf(actor, id)
      refuseTaken(actor, name, id)
      inMessages(id, { id, name })
      return change(actor, id, { name })
    },
    replace: async (actor, id, { fingerprint, sealed }) => change(actor, id, { fingerprint, sealed }),
    async delete(actor, id) {
      rowOf(actor, id)
      removeWhere(rows, ({ profile }) => profile.id === id)
      for (const { person } of tables.people) if (person.speakerId === id) person.speakerId = null
      inMessages(id, undefined)
    },
  }
}
