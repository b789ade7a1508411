import type { Person } from "#contract/people.ts"
import { ownerId } from "#core/actor.ts"
import { AppError } from "#core/errors.ts"
import { newId } from "#core/ids.ts"
import { notFound } from "../notFound.ts"
import type { PeopleRepository } from "../types.ts"
import { copy, found, removeWhere, type Tables } from "./tables.ts"

export function createMemoryPeople(tables: Tables): PeopleRepository {
  const rowOf = (id: string) =>
    found(
      "person",
      tables.people.find(({ person }) => person.id === id),
    )
  const toPerson = ({ person, pinHash }: Tables["people"][number]): Person =>
    copy({ ...person, hasPin: pinHash !== null })
  const refuseTaken = (name: string, exceptId: string | null): void => {
    const isTaken = tables.people.some(
      ({ person }) => person.id !== exceptId && person.name.toLowerCase() === name.toLowerCase(),
    )
    if (isTaken) throw new AppError("request.conflict", `Somebody called ${name} lives here already.`)
  }
  const linkVoice = (actorId: string, personId: string, speakerId: string | null | undefined): void => {
    if (!speakerId) return
    const isThere = tables.voiceProfiles.some(
      ({ profile, ownerId: owner }) => profile.id === speakerId && (owner === personId || owner === actorId),
    )
    if (!isThere) throw notFound("speaker")
    for (const { person } of tables.people) if (person.speakerId === speakerId) person.speakerId = null
  }
  return {
    list: async () => tables.people.map(toPerson),
    get: async (_actor, id) => toPerson(rowOf(id)),
    async create(actor, values) {
      refuseTaken(values.name, null)
      const id = newId()
      linkVoice(actor.personId, id, values.speakerId)
      const person = { ...unstated, ...copy(values), id, createdAt: tables.clock.now() }
      const row = { person, pinHash: null }
      tables.people.push(row)
      return toPerson(row)
    },
    async update(actor, id, changes) {
      const row = rowOf(id)
      if (changes.name !== undefined) refuseTaken(changes.name, id)
      if (id === ownerId && changes.role !== undefined && changes.role !== "owner") throw staysOwner()
      linkVoice(actor.personId, id, changes.speakerId)
      Object.assign(row.person, copy(changes))
      return toPerson(row)
    },
    pinHash: async (_actor, id) => rowOf(id).pinHash,
    async setPinHash(_actor, id, hash) {
      rowOf(id).pinHash = hash
    },
    async remove(_actor, id, things) {
      const { person } = rowOf(id)
      if (id === ownerId) throw staysOwner()
      removeWhere(
        tables.voiceProfiles,
        ({ profile, ownerId: owner }) => owner === id || profile.id === person.speakerId,
      )
      for (const remove of tables.onRemoval) remove(id, things)
      removeWhere(tables.people, (row) => row.person.id === id)
      for (const row of [...tables.collections, ...tables.conversations])
        row.personIds = row.personIds.filter((other) => other !== id)
    },
    async empty({ personId }) {
      removeWhere(tables.voiceProfiles, ({ ownerId: owner }) => owner === personId)
      for (const remove of tables.onRemoval) remove(personId, "erase")
    },
  }
}

/** What a new person has not said yet. */
export const unstated = {
  colour: 0,
  speakerId: null,
  personaId: null,
  voice: null,
  language: null,
  followsVoices: true,
} as const

const staysOwner = (): AppError => new AppError("request.conflict", "The first person stays the owner of this machine.")
