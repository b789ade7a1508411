import type { Response } from "express"
import type { Identification, SpeakerProfile } from "#contract/speakers.ts"
import type { TurnEvent, TurnRequest } from "#contract/turns.ts"
import type { ConversationState } from "#contract/voiceSessions.ts"

/** A hands-free conversation of the stand-in core. The test plays the part of the person in front of the microphone. */
export interface MockConversation {
  /** What the window asked for; null while none runs. */
  readonly request: { streamId: number; conversationId?: string; temporary?: boolean } | null
  /** Somebody begins to speak: a turn opens, and what was being said stops. Null: nobody who is known. */
  speak(who?: { id: string; name: string } | null): void
  /** They have finished: the turn answers. */
  pause(): void
  /** Somebody is heard over the answer, or not any more. */
  duck(isDucked: boolean): void
  /** The core ends it by itself. */
  end(): void
}

interface MockConversationDeps {
  startTurn(
    request: TurnRequest,
    watch: { onEvent: (event: TurnEvent) => void; speaker: { id: string; name: string } | null | undefined },
  ): { turnId: string }
  release(turnId: string): void
  abort(turnId: string): void
}

export function createMockConversation(deps: MockConversationDeps) {
  let request: (MockConversation["request"] & object) | null = null
  let conversationId: string | undefined
  let state: ConversationState = { phase: "waiting", turnId: null, isDucked: false }
  let watcher: Response | null = null
  const write = (): void => void watcher?.write(`data: ${JSON.stringify(state)}\n\n`)
  const tell = (changes: Partial<ConversationState>): void => {
    state = { ...state, ...changes }
    write()
  }
  const end = (): void => {
    if (!request) return
    request = null
    if (state.turnId) deps.abort(state.turnId)
    tell({ phase: "ended", turnId: null })
    watcher?.end()
    watcher = null
  }
  const conversation: MockConversation = {
    get request() {
      return request
    },
    speak(speaker) {
      if (!request) throw new Error("No conversation is open.")
      const before = state.turnId
      tell({ phase: "listening", turnId: null, isDucked: false })
      const { streamId } = request
      const { turnId } = deps.startTurn(
        {
          kind: "voice",
          source: { type: "socket", streamId },
          ...(conversationId ? { conversationId } : {}),
          options: { handsFree: true },
        },
        {
          speaker,
          onEvent(event) {
            if (event.type === "turn-start") conversationId = event.conversationId
            if (event.turnId !== state.turnId) return
            if (event.type === "listen-end") tell({ phase: "thinking" })
            else if (event.type === "speech-start") tell({ phase: "speaking" })
            else if (event.type === "turn-end") tell({ phase: "waiting", turnId: null, isDucked: false })
          },
        },
      )
      tell({ turnId })
      if (before) deps.abort(before)
    },
    pause: () => deps.release(state.turnId ?? ""),
    duck: (isDucked) => tell({ isDucked }),
    end,
  }
  return {
    conversation,
    start(asked: MockConversation["request"] & object): { sessionId: string } {
      request = asked
      conversationId = asked.conversationId
      state = { phase: "waiting", turnId: null, isDucked: false }
      return { sessionId: "session-1" }
    },
    watch(response: Response): void {
      watcher = response.type("text/event-stream")
      write()
    },
    end,
  }
}

const day = 86_400_000

/** Voices that the stand-in knows: one well, one hardly, one from another model. */
export function seedVoices(now: number): SpeakerProfile[] {
  const voice = (id: string, name: string, changes: Partial<SpeakerProfile>): SpeakerProfile => ({
    id,
    name,
    samples: 4,
    net_speech_s: 21.4,
    is_strong: true,
    is_outdated: false,
    consented_at: now - 3 * day,
    created_at: now - 3 * day,
    updated_at: now - 3 * day,
    ...changes,
  })
  return [
    voice("voice-1", "Ada", {}),
    voice("voice-2", "Grace", { samples: 1, net_speech_s: 5.2, is_strong: false }),
    voice("voice-3", "Linus", { is_outdated: true, consented_at: now - 90 * day }),
  ]
}

/** How close a recording comes to them: it is Ada. */
export const isAda: Identification = {
  identified: { id: "voice-1", name: "Ada" },
  similarity: 0.71,
  threshold: 0.5,
  margin: 0.4,
  candidates: [
    { id: "voice-1", name: "Ada", similarity: 0.71 },
    { id: "voice-2", name: "Grace", similarity: 0.31 },
  ],
  net_speech_s: 3.1,
}
