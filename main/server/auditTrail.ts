import type { Actor } from "#core/actor.ts"
import type { Clock } from "#core/clock.ts"
import { type AppError, isAbort } from "#core/errors.ts"
import type { Logger } from "#core/logger.ts"
import type { AuditService } from "./deps.ts"
import { toAppError } from "./errors.ts"

/** Writes what requests did into the audit log. Failing to write is told to the log and never fails the request. */
export interface AuditTrail {
  done(actor: Actor, action: string, params: unknown, requestId: string): Promise<void>
  failed(
    actor: Actor,
    action: string,
    params: unknown,
    requestId: string,
    error: unknown,
    signal: AbortSignal,
  ): Promise<void>
  /** A key of somebody else than the owner is in use. */
  keyUsed(actor: Actor, keyId: string): void
  /** A request that the guard turned away. Many of one kind within a minute become one line with a count. */
  denied(actor: Actor, route: string, requestId: string, error: AppError): Promise<void>
}

/** Whom the log names where no key says who it was. */
export const anonymous: Actor = { personId: "anonymous", scopes: [] }

/** A used or expired ticket is an everyday thing: the page was opened twice. */
export const isDenial = ({ code }: AppError): boolean =>
  (code.startsWith("auth.") && code !== "auth.bad-ticket") || code.startsWith("access.")

const denialWindowMs = 60_000
const denialsPerWindow = 5

export function createAuditTrail({
  audit,
  clock,
  log,
}: {
  audit: AuditService
  clock: Clock
  log: Logger
}): AuditTrail {
  const windows = new Map<string, { startedAt: number; written: number; held: number }>()
  const record = async (actor: Actor, entry: Parameters<AuditService["record"]>[1]): Promise<void> => {
    try {
      await audit.record(actor, entry)
    } catch (error) {
      log.error("the audit log could not be written", { action: entry.action, error })
    }
  }
  return {
    done: (actor, action, params, requestId) =>
      record(actor, { action, subject: subjectOf(params), outcome: "ok", requestId, detail: null }),
    async failed(actor, action, params, requestId, error, signal) {
      if (isAbort(error, signal)) return
      const detail = toAppError(error).code
      await record(actor, { action, subject: subjectOf(params), outcome: "failed", requestId, detail })
    },
    keyUsed: (actor, keyId) =>
      void record(actor, { action: "key.use", subject: keyId, outcome: "ok", requestId: null, detail: null }),
    async denied(actor, route, requestId, { code }) {
      const now = clock.monotonic()
      const open = windows.get(code)
      const window = open && now - open.startedAt < denialWindowMs ? open : { startedAt: now, written: 0, held: 0 }
      windows.set(code, window)
      if (window.written >= denialsPerWindow) {
        window.held++
        return
      }
      window.written++
      const before = open && open !== window && open.held > 0 ? ` (and ${open.held} more before)` : ""
      await record(actor, {
        action: "access.denied",
        subject: route.slice(0, 120),
        outcome: "denied",
        requestId,
        detail: `${code}${before}`,
      })
    },
  }
}

/** The path's parameters: ids and names. */
const subjectOf = (params: unknown): string =>
  typeof params === "object" && params !== null ? Object.values(params).map(String).join("/").slice(0, 200) : ""
