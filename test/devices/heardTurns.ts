import type { Client } from "#cli/client.ts"
import type { TurnEvent } from "#contract/turns.ts"
import type { ConversationState } from "#contract/voiceSessions.ts"

/** What happened in one spoken turn. */
export interface HeardTurn {
  question: string | null
  /** What was handed to the loudspeaker, sentence by sentence. */
  spoken: string[]
  heardChars: number | null
  speaker: string | null
  endReason: string | null
  errors: string[]
}

/** A hands-free conversation on the machine's devices, followed from outside. */
export interface FollowedConversation {
  turns: HeardTurn[]
  states: ConversationState[]
  /** Resolves with the first state, now or later, that fits; and after half a minute without one, which what was heard then shows. */
  until(fits: (state: ConversationState, turns: readonly HeardTurn[]) => boolean): Promise<void>
  end(): Promise<void>
}

const patienceMs = 30_000

export async function followConversation(
  client: Client,
  body: { collectionIds?: string[] },
): Promise<FollowedConversation> {
  const over = new AbortController()
  const { sessionId } = await client.api("POST /api/voice/sessions", { body: { temporary: true, ...body } })
  const turns: HeardTurn[] = []
  const states: ConversationState[] = []
  const waiting = new Set<() => void>()
  const changed = (): void => {
    for (const check of [...waiting]) check()
  }
  const readTurn = async (turnId: string): Promise<void> => {
    const turn: HeardTurn = { question: null, spoken: [], heardChars: null, speaker: null, endReason: null, errors: [] }
    turns.push(turn)
    for await (const event of client.stream(`/api/turns/${turnId}/events`, over.signal) as AsyncIterable<TurnEvent>) {
      if (event.type === "stt-end") turn.question = event.text
      else if (event.type === "caption") turn.spoken.push(event.spoken)
      else if (event.type === "speech-end") turn.heardChars = event.heardChars
      else if (event.type === "speaker") turn.speaker = event.identified?.name ?? null
      else if (event.type === "turn-end") turn.endReason = event.reason
      else if (event.type === "error") turn.errors.push(event.error.message)
      changed()
    }
  }
  let last: string | null = null
  const read = async (): Promise<void> => {
    const events = client.stream(`/api/voice/sessions/${sessionId}/events`, over.signal)
    for await (const state of events as AsyncIterable<ConversationState>) {
      if (!("phase" in state)) continue
      states.push(state)
      if (state.turnId && state.turnId !== last) {
        last = state.turnId
        readTurn(state.turnId).catch(() => undefined)
      }
      changed()
    }
  }
  const reading = read().catch(() => undefined)
  return {
    turns,
    states,
    until: (fits) =>
      new Promise((resolve) => {
        const done = (): void => {
          clearTimeout(late)
          waiting.delete(check)
          resolve()
        }
        const check = (): void => {
          const state = states.at(-1)
          if (state && fits(state, turns)) done()
        }
        const late = setTimeout(done, patienceMs)
        waiting.add(check)
        check()
      }),
    async end() {
      await client.api("DELETE /api/voice/sessions/:id", { params: { id: sessionId } })
      over.abort()
      await reading
    },
  }
}
