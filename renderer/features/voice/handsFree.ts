import type { TurnState } from "#contract/turnState.ts"
import type { TurnEvent } from "#contract/turns.ts"
import type { ConversationState } from "#contract/voiceSessions.ts"
import { api, apiBytes } from "../../api/client.ts"
import { eventsOf } from "../../api/eventStream.ts"
import { chatKey, newKey, useChat } from "../chat/chatStore.ts"
import { showTurn } from "../chat/liveTurns.ts"

/** A hands-free conversation at the core, as the window follows it. */
export interface HandsFree {
  /** Ends it: what is being said stops, the microphone is let go. */
  end(): void
}

/** Starts one whose microphone arrives under `streamId`; `isWaking`: it sleeps until its phrase is said. Throws `ApiError`. */
export async function startHandsFree(
  streamId: number,
  isWaking: boolean,
  follow: {
    onState(state: ConversationState): void
    onTurn(turnId: string): void
    onTurnEvent(event: TurnEvent, turn: TurnState): void
  },
): Promise<HandsFree> {
  const { temporaryIds, isTemporary: isNewTemporary, newCollectionIds, newPersonaId } = useChat.getState()
  // The chat it began in: the person may look at another one meanwhile.
  let key = chatKey()
  const isNew = key === newKey
  const isTemporary = isNew ? isNewTemporary : temporaryIds[key] === true
  const { sessionId } = await api("POST /api/voice/sessions", {
    body: {
      streamId,
      ...(isWaking ? { wake: true } : {}),
      ...(isNew ? {} : { conversationId: key }),
      ...(isNew && newCollectionIds ? { collectionIds: newCollectionIds } : {}),
      ...(isNew && newPersonaId ? { personaId: newPersonaId } : {}),
      ...(isTemporary ? { temporary: true } : {}),
    },
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
        showTurn({ key, turnId, isTemporary }, (event, turn) => {
          if (event.type === "turn-start") key = event.conversationId
          follow.onTurnEvent(event, turn)
        })
      }
      follow.onState(state)
    }
  }
  const leave = (): void => {
    leaving.abort()
    void api("DELETE /api/voice/sessions/:id", { params: { id: sessionId } }).catch(() => undefined)
  }
  void read()
    // Without its states nobody could see what the microphone is doing.
    .catch(() => leave())
    .finally(() => follow.onState({ phase: "ended", turnId: null, isDucked: false }))
  return { end: leave }
}
