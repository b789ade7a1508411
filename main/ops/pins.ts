import { randomBytes, scrypt, timingSafeEqual } from "node:crypto"
import { promisify } from "node:util"
import type { Clock } from "#core/clock.ts"
import { AppError } from "#core/errors.ts"

/** Checks PINs. Their few digits are guarded by how rarely they may be tried; the hash only by what it costs to make. */
export interface Pins {
  hash(pin: string): Promise<string>
  /**
   * Resolves where the PIN is right, or where there is none. Throws `access.bad-pin`, and `request.rate-limited` after five wrong ones in a
   * row: for half a minute, and twice as long after each further wrong one, a quarter of an hour at most.
   */
  check(personId: string, hash: string | null, pin: string | undefined): Promise<void>
}

const triesBeforeWait = 5
const firstWaitMs = 30_000
const longestWaitMs = 15 * 60_000
/** scrypt: 32 MB and some tenths of a second for each try. */
const cost = { N: 2 ** 15, r: 8, p: 1, maxmem: 64 * 1024 * 1024 }
const keyBytes = 32

const derive = promisify<string, Buffer, number, typeof cost, Buffer>(scrypt)

export function createPins(clock: Pick<Clock, "monotonic">): Pins {
  const wrong = new Map<string, { tries: number; openAt: number }>()
  return {
    async hash(pin) {
      const salt = randomBytes(16)
      return `${salt.toString("base64")}.${(await derive(pin, salt, keyBytes, cost)).toString("base64")}`
    },
    async check(personId, hash, pin) {
      if (hash === null) return
      const past = wrong.get(personId) ?? { tries: 0, openAt: 0 }
      const waitMs = past.openAt - clock.monotonic()
      if (waitMs > 0) {
        throw new AppError("request.rate-limited", "The PIN was wrong too often.", {
          remedy: `Try again in ${Math.ceil(waitMs / 1000)} seconds.`,
        })
      }
      // Counted before it is checked: tries that are sent at once count, too.
      const tries = past.tries + 1
      const overdue = tries - triesBeforeWait
      const wait = overdue < 0 ? 0 : Math.min(longestWaitMs, firstWaitMs * 2 ** overdue)
      wrong.set(personId, { tries, openAt: clock.monotonic() + wait })
      const [salt = "", kept = ""] = hash.split(".")
      const expected = Buffer.from(kept, "base64")
      const given = await derive(pin ?? "", Buffer.from(salt, "base64"), keyBytes, cost)
      if (pin === undefined || expected.length !== given.length || !timingSafeEqual(expected, given)) {
        throw new AppError("access.bad-pin", pin === undefined ? "A PIN is needed." : "The PIN is wrong.", {
          remedy: "The owner of this machine can set a new one.",
        })
      }
      wrong.delete(personId)
    },
  }
}
