import type { StageTiming, TurnEvent } from "#contract/turns.ts"

/** What one finished turn came to. */
export interface TurnSummary {
  turnId: string
  conversationId: string
  messageId: string
  kind: "text" | "voice"
  /** Epoch milliseconds of the first and the last event, and of the moment that `timings` count from. */
  startedAt: number
  endedAt: number
  zeroAt: number
  timings: readonly StageTiming[]
  /** The model that wrote the answer. Null: quoted, or nothing was written. */
  model: string | null
  /** Tokens of the model's window that the answer took, and all it has. */
  context: { tokens: number; limit: number } | null
  passages: number
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
  conversationId: string
  messageId: string
  kind: "text" | "voice"
  startedAt: number
  zeroAt: number
  model: string | null
  context: { tokens: number; limit: number } | null
  passages: number
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
          conversationId: event.conversationId,
          messageId: event.messageId,
          kind: event.kind,
          startedAt: event.at,
          zeroAt: event.at,
          model: null,
          context: null,
          passages: 0,
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
        case "listen-end":
          // A spoken turn's waterfall counts from the key going up.
          turn.zeroAt = event.at
          return null
        case "retrieve-end":
          turn.found = event.found
          turn.passages = event.passages.length
          return null
        case "text-end":
          turn.usage = event.usage
          turn.textEndAt = event.at
          turn.model = event.model
          if (event.model !== null) turn.context = { tokens: event.contextTokens, limit: event.contextLimit }
          return null
        case "error":
          turn.errorCode = event.error.code
          return null
        case "turn-end": {
          turns.delete(event.turnId)
          const speed = speedOf(turn)
          lastSpeed = speed ?? lastSpeed
          return {
            turnId: event.turnId,
            conversationId: turn.conversationId,
            messageId: turn.messageId,
            kind: turn.kind,
            startedAt: turn.startedAt,
            endedAt: event.at,
            zeroAt: turn.zeroAt,
            timings: event.timings,
            model: turn.model,
            context: turn.context,
            passages: turn.passages,
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
