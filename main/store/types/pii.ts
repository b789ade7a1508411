import type { PiiIdentifier, PiiSubject } from "#contract/pii.ts"
import type { Actor } from "#core/actor.ts"

/** The vault: whom the actor looks after, with what tells who they are. Ids of others reject with `pii.not-found`. */
export interface PiiRepository {
  add(actor: Actor, subject: { label: string; identifiers: PiiIdentifier[] }): Promise<PiiSubject>
  /** Oldest first. */
  list(actor: Actor): Promise<PiiSubject[]>
  get(actor: Actor, id: string): Promise<PiiSubject>
  delete(actor: Actor, id: string): Promise<void>
  /** All of the actor's. Returns how many there were. */
  clear(actor: Actor): Promise<number>
}
