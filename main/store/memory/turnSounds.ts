import type { TurnSound } from "#contract/tuning.ts"
import { notFound } from "../notFound.ts"
import type { TurnSoundRepository } from "../types.ts"
import { copy, forgotten, found, mine, type Owned, removeWhere, type Tables } from "./tables.ts"

export function createMemoryTurnSounds(tables: Tables): TurnSoundRepository {
  const sounds: Owned<{ sound: TurnSound; sealed: string }>[] = []
  tables.onRemoval.push(forgotten(sounds))
  const messageOf = (id: string) => tables.messages.find(({ message }) => message.id === id)
  const isVisible = ({ sound }: { sound: TurnSound }): boolean => {
    const row = messageOf(sound.messageId)
    return tables.conversations.some(({ id, deletedAt }) => id === row?.message.conversationId && deletedAt === null)
  }
  return {
    async add(actor, { messageId, durationMs, sealed }, mostKept) {
      found(
        "message",
        mine(actor, tables.messages).find(({ message }) => message.id === messageId),
      )
      const sound = { messageId, durationMs, createdAt: tables.clock.now() }
      sounds.push({ ownerId: actor.personId, seq: tables.nextSeq(), sound, sealed })
      const kept = mine(actor, sounds).slice(-mostKept)
      removeWhere(sounds, (row) => row.ownerId === actor.personId && !kept.includes(row))
    },
    list: async (actor) =>
      mine(actor, sounds)
        .filter(isVisible)
        .map(({ sound }) => copy(sound))
        .reverse(),
    async sealed(actor, messageId) {
      const row = mine(actor, sounds)
        .filter(isVisible)
        .find(({ sound }) => sound.messageId === messageId)
      if (!row) throw notFound("message")
      return row.sealed
    },
    delete: async (actor, messageId) =>
      removeWhere(sounds, (row) => row.ownerId === actor.personId && row.sound.messageId === messageId) > 0,
    clear: async (actor) => removeWhere(sounds, (row) => row.ownerId === actor.personId),
  }
}
