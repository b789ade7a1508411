import type { Person } from "#contract/people.ts"
import { roles, rulesOf } from "#core/access.ts"
import { type Actor, guestActor, ownerActor, ownerId } from "#core/actor.ts"
import { AppError } from "#core/errors.ts"
import type { Pins } from "#ops/pins.ts"
import type { PeopleService } from "#server/deps.ts"
import type { Store } from "#store/types.ts"

export interface PeopleServiceDeps {
  store: Pick<Store, "people" | "settings" | "collections" | "conversations">
  pins: Pins
  /** Before somebody is removed: ends what they began, and takes the files away that would be left. */
  leave(actor: Actor, things: "keep" | "erase"): Promise<void>
  /** After it: what is the owner's now goes on. */
  settle(): Promise<void>
  /** Collections or conversations are shown to others than before. */
  onShared(channel: "documents" | "conversations"): void
}

export interface People extends PeopleService {
  /** Everybody with a role, as actors. */
  actors(): Actor[]
  person(id: string): Person | null
}

/** Name of the owner's setting that says who sat here last. */
const lastSetting = "people.last"

/** Who lives here, read once and kept in step: every request asks for its person's role. */
export async function openPeople(deps: PeopleServiceDeps): Promise<People> {
  const { store, pins } = deps
  const listeners = new Set<(personId: string) => void>()
  let known = new Map<string, Person>()
  let last: string | null = null
  const refresh = async (changedId?: string): Promise<void> => {
    known = new Map((await store.people.list(ownerActor)).map((person) => [person.id, person]))
    if (changedId !== undefined) for (const listener of listeners) listener(changedId)
  }
  const actorOf = (personId: string): Actor | null => {
    const person = known.get(personId)
    return person ? { personId, role: person.role, scopes: roles[person.role].scopes } : null
  }
  const require = (id: string): Person => {
    const person = known.get(id)
    if (!person)
      throw new AppError("person.not-found", "There is no such person.", { remedy: "Look at the list again." })
    return person
  }
  await refresh()
  const kept = (await store.settings.all(ownerActor))[lastSetting]
  if (typeof kept === "string") last = kept

  return {
    actorOf,
    actors: () => [...known.keys()].flatMap((id) => actorOf(id) ?? []),
    person: (id) => known.get(id) ?? null,
    startsAs() {
      const person = known.get(last ?? ownerId) ?? known.get(ownerId)
      return person && !person.hasPin ? person.id : null
    },
    choices: () =>
      [...known.values()].map(({ id, name, role, colour, hasPin }) => ({ id, name, role, colour, hasPin })),
    list: async () => [...known.values()],
    async get(actor, id) {
      if (id === guestActor.personId) throw new AppError("person.not-found", "There is no such person.")
      return await store.people.get(actor, id)
    },
    async add(actor, person) {
      const added = await store.people.create(actor, person)
      await refresh()
      return added
    },
    async change(actor, id, changes) {
      require(id)
      const isOwn = actor.personId === id
      const isManaged = changes.name !== undefined || changes.role !== undefined
      if (!rulesOf(actor).manages && (!isOwn || isManaged)) {
        throw new AppError(
          "access.denied",
          isOwn ? "The owner gives names and roles." : "This is somebody else's profile.",
          {
            remedy: "Ask the owner of this machine.",
          },
        )
      }
      const changed = await store.people.update(actor, id, changes)
      await refresh(changes.role === undefined ? undefined : id)
      return changed
    },
    async setPin(actor, id, pin, current) {
      require(id)
      if (actor.personId !== id && !rulesOf(actor).manages)
        throw new AppError("access.denied", "This is somebody else's PIN.", {
          remedy: "Ask the owner of this machine.",
        })
      // A PIN that anybody who walks past an open window could change would guard nothing; the owner's help is for those who forgot.
      if (actor.personId === id) await pins.check(id, await store.people.pinHash(actor, id), current)
      await store.people.setPinHash(actor, id, pin === null ? null : await pins.hash(pin))
      await refresh()
      return require(id)
    },
    async remove(actor, id, things) {
      require(id)
      if (id === ownerId)
        throw new AppError("request.conflict", "The first person stays the owner of this machine.", {
          remedy: "Everybody else can be removed.",
        })
      const person = actorOf(id)
      if (person) await deps.leave(person, things)
      await store.people.remove(actor, id, things)
      await refresh(id)
      await deps.settle()
    },
    async choose(id, pin) {
      require(id)
      await pins.check(id, await store.people.pinHash(ownerActor, id), pin)
      last = id
      await store.settings.set(ownerActor, { [lastSetting]: id })
    },
    async shareCollection(actor, id, sharing) {
      const { sharing: now = sharing } = await store.collections.setSharing(actor, id, sharing)
      deps.onShared("documents")
      return now
    },
    async shareConversation(actor, id, sharing) {
      const { sharing: now = sharing } = await store.conversations.setSharing(actor, id, sharing)
      deps.onShared("conversations")
      return now
    },
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
