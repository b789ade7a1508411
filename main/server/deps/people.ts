import type { Person, PersonChoice } from "#contract/people.ts"
import type { RouteInput } from "#contract/route.ts"
import type { Routes } from "#contract/routes.ts"
import type { Sharing } from "#contract/sharing.ts"
import type { Actor } from "#core/actor.ts"

/** Who lives here. Unknown ids reject with `person.not-found`, what a role does not allow with `access.denied`. */
export interface PeopleService {
  /** The person with all that their role allows, as it is now. Null: nobody of this id lives here. */
  actorOf(personId: string): Actor | null
  /** Whom a new window acts as. Null: somebody must be chosen first. */
  startsAs(): string | null
  choices(): PersonChoice[]
  list(actor: Actor): Promise<Person[]>
  get(actor: Actor, id: string): Promise<Person>
  add(actor: Actor, person: RouteInput<Routes["POST /api/people"]>["body"]): Promise<Person>
  change(actor: Actor, id: string, changes: RouteInput<Routes["PATCH /api/people/:id"]>["body"]): Promise<Person>
  /** `current` is asked of everybody but the owner, where there is a PIN. */
  setPin(actor: Actor, id: string, pin: string | null, current: string | undefined): Promise<Person>
  remove(actor: Actor, id: string, things: "keep" | "erase"): Promise<void>
  /** A window is handed to this person. Rejects with `access.bad-pin` or `request.rate-limited`. */
  choose(id: string, pin: string | undefined): Promise<void>
  shareCollection(actor: Actor, id: string, sharing: Sharing): Promise<Sharing>
  shareConversation(actor: Actor, id: string, sharing: Sharing): Promise<Sharing>
  /** Hears of people whose role changed or who were removed. Returns the end of the subscription. */
  onChange(listener: (personId: string) => void): () => void
}
