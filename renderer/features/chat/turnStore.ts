import { create } from "zustand"
import { emptyTurn, foldTurn, type TurnState } from "#contract/turnState.ts"
import type { TurnEvent } from "#contract/turns.ts"
import { subscribe } from "../../api/socket.ts"

interface TurnsState {
  turns: Record<string, TurnState>
}

/** Live turns. Apart from the chat store, so that a token wakes nobody but the answer it belongs to. */
export const useTurns = create<TurnsState>(() => ({ turns: {} }))

/**
 * Folds a turn's events into the store, at most once per frame however fast they come.
 * `onEvent` sees each event after it was folded.
 */
export function followTurn(turnId: string, onEvent: (event: TurnEvent, turn: TurnState) => void): () => void {
  let queue: TurnEvent[] = []
  let isScheduled = false
  const flush = () => {
    isScheduled = false
    const events = queue
    queue = []
    const turn = events.reduce(foldTurn, useTurns.getState().turns[turnId] ?? emptyTurn(turnId))
    useTurns.setState((state) => ({ turns: { ...state.turns, [turnId]: turn } }))
    for (const event of events) onEvent(event, turn)
  }
  useTurns.setState((state) => ({ turns: { ...state.turns, [turnId]: state.turns[turnId] ?? emptyTurn(turnId) } }))
  return subscribe(
    `turn:${turnId}`,
    (message) => {
      if (message.type !== "turn-event") return
      queue.push(message.event)
      if (isScheduled) return
      isScheduled = true
      // Hidden windows get no animation frames, and speech must go on in them.
      if (document.hidden) setTimeout(flush, 50)
      else requestAnimationFrame(flush)
    },
    { afterSeq: -1 },
  )
}

export function forgetTurn(turnId: string): void {
  useTurns.setState((state) => {
    const { [turnId]: _, ...turns } = state.turns
    return { turns }
  })
}
