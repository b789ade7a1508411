import { createHash, randomBytes } from "node:crypto"
import { ownerActor } from "#core/actor.ts"
import { AppError } from "#core/errors.ts"
import type { Caller } from "./keys.ts"

const ticketLifeMs = 2 * 60_000
const sessionLifeMs = 7 * 24 * 3_600_000

export interface Sessions {
  /** A ticket for one window: single use, two minutes. Travels in a URL fragment, which no server sees. */
  mintTicket(): string
  /** Trades a ticket for a bearer with scope `owner`. Throws `auth.bad-ticket`. */
  redeem(ticket: string): { token: string; expiresAt: number }
  /** The caller behind a session bearer, whose life each use renews: seven days. Null: unknown or expired. */
  find(token: string): Caller | null
}

/** Sessions live in memory: they end with the core. Only hashes are kept, so looking one up tells nothing about another. */
export function createSessions(now: () => number): Sessions {
  const tickets = new Map<string, number>()
  const sessions = new Map<string, { keyId: string; expiresAt: number }>()
  const sweep = (): void => {
    for (const [key, expiresAt] of tickets) if (expiresAt <= now()) tickets.delete(key)
    for (const [key, session] of sessions) if (session.expiresAt <= now()) sessions.delete(key)
  }
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
      const session = { keyId: `session:${hash(token).slice(0, 12)}`, expiresAt: now() + sessionLifeMs }
      sessions.set(hash(token), session)
      return { token, expiresAt: session.expiresAt }
    },
    find(token) {
      const session = sessions.get(hash(token))
      if (!session || session.expiresAt <= now()) return null
      session.expiresAt = now() + sessionLifeMs
      return { keyId: session.keyId, actor: ownerActor }
    },
  }
}

const hash = (text: string): string => createHash("sha256").update(text).digest("hex")
