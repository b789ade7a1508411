import type { Role } from "#contract/people.ts"
import type { Scope } from "#contract/route.ts"

/** On whose behalf something happens. First argument of every repository call and every turn. */
export interface Actor {
  personId: string
  scopes: readonly Scope[]
  /** What the person may do (`core/access.ts`). Absent: nothing but looking at what is theirs. */
  role?: Role
}

/** The first person of a machine: everything that was there before others came is theirs. */
export const ownerId = "owner"
export const ownerActor: Actor = { personId: ownerId, scopes: ["owner"], role: "owner" }

/** Somebody nobody knows: an unknown voice, for one. */
export const guestActor: Actor = { personId: "guest", scopes: ["chat", "rag", "audio"], role: "guest" }

/** The machine itself, which keeps the search index of everybody. Never made from a request. */
export const machineActor: Actor = { personId: "machine", scopes: [] }

/** The machine's owner, whatever key or session speaks for them. */
export const isOwnerPerson = (actor: Actor): boolean => actor.personId === ownerId

export const hasScope = (actor: Actor, scope: Scope): boolean =>
  actor.scopes.includes("owner") || actor.scopes.includes(scope)
