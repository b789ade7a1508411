import type { TurnEvent } from "#contract/turns.ts"

/** What one finished turn came to. */
export interface TurnSummary {
  kind: "text" | "voice"
  reason: string
  /** From the first event to the last, and each stage of the turn's own waterfall. */
  stages: { name: string; durationMs: number }[]
  promptTokens: number
  cachedTokens: number
  completionTokens: number
  /** Tokens written per second of writing. Null when too few were written to say. */
  tokensPerSecond: number | null
  found: boolean | null
  errorCode: string | null
}

export interface TurnMeter {
  /** Takes every event of every turn; returns a summary with each turn's last one. */
  add(event: TurnEvent): TurnSummary | null
  /** Tokens per second of what is being written now (each delta counts as one), else of the last answer. */
  tokensPerSecond(): number | null
  running(): number
}

interface Running {
  kind: "text" | "voice"
  startedAt: number
  firstDeltaAt: number | null
  lastDeltaAt: number
  deltas: number
  usage: { promptTokens: number; cachedTokens: number; completionTokens: number } | null
  textEndAt: number | null
  found: boolean | null
  errorCode: string | null
}

/** Too short a piece of writing says nothing about speed. */
const leastTokens = 4

/** Folds turn events into counts and times: stages themselves are never timed by hand. */
export function createTurnMeter(): TurnMeter {
  const turns = new Map<string, Running>()
  let lastSpeed: number | null = null

  return {
    add(event) {
      if (event.type === "turn-start") {
        turns.set(event.turnId, {
          kind: event.kind,
          startedAt: event.at,
          firstDeltaAt: null,
          lastDeltaAt: event.at,
          deltas: 0,
          usage: null,
          textEndAt: null,
          found: null,
          errorCode: null,
        })
        return null
      }
      const turn = turns.get(event.turnId)
      if (!turn) return null
      switch (event.type) {
        case "text-delta":
          turn.firstDeltaAt ??= event.at
          turn.lastDeltaAt = event.at
          turn.deltas++
          return null
        case "retrieve-end":
          turn.found = event.found
          return null
        case "text-end":
          turn.usage = event.usage
          turn.textEndAt = event.at
          return null
        case "error":
          turn.errorCode = event.error.code
          return null
        case "turn-end": {
          turns.delete(event.turnId)
          const speed = speedOf(turn)
          lastSpeed = speed ?? lastSpeed
          return {
            kind: turn.kind,
            reason: event.reason,
            stages: [
              { name: "turn", durationMs: event.at - turn.startedAt },
              ...event.timings.map(({ name, startMs, endMs }) => ({ name, durationMs: endMs - startMs })),
            ],
            promptTokens: turn.usage?.promptTokens ?? 0,
            cachedTokens: turn.usage?.cachedTokens ?? 0,
            completionTokens: turn.usage?.completionTokens ?? 0,
            tokensPerSecond: speed,
            found: turn.found,
            errorCode: turn.errorCode,
          }
        }
        default:
          return null
      }
    },
    tokensPerSecond() {
      for (const turn of turns.values()) {
        const elapsedMs = turn.lastDeltaAt - (turn.firstDeltaAt ?? turn.lastDeltaAt)
        if (turn.textEndAt === null && turn.deltas >= leastTokens && elapsedMs > 0) {
          return rounded(((turn.deltas - 1) * 1000) / elapsedMs)
        }
      }
      return lastSpeed
    },
    running: () => turns.size,
  }
}

/** Only answers a model wrote: an extracted one has no usage. */
function speedOf(turn: Running): number | null {
  if (!turn.usage || turn.firstDeltaAt === null || turn.textEndAt === null) return null
  const elapsedMs = turn.textEndAt - turn.firstDeltaAt
  if (turn.usage.completionTokens < leastTokens || elapsedMs <= 0) return null
  return rounded(((turn.usage.completionTokens - 1) * 1000) / elapsedMs)
}

const rounded = (value: number): number => Math.round(value * 100) / 100
