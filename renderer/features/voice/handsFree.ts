import type { TurnState } from "#contract/turnState.ts"
import type { TurnEvent } from "#contract/turns.ts"
import type { ConversationState } from "#contract/voiceSessions.ts"
import { api, apiBytes } from "../../api/client.ts"
import { eventsOf } from "../../api/eventStream.ts"
import { chatKey, newKey } from "../chat/chatStore.ts"
import { showTurn } from "../chat/liveTurns.ts"

/** A hands-free conversation at the core, as the window follows it. */
export interface HandsFree {
  /** Ends it: what is being said stops, the microphone is let go. */
  end(): void
}

/** Starts one whose microphone arrives under `streamId`. Throws `ApiError`. */
export async function startHandsFree(
  streamId: number,
  follow: {
    onState(state: ConversationState): void
    onTurn(turnId: string): void
    onTurnEvent(event: TurnEvent, turn: TurnState): void
  },
): Promise<HandsFree> {
  const key = chatKey()
  const { sessionId } = await api("POST /api/voice/sessions", {
    body: { streamId, ...(key === newKey ? {} : { conversationId: key }) },
  })
  const leaving = new AbortController()
  const read = async (): Promise<void> => {
    let turnId: string | null = null
    const response = await apiBytes("GET /api/voice/sessions/:id/events", {
      params: { id: sessionId },
      signal: leaving.signal,
    })
    for await (const state of eventsOf<ConversationState>(response)) {
      if (state.turnId && state.turnId !== turnId) {
        turnId = state.turnId
        follow.onTurn(turnId)
        showTurn(chatKey(), turnId, follow.onTurnEvent)
      }
      follow.onState(state)
    }
  }
  void read()
    .catch(() => undefined)
    .finally(() => follow.onState({ phase: "ended", turnId: null, isDucked: false }))
  return {
    end() {
      leaving.abort()
      void api("DELETE /api/voice/sessions/:id", { params: { id: sessionId } }).catch(() => undefined)
    },
  }
}
