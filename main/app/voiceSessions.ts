import type { Turns } from "#chat/turns.ts"
import type { ConversationState } from "#contract/voiceSessions.ts"
import { type Actor, hasScope } from "#core/actor.ts"
import { AppError } from "#core/errors.ts"
import { newId } from "#core/ids.ts"
import type { Logger } from "#core/logger.ts"
import { createPushQueue } from "#core/queue.ts"
import type { SpeechToText, Vad } from "#engines/types.ts"
import type { VoiceSessionService } from "#server/deps.ts"
import { converse } from "#voice/conversation.ts"
import type { Tuning } from "./tuningService.ts"
import type { VoiceChannels } from "./voiceChannels.ts"
import type { Waking } from "./wakeService.ts"

export interface VoiceSessionsDeps {
  turns: Turns
  channels: Pick<VoiceChannels, "attach">
  vad(): Promise<Vad | null>
  speechToText(): Promise<SpeechToText | null>
  tuning: Pick<Tuning, "tell">
  waking: Pick<Waking, "check" | "open" | "onOff">
  log: Logger
}

interface Session {
  ownerId: string
  state: ConversationState
  /** It sleeps between its turns: no longer than waking is switched on. */
  isWaking: boolean
  watchers: Set<(state: ConversationState) => void>
  controller: AbortController
  done: Promise<void>
  /** It hears with the machine's own microphone. */
  isOnDevice: boolean
  abandoned?: NodeJS.Timeout
}

/** Conversations that ended stay known for a while: who ends one that has just ended by itself has what they want. */
const keptSessions = 50

/** A conversation on the machine's own microphone that nobody follows is over after this. */
const abandonedMs = 10_000

function expectWatcher(session: Session): void {
  if (!session.isOnDevice || session.watchers.size > 0 || session.state.phase === "ended") return
  clearTimeout(session.abandoned)
  session.abandoned = setTimeout(
    () => session.controller.abort(new DOMException("Nobody follows the conversation any more.", "AbortError")),
    abandonedMs,
  )
}

/** Hands-free conversations. */
export function createVoiceSessions(deps: VoiceSessionsDeps): VoiceSessionService & { close(): Promise<void> } {
  const sessions = new Map<string, Session>()
  const find = (actor: Actor, id: string): Session => {
    const session = sessions.get(id)
    if (session?.ownerId === actor.personId) return session
    throw new AppError("turn.not-found", "There is no such conversation.", { remedy: "Start one." })
  }

  const endOff = deps.waking.onOff(() => {
    for (const { isWaking, controller } of sessions.values())
      if (isWaking) controller.abort(new DOMException("The wake word was switched off.", "AbortError"))
  })

  return {
    async start(actor, request) {
      const [vad, speechToText] = await Promise.all([deps.vad(), deps.speechToText()])
      if (!vad || !speechToText) {
        throw new AppError("model.missing", "Listening needs the speech-to-text model, which is not installed.", {
          remedy: "Open Models to install it, or type your question.",
        })
      }
      const { streamId, conversationId: firstConversation, voice, temporary, wake = false, ...rest } = request
      if (wake) await deps.waking.check()
      let conversationId = firstConversation
      const origin = streamId === undefined ? ({ type: "device" } as const) : ({ type: "socket", streamId } as const)
      if (origin.type === "device" && !hasScope(actor, "audio")) {
        throw new AppError("auth.missing-scope", "This key may not use the machine's microphone.", {
          remedy: "Use a key with the scope `audio`.",
        })
      }
      const microphone = deps.channels.attach(actor, origin)
      const sessionId = newId()
      const session: Session = {
        ownerId: actor.personId,
        state: { phase: wake ? "asleep" : "waiting", turnId: null, isDucked: false },
        isWaking: wake,
        watchers: new Set(),
        controller: new AbortController(),
        done: Promise.resolve(),
        isOnDevice: origin.type === "device",
      }
      sessions.set(sessionId, session)
      const { signal } = session.controller
      const tell = (changes: Partial<ConversationState>): void => {
        session.state = { ...session.state, ...changes }
        for (const watcher of session.watchers) watcher(session.state)
      }
      const unfollow = microphone.onStatus?.((sound) => tell({ sound }))
      expectWatcher(session)
      session.done = converse(
        {
          source: microphone.source,
          vad,
          speechToText,
          ...(wake ? { openWake: (openSignal: AbortSignal) => deps.waking.open(actor, openSignal) } : {}),
          async startTurn(source, onEvent) {
            microphone.lend(source)
            const { turnId } = await deps.turns.start(actor, {
              kind: "voice",
              source: origin,
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
          onScore: (event) => deps.tuning.tell(actor, event),
          onState(state) {
            microphone.duck(state.isDucked)
            tell(state)
          },
        },
        signal,
      )
        .catch((error: unknown) => {
          if (!signal.aborted) deps.log.warn("a conversation ended early", { error })
        })
        .finally(async () => {
          clearTimeout(session.abandoned)
          unfollow?.()
          const { turnId } = session.state
          if (turnId) await deps.turns.abort(actor, turnId).catch(() => undefined)
          await microphone.detach()
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
      clearTimeout(session.abandoned)
      signal.addEventListener("abort", leave, { once: true })
      try {
        yield* states
      } finally {
        session.watchers.delete(watcher)
        expectWatcher(session)
        signal.removeEventListener("abort", leave)
      }
    },
    async end(actor, id) {
      const session = find(actor, id)
      session.controller.abort(new DOMException("The conversation was ended.", "AbortError"))
      await session.done
    },
    async close() {
      endOff()
      for (const { controller } of sessions.values())
        controller.abort(new DOMException("ZenGlow is stopping.", "AbortError"))
      await Promise.allSettled([...sessions.values()].map(({ done }) => done))
    },
  }
}
