import { createHash, randomBytes } from "node:crypto"
import type { Actor } from "#core/actor.ts"
import { AppError } from "#core/errors.ts"
import type { Caller } from "./keys.ts"

const ticketLifeMs = 2 * 60_000
const sessionLifeMs = 7 * 24 * 3_600_000

export interface Sessions {
  /** A ticket for one window: single use, two minutes. Travels in a URL fragment, which no server sees. */
  mintTicket(): string
  /** Trades a ticket for a bearer that acts as whoever `startsAs` names. Throws `auth.bad-ticket`. */
  redeem(ticket: string): { token: string; expiresAt: number }
  /** The caller behind a session bearer, whose life each use renews: seven days. Null: unknown or expired. */
  find(token: string): Caller | null
  /** For the core that takes this one's place. */
  carry(): CarriedSessions
  isSession(keyId: string): boolean
  /** From now on the session acts as this person; null: as nobody. */
  hand(keyId: string, personId: string | null): void
  /** Hears of sessions that were handed on, so that what was opened before ends. Returns the end of the subscription. */
  onHand(listener: (keyId: string) => void): () => void
}

/** Windows by the hash of their bearer. */
export type CarriedSessions = ReadonlyMap<string, { keyId: string; expiresAt: number; personId: string | null }>

export interface SessionsDeps {
  /** From a core that made room for this one. */
  carried?: CarriedSessions
  now: () => number
  /** With what the person's role allows now. Null: there is no such person any more. */
  actorOf(personId: string): Actor | null
  startsAs(): string | null
}

/** A window that was handed to nobody: it may hear whom it can be handed to. */
const nobody: Actor = { personId: "nobody", scopes: ["window"] }

/** Sessions live in memory: they end with the process. Only hashes are kept, so looking one up tells nothing about another. */
export function createSessions({ now, actorOf, startsAs, carried }: SessionsDeps): Sessions {
  const tickets = new Map<string, number>()
  const sessions = new Map([...(carried ?? [])].map(([key, session]) => [key, { ...session }]))
  const listeners = new Set<(keyId: string) => void>()
  const sweep = (): void => {
    for (const [key, expiresAt] of tickets) if (expiresAt <= now()) tickets.delete(key)
    for (const [key, session] of sessions) if (session.expiresAt <= now()) sessions.delete(key)
  }
  const byKeyId = (keyId: string) => [...sessions.values()].find((session) => session.keyId === keyId)
  return {
    mintTicket() {
      sweep()
      const ticket = randomBytes(32).toString("base64url")
      tickets.set(hash(ticket), now() + ticketLifeMs)
      return ticket
    },
    redeem(ticket) {
      const key = hash(ticket)
      const expiresAt = tickets.get(key)
      tickets.delete(key)
      if (expiresAt === undefined || expiresAt <= now())
        throw new AppError("auth.bad-ticket", "This ticket is unknown, used or too old.", {
          remedy: "Open the window again with `zenglow`.",
        })
      const token = `zs_${randomBytes(32).toString("base64url")}`
      const session = {
        keyId: `session:${hash(token).slice(0, 12)}`,
        expiresAt: now() + sessionLifeMs,
        personId: startsAs(),
      }
      sessions.set(hash(token), session)
      return { token, expiresAt: session.expiresAt }
    },
    find(token) {
      const session = sessions.get(hash(token))
      if (!session || session.expiresAt <= now()) return null
      session.expiresAt = now() + sessionLifeMs
      // Read anew each time: a role that was changed, or a person who is gone, counts at once.
      const actor = session.personId === null ? null : actorOf(session.personId)
      return {
        keyId: session.keyId,
        actor: actor ? { ...actor, scopes: [...actor.scopes, "window"] } : nobody,
      }
    },
    carry: () => sessions,
    isSession: (keyId) => byKeyId(keyId) !== undefined,
    hand(keyId, personId) {
      const session = byKeyId(keyId)
      if (!session || session.personId === personId) return
      session.personId = personId
      for (const listener of listeners) listener(keyId)
    },
    onHand(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

const hash = (text: string): string => createHash("sha256").update(text).digest("hex")
