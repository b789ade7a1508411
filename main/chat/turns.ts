import { emptyTurn, foldTurn } from "#contract/turnState.ts"
import type { TurnEvent, TurnRequest } from "#contract/turns.ts"
import { rulesOf } from "#core/access.ts"
import type { Actor } from "#core/actor.ts"
import { AppError } from "#core/errors.ts"
import { createHub, type Hub } from "#core/hub.ts"
import { newId } from "#core/ids.ts"
import { requestContext } from "#core/logger.ts"
import { type PreparedTurn, prepareTurn, runTurn, type TurnDeps } from "./runTurn.ts"
import { createTemporaryChats } from "./temporaryChats.ts"

/** Every running turn and the recent ones: starts them, replays their events, and aborts them. */
export interface Turns {
  /** Stores the question (text turns), then runs in the background. Resolves with the id once the question is durable. */
  start(actor: Actor, request: TurnRequest): Promise<{ turnId: string }>
  /** Calls the listener with every past event after `afterSeq` and each new one. Throws `turn.not-found`. */
  watch(actor: Actor, turnId: string, afterSeq: number, listener: (event: TurnEvent) => void): () => void
  /** Key up: the microphone of a voice turn ends. */
  release(actor: Actor, turnId: string): void
  /** Milliseconds of speech the client has played. */
  heard(actor: Actor, turnId: string, playedMs: number): void
  /** Stops everything in the turn at once; resolves when the partial answer is stored. */
  abort(actor: Actor, turnId: string): Promise<void>
  /** Every event of every turn: metrics and live views listen here. */
  readonly hub: Hub<TurnEvent>
  readonly running: number
  /** Who started a turn, and with which request. Null: it is no longer kept. */
  originOf(turnId: string): { personId: string; requestId: string | null } | null
  close(): Promise<void>
}

interface LiveTurn {
  ownerId: string
  requestId: string | null
  events: TurnEvent[]
  hub: Hub<TurnEvent>
  controller: AbortController
  prepared: PreparedTurn
  done: Promise<void>
  isEnded: boolean
}

/** Ended turns stay replayable for clients that reconnect. */
const keptTurns = 200

export function createTurns(deps: TurnDeps): Turns {
  const turns = new Map<string, LiveTurn>()
  const hub = createHub<TurnEvent>((error) => deps.log.error("turn listener failed", { error }))

  const temporaryChats = createTemporaryChats()

  const find = (actor: Actor, turnId: string): LiveTurn => {
    const turn = turns.get(turnId)
    if (!turn || turn.ownerId !== actor.personId) {
      throw new AppError("turn.not-found", "There is no such turn.", {
        remedy: "Turns are kept while they run and for a while after.",
      })
    }
    return turn
  }

  const run = async (turnId: string, turn: LiveTurn): Promise<void> => {
    let state = emptyTurn(turnId)
    for await (const event of runTurn(turnId, turn.prepared, deps, turn.controller.signal)) {
      turn.events.push(event)
      state = foldTurn(state, event)
      // The next turn of this chat may start as soon as it hears of the end.
      if (event.type === "turn-end" && turn.prepared.temporaryId)
        temporaryChats.add(turn.ownerId, turn.prepared.temporaryId, state)
      turn.hub.publish(event)
      hub.publish(event)
    }
    turn.isEnded = true
    const ended = [...turns].filter(([, other]) => other.isEnded)
    for (const [id] of ended.slice(0, Math.max(0, ended.length - keptTurns))) turns.delete(id)
  }

  const watch: Turns["watch"] = (actor, turnId, afterSeq, listener) => {
    const turn = find(actor, turnId)
    for (const event of turn.events) if (event.seq > afterSeq) listener(event)
    return turn.hub.subscribe(listener)
  }

  return {
    hub,
    get running() {
      return [...turns.values()].filter((turn) => !turn.isEnded).length
    },
    originOf(turnId) {
      const turn = turns.get(turnId)
      return turn ? { personId: turn.ownerId, requestId: turn.requestId } : null
    },
    watch,
    async start(actor, asked) {
      const turnId = newId()
      // What a guest says is kept nowhere, whatever was asked for.
      const isKept = actor.role === undefined || rulesOf(actor).keeps
      const request = isKept ? asked : { ...asked, options: { ...asked.options, temporary: true } }
      const prepared = await prepareTurn(turnId, actor, request, deps)
      if (request.options?.temporary) {
        prepared.temporaryId = request.conversationId ?? turnId
        prepared.history = temporaryChats.history(actor.personId, prepared.temporaryId)
      }
      const context = requestContext.getStore()
      const turn: LiveTurn = {
        ownerId: actor.personId,
        requestId: context?.requestId ?? null,
        events: [],
        hub: createHub<TurnEvent>((error) => deps.log.error("turn listener failed", { error })),
        controller: new AbortController(),
        prepared,
        done: Promise.resolve(),
        isEnded: false,
      }
      turns.set(turnId, turn)
      turn.done = requestContext.run({ ...context, turnId }, () => run(turnId, turn))
      return { turnId }
    },
    release(actor, turnId) {
      find(actor, turnId).prepared.voice?.release()
    },
    heard(actor, turnId, playedMs) {
      find(actor, turnId).prepared.voice?.heard(playedMs)
    },
    async abort(actor, turnId) {
      const turn = find(actor, turnId)
      turn.controller.abort(new DOMException("The person stopped the turn.", "AbortError"))
      await turn.done
    },
    async close() {
      for (const turn of turns.values()) turn.controller.abort(new DOMException("ZenGlow is stopping.", "AbortError"))
      await Promise.allSettled([...turns.values()].map((turn) => turn.done))
    },
  }
}
