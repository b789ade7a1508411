import type { Person, Role } from "#contract/people.ts"
import type { Actor } from "#core/actor.ts"

export type PersonChanges = Partial<
  Pick<Person, "name" | "role" | "colour" | "speakerId" | "personaId" | "voice" | "language" | "followsVoices">
>

/**
 * Who lives here. Everybody may see who they are; what each may change is decided by the caller (`core/access.ts`). Unknown ids throw
 * `person.not-found`, also those of people who were removed.
 */
export interface PeopleRepository {
  /** The owner first, then in the order they were added. */
  list(actor: Actor): Promise<Person[]>
  get(actor: Actor, id: string): Promise<Person>
  /** Names are unique, whatever their case: `request.conflict`. */
  create(actor: Actor, person: { name: string; role: Role } & PersonChanges): Promise<Person>
  /** A voice belongs to one person: it leaves whoever had it. It must be the person's own or the owner's, else `speaker.not-found`. */
  update(actor: Actor, id: string, changes: PersonChanges): Promise<Person>
  /** What the person's PIN hashes to. Null: there is none. */
  pinHash(actor: Actor, id: string): Promise<string | null>
  setPinHash(actor: Actor, id: string, hash: string | null): Promise<void>
  /**
   * Takes the person out. `keep`: collections, conversations, memories and what was made of them become the owner's; `erase`: they go.
   * Their known voice, keys, settings, jobs and feedback go either way. The owner cannot be removed: `request.conflict`.
   */
  remove(actor: Actor, id: string, things: "keep" | "erase"): Promise<void>
  /** Erases what is the actor's own. Their profile, settings and keys stay. */
  empty(actor: Actor): Promise<void>
}
