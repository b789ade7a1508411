import type { Scope } from "#contract/route.ts"

/** On whose behalf something happens. First argument of every repository call and every turn. */
export interface Actor {
  personId: string
  scopes: readonly Scope[]
}

/** The one person of a machine that nobody shares yet. */
export const ownerId = "owner"
export const ownerActor: Actor = { personId: ownerId, scopes: ["owner"] }

/** The machine's owner, whatever key or session speaks for them. */
export const isOwnerPerson = (actor: Actor): boolean => actor.personId === ownerId

export const hasScope = (actor: Actor, scope: Scope): boolean =>
  actor.scopes.includes("owner") || actor.scopes.includes(scope)
