import { type Actor, isOwnerPerson } from "#core/actor.ts"
import { AppError } from "#core/errors.ts"

/** For what tells of everybody: a scope says what a key may do, not whose things it may see. Throws `auth.missing-scope`. */
export function requireOwner(actor: Actor, what: string): void {
  if (isOwnerPerson(actor)) return
  throw new AppError("auth.missing-scope", `${what} is for the owner of this machine.`, {
    remedy: "Ask them to look.",
  })
}
