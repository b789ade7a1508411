import type { EgressEntry, EgressReason } from "#contract/egress.ts"
import type { Clock } from "../clock.ts"
import { AppError } from "../errors.ts"
import { newId } from "../ids.ts"
import type { Logger } from "../logger.ts"
import { actingPerson } from "./actingPerson.ts"
import { countBody, type EgressConnection, sizeOf } from "./countBody.ts"
import type { EgressLedger } from "./egressLedger.ts"
import { guardSockets } from "./socketGuard.ts"
import { isThisMachine } from "./thisMachine.ts"

export interface EgressTarget {
  reason: EgressReason
  host: string
  /** Null: another program connects (a package client), and it decides where to. */
  port: number | null
  /** Whether the name may lead into a private network: the person named a server of their home. Default false. */
  allowsPrivate?: boolean
}

/** The one way out of this process. Whoever connects without asking here is refused by the sockets themselves. */
export interface Egress {
  isOffline(): boolean
  /** Writes the connection down, then allows it until `end`; what stays on this machine is always allowed and not written. Throws `download.offline`, `egress.unrecorded`. */
  open(target: EgressTarget): EgressConnection
  /** `fetch` through `open`. Redirects must be followed by hand: where they lead is another connection. */
  fetch(reason: EgressReason, options?: { allowsPrivate?: () => boolean }): typeof fetch
  /** Newest first. */
  entries(): EgressEntry[]
  close(): void
}

export interface EgressDeps {
  ledger: EgressLedger
  /** The air gap: asked before every connection. */
  isOffline: () => boolean
  /** `host:port`, where connections go through one. */
  proxy: string | null
  clock: Clock
  log: Logger
}

/** A refused attempt that repeats is written once in this time. */
const refusedOnceMs = 60_000

export function createEgress({ ledger, isOffline, proxy, clock, log }: EgressDeps): Egress {
  const lastRefused = new Map<string, number>()

  const begin = (target: EgressTarget, rest: Pick<EgressEntry, "outcome" | "detail">): EgressEntry => ({
    id: newId(),
    at: clock.now(),
    endedAt: rest.outcome === "open" ? null : clock.now(),
    reason: target.reason,
    host: target.host.toLowerCase().slice(0, 255),
    port: target.port,
    personId: actingPerson.getStore() ?? null,
    sentBytes: target.port === null ? null : 0,
    receivedBytes: target.port === null ? null : 0,
    ...rest,
  })

  const refuse = (target: EgressTarget, detail: string): void => {
    const key = `${target.reason} ${target.host} ${detail}`
    const now = clock.monotonic()
    if (now - (lastRefused.get(key) ?? Number.NEGATIVE_INFINITY) < refusedOnceMs) return
    if (lastRefused.size > 1000) lastRefused.clear()
    lastRefused.set(key, now)
    keep(begin(target, { outcome: "refused", detail }))
  }

  /** What has already happened cannot be taken back: a disk that takes no line is told in the log. */
  const keep = (entry: EgressEntry): void => {
    try {
      ledger.write(entry)
    } catch (error) {
      log.error("a connection could not be written down", { host: entry.host, reason: entry.reason, error })
    }
  }

  const sockets = guardSockets({
    proxy,
    onRefused(host, port) {
      log.error("a connection that nobody asked for was refused", { host, port })
      refuse({ reason: "connection-check", host, port }, "nobody asked for it")
    },
  })

  const egress: Egress = {
    isOffline,
    open(target) {
      if (isThisMachine(target.host)) return { count() {}, end() {} }
      if (isOffline()) {
        refuse(target, "offline")
        throw new AppError("download.offline", "ZenGlow is set to stay offline.", {
          remedy: "Allow connections in Settings, Privacy.",
        })
      }
      let entry = begin(target, { outcome: "open", detail: null })
      try {
        ledger.write(entry)
      } catch (cause) {
        throw new AppError("egress.unrecorded", "The connection could not be written down, so it was not made.", {
          remedy: "Free disk space or make the data directory writable.",
          cause,
        })
      }
      const leave =
        target.port === null
          ? () => {}
          : sockets.permit({ host: target.host, port: target.port, allowsPrivate: target.allowsPrivate ?? false })
      return {
        count(sent, received) {
          entry = {
            ...entry,
            sentBytes: (entry.sentBytes ?? 0) + sent,
            receivedBytes: (entry.receivedBytes ?? 0) + received,
          }
        },
        end(outcome) {
          if (entry.outcome !== "open") return
          leave()
          entry = { ...entry, outcome, endedAt: clock.now() }
          keep(entry)
        },
      }
    },
    fetch: (reason, { allowsPrivate = () => false } = {}) =>
      (async (input, init) => {
        const url = new URL(input instanceof Request ? input.url : input)
        const port = Number(url.port || (url.protocol === "http:" ? 80 : 443))
        const connection = egress.open({ reason, host: url.hostname, port, allowsPrivate: allowsPrivate() })
        try {
          connection.count(sizeOf(init?.body), 0)
          return countBody(await fetch(input, { ...init, redirect: "manual" }), connection)
        } catch (error) {
          connection.end("failed")
          throw error
        }
      }) satisfies typeof fetch,
    entries: () => ledger.entries(),
    close: () => sockets.close(),
  }
  return egress
}
