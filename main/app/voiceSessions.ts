import type { Turns } from "#chat/turns.ts"
import type { ConversationState } from "#contract/voiceSessions.ts"
import type { Actor } from "#core/actor.ts"
import { AppError } from "#core/errors.ts"
import { newId } from "#core/ids.ts"
import type { Logger } from "#core/logger.ts"
import { createPushQueue } from "#core/queue.ts"
import type { SpeechToText, Vad } from "#engines/types.ts"
import type { VoiceSessionService } from "#server/deps.ts"
import { converse } from "#voice/conversation.ts"
import type { VoiceChannels } from "./voiceChannels.ts"

export interface VoiceSessionsDeps {
  turns: Turns
  channels: Pick<VoiceChannels, "attach">
  vad(): Promise<Vad | null>
  speechToText(): Promise<SpeechToText | null>
  log: Logger
}

interface Session {
  ownerId: string
  state: ConversationState
  watchers: Set<(state: ConversationState) => void>
  controller: AbortController
  done: Promise<void>
}

/** Conversations that ended stay known for a while: who ends one that has just ended by itself has what they want. */
const keptSessions = 50

/** Hands-free conversations. */
export function createVoiceSessions(deps: VoiceSessionsDeps): VoiceSessionService & { close(): Promise<void> } {
  const sessions = new Map<string, Session>()
  const find = (actor: Actor, id: string): Session => {
    const session = sessions.get(id)
    if (session?.ownerId === actor.personId) return session
    throw new AppError("turn.not-found", "There is no such conversation.", { remedy: "Start one." })
  }

  return {
    async start(actor, request) {
      const [vad, speechToText] = await Promise.all([deps.vad(), deps.speechToText()])
      if (!vad || !speechToText) {
        throw new AppError("model.missing", "Listening needs the speech-to-text model, which is not installed.", {
          remedy: "Open Models to install it, or type your question.",
        })
      }
      const { streamId, conversationId: firstConversation, voice, temporary, ...rest } = request
      let conversationId = firstConversation
      const microphone = deps.channels.attach(actor, streamId)
      const sessionId = newId()
      const session: Session = {
        ownerId: actor.personId,
        state: { phase: "waiting", turnId: null, isDucked: false },
        watchers: new Set(),
        controller: new AbortController(),
        done: Promise.resolve(),
      }
      sessions.set(sessionId, session)
      const { signal } = session.controller
      session.done = converse(
        {
          source: microphone.source,
          vad,
          speechToText,
          async startTurn(source, onEvent) {
            microphone.lend(source)
            const { turnId } = await deps.turns.start(actor, {
              kind: "voice",
              source: { type: "socket", streamId },
              ...rest,
              ...(conversationId ? { conversationId } : {}),
              options: { handsFree: true, ...(voice ? { voice } : {}), ...(temporary ? { temporary } : {}) },
            })
            deps.turns.watch(actor, turnId, -1, (event) => {
              if (event.type === "turn-start") conversationId = event.conversationId
              onEvent(event)
            })
            return { turnId, stop: () => deps.turns.abort(actor, turnId) }
          },
          onState(state) {
            session.state = state
            for (const watcher of session.watchers) watcher(state)
          },
        },
        signal,
      )
        .catch((error: unknown) => {
          if (!signal.aborted) deps.log.warn("a conversation ended early", { error })
        })
        .finally(async () => {
          microphone.detach()
          const { turnId } = session.state
          if (turnId) await deps.turns.abort(actor, turnId).catch(() => undefined)
          const ended = [...sessions].filter(([, { state }]) => state.phase === "ended")
          for (const [old] of ended.slice(0, Math.max(0, ended.length - keptSessions))) sessions.delete(old)
        })
      return { sessionId }
    },
    async *watch(actor, id, signal) {
      const session = find(actor, id)
      const states = createPushQueue<ConversationState>()
      states.push(session.state)
      if (session.state.phase === "ended") states.end()
      const watcher = (state: ConversationState): void => {
        states.push(state)
        if (state.phase === "ended") states.end()
      }
      const leave = (): void => states.end()
      session.watchers.add(watcher)
      signal.addEventListener("abort", leave, { once: true })
      try {
        yield* states
      } finally {
        session.watchers.delete(watcher)
        signal.removeEventListener("abort", leave)
      }
    },
    async end(actor, id) {
      const session = find(actor, id)
      session.controller.abort(new DOMException("The conversation was ended.", "AbortError"))
      await session.done
    },
    async close() {
      for (const { controller } of sessions.values())
        controller.abort(new DOMException("ZenGlow is stopping.", "AbortError"))
      await Promise.allSettled([...sessions.values()].map(({ done }) => done))
    },
  }
}
