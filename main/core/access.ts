import type { Role } from "#contract/people.ts"
import type { Scope } from "#contract/route.ts"
import type { Actor } from "./actor.ts"

/** What each role may do. docs/security.md shows the same table; a test walks every route and repository method against it. */
export interface RoleRules {
  /** What sessions and keys of this role carry at most. */
  scopes: readonly Scope[]
  /** Conversations, feedback and jobs are kept. False: everything is temporary, whatever was asked for. */
  keeps: boolean
  /** May ask ZenGlow to remember. */
  remembers: boolean
  /** May add documents, collections and watched folders. */
  collects: boolean
  /** May show their own things to others, and have voices learned. */
  shares: boolean
  /** People, keys, settings of the machine. */
  manages: boolean
}

export const roles: Record<Role, RoleRules> = {
  owner: { scopes: ["owner"], keeps: true, remembers: true, collects: true, shares: true, manages: true },
  adult: {
    scopes: ["chat", "rag", "audio", "models", "ops", "dataset"],
    keeps: true,
    remembers: true,
    collects: true,
    shares: true,
    manages: false,
  },
  child: {
    scopes: ["chat", "rag", "audio", "models"],
    keeps: true,
    remembers: true,
    collects: true,
    shares: false,
    manages: false,
  },
  guest: {
    scopes: ["chat", "rag", "audio", "models"],
    keeps: false,
    remembers: false,
    collects: false,
    shares: false,
    manages: false,
  },
}

/** Nothing at all: for actors whose role nobody stated. */
const nothing: RoleRules = {
  scopes: [],
  keeps: false,
  remembers: false,
  collects: false,
  shares: false,
  manages: false,
}

export const rulesOf = (actor: Actor): RoleRules => (actor.role ? roles[actor.role] : nothing)

export type Ability = Exclude<keyof RoleRules, "scopes">
