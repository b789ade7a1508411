import type { Person, Role } from "#contract/people.ts"
import { roles } from "#core/access.ts"
import { ownerActor, ownerId } from "#core/actor.ts"
import { AppError } from "#core/errors.ts"
import { newId } from "#core/ids.ts"
import type { PeopleService } from "#server/deps.ts"

/** Who lives here, in memory: one person, and whoever a test adds. */
export function createFakePeople(): PeopleService & { join(id: string, role: Role): void } {
  const people = new Map<string, Person>([[ownerId, person(ownerId, "owner")]])
  const listeners = new Set<(personId: string) => void>()
  const find = (id: string): Person => {
    const found = people.get(id)
    if (!found) throw new AppError("person.not-found", "There is no such person.")
    return found
  }
  const changed = (id: string): void => {
    for (const listener of listeners) listener(id)
  }
  return {
    join: (id, role) => void people.set(id, person(id, role)),
    actorOf(personId) {
      const role = people.get(personId)?.role
      if (personId === ownerId) return ownerActor
      return role ? { personId, role, scopes: roles[role].scopes } : null
    },
    startsAs: () => ownerId,
    choices: () =>
      [...people.values()].map(({ id, name, role, colour, hasPin }) => ({ id, name, role, colour, hasPin })),
    list: async () => [...people.values()],
    get: async (_actor, id) => find(id),
    async add(_actor, values) {
      const added = { ...person(newId(), values.role), ...values }
      people.set(added.id, added)
      return added
    },
    async change(_actor, id, changes) {
      people.set(id, { ...find(id), ...changes })
      changed(id)
      return find(id)
    },
    async setPin(_actor, id, pin) {
      people.set(id, { ...find(id), hasPin: pin !== null })
      return find(id)
    },
    async remove(_actor, id) {
      find(id)
      people.delete(id)
      changed(id)
    },
    async choose(id, pin) {
      if (find(id).hasPin && pin === undefined) throw new AppError("access.bad-pin", "A PIN is needed.")
    },
    shareCollection: async (_actor, id, sharing) => {
      if (id !== "c1") throw new AppError("collection.not-found", "There is no such collection.")
      return sharing
    },
    shareConversation: async () => {
      throw new AppError("conversation.not-found", "There is no such conversation.")
    },
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

const person = (id: string, role: Role): Person => ({
  id,
  name: id,
  role,
  colour: 0,
  hasPin: false,
  speakerId: null,
  personaId: null,
  voice: null,
  language: null,
  followsVoices: true,
  createdAt: 1,
})
