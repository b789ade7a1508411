import type { OtlpTraces } from "#contract/otlp.ts"
import type { Trace, TraceSummary } from "#contract/traces.ts"
import { type Actor, isOwnerPerson } from "#core/actor.ts"
import { AppError } from "#core/errors.ts"
import type { HostCall } from "#core/host/types.ts"
import type { TurnSummary } from "../turnMeter.ts"
import { toOtlp } from "./otlp.ts"
import { buildTrace, type HeldTrace } from "./turnTrace.ts"

export interface TracesDeps {
  version: string
  /** Who started a turn, and with which request. */
  originOf(turnId: string): { personId: string; requestId: string | null } | null
  /** Turns kept. Default 200. */
  capacity?: number
}

/** One trace per turn, in memory: what was said stays out of it. */
export interface Traces {
  /** Tap of the host clients. */
  onHostCall(call: HostCall): void
  /** Tap of the metrics: makes the trace of a turn that ended. */
  onTurn(summary: TurnSummary): void
  /** Newest first; the machine's owner sees everybody's. */
  list(actor: Actor, limit: number): TraceSummary[]
  /** By trace, turn or message id. Throws `trace.not-found`. */
  get(actor: Actor, id: string): Trace
  /** All that are kept, oldest first, or the one named. Throws `trace.not-found`. */
  otlp(actor: Actor, id?: string): OtlpTraces
}

/** Calls of turns that have not ended yet; a turn makes about ten. */
const mostCallsPerTurn = 200
const mostOpenTurns = 100

export function createTraces({ version, originOf, capacity = 200 }: TracesDeps): Traces {
  const kept: HeldTrace[] = []
  const open = new Map<string, HostCall[]>()

  const seen = (actor: Actor): HeldTrace[] =>
    isOwnerPerson(actor) ? kept : kept.filter(({ personId }) => personId === actor.personId)
  const find = (actor: Actor, id: string): HeldTrace => {
    const found = seen(actor).findLast(
      ({ trace }) => trace.traceId === id || trace.turnId === id || trace.messageId === id,
    )
    if (found) return found
    throw new AppError("trace.not-found", "There is no trace of this turn.", {
      remedy: `Traces of the last ${capacity} turns are kept until ZenGlow ends.`,
    })
  }

  return {
    onHostCall(call) {
      const calls = open.get(call.turnId) ?? []
      if (calls.length < mostCallsPerTurn) calls.push(call)
      open.set(call.turnId, calls)
      // What goes on after its turn, such as learning from it, is never collected by an end.
      if (open.size > mostOpenTurns) open.delete(open.keys().next().value ?? "")
    },
    onTurn(summary) {
      const calls = open.get(summary.turnId) ?? []
      open.delete(summary.turnId)
      kept.push(buildTrace(summary, calls, originOf(summary.turnId), version))
      if (kept.length > capacity) kept.shift()
    },
    list: (actor, limit) =>
      seen(actor)
        .slice(-limit)
        .reverse()
        .map(({ trace: { budget: _budget, spans: _spans, ...summary } }) => summary),
    get: (actor, id) => find(actor, id).trace,
    otlp: (actor, id) => toOtlp(id === undefined ? seen(actor) : [find(actor, id)], version),
  }
}
