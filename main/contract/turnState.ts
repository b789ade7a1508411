import type { AnswerRoute } from "./backends.ts"
import type { ErrorInfo } from "./errors.ts"
import type {
  CitedSpan,
  Passage,
  PhaseResult,
  StageTiming,
  TurnEndReason,
  TurnEvent,
  Usage,
  WholeRoute,
} from "./turns.ts"

/** What a turn looks like after some of its events: the one view of it that window, server, CLI and tests share. */
export interface TurnState {
  turnId: string
  conversationId: string | null
  userMessageId: string | null
  messageId: string | null
  kind: "text" | "voice"
  stage: "starting" | "listening" | "transcribing" | "retrieving" | "reading" | "writing" | "speaking" | "ended"
  model: string | null
  question: string
  /** Whose voice it was. Undefined: not asked; null: nobody who is known. */
  speaker: { id: string; name: string } | null | undefined
  /** Partial caption while the person speaks: settled part and the part that may still change. */
  partial: { settled: string; unsettled: string } | null
  level: { rms: number; peak: number; isSpeech: boolean } | null
  phase: PhaseResult[]
  phaseIsProvisional: boolean
  passages: Passage[]
  closest: Passage[]
  found: boolean | null
  quote: { sentence: string; citation: number } | null
  /** What was remembered, or is proposed to be. */
  memory: { action: "stored" | "known" | "proposed" | "refused"; memoryId: string | null; text: string } | null
  /** Whole documents are read for this answer. */
  route: { route: WholeRoute; label: string; done: number; total: number; unit: string } | null
  /** Where the answer is written and why there. */
  sent: AnswerRoute | null
  promptProgress: { done: number; total: number } | null
  reasoning: string
  text: string
  spans: CitedSpan[]
  usage: Usage | null
  context: { tokens: number; limit: number } | null
  /** What was spoken at once, before an answer was composed. */
  quick: { sentence: string; citation: number } | null
  captions: {
    index: number
    text: string
    startMs: number
    durationMs: number
    isAside?: true
    citations?: number[]
  }[]
  heardChars: number | null
  title: string | null
  error: ErrorInfo | null
  endReason: TurnEndReason | null
  timings: StageTiming[]
  lastSeq: number
}

export const emptyTurn = (turnId: string): TurnState => ({
  turnId,
  conversationId: null,
  userMessageId: null,
  messageId: null,
  kind: "text",
  stage: "starting",
  model: null,
  question: "",
  speaker: undefined,
  partial: null,
  level: null,
  phase: [],
  phaseIsProvisional: false,
  passages: [],
  closest: [],
  found: null,
  quote: null,
  memory: null,
  route: null,
  sent: null,
  promptProgress: null,
  reasoning: "",
  text: "",
  spans: [],
  usage: null,
  context: null,
  quick: null,
  captions: [],
  heardChars: null,
  title: null,
  error: null,
  endReason: null,
  timings: [],
  lastSeq: -1,
})

/** Folds one event into a turn. Pure; events already folded (same or lower `seq`) change nothing, so replays are safe. */
export function foldTurn(state: TurnState, event: TurnEvent): TurnState {
  if (event.seq <= state.lastSeq) return state
  const next = { ...state, lastSeq: event.seq }
  switch (event.type) {
    case "turn-start":
      return {
        ...next,
        conversationId: event.conversationId,
        userMessageId: event.userMessageId,
        messageId: event.messageId,
        kind: event.kind,
        question: event.text ?? "",
        model: event.model,
      }
    case "listen-start":
      return { ...next, stage: "listening", partial: { settled: "", unsettled: "" } }
    case "level":
      return { ...next, level: { rms: event.rms, peak: event.peak, isSpeech: event.isSpeech } }
    case "stt-partial":
      return {
        ...next,
        partial: { settled: event.text.slice(0, event.stableChars), unsettled: event.text.slice(event.stableChars) },
      }
    case "listen-end":
      return { ...next, stage: "transcribing", level: null }
    case "speaker":
      return { ...next, speaker: event.identified }
    case "stt-end":
      return { ...next, question: event.text, partial: null }
    case "retrieve-start":
      return { ...next, stage: "retrieving", route: null }
    case "retrieve-phase":
      return { ...next, phase: event.results, phaseIsProvisional: event.provisional }
    case "retrieve-end":
      return { ...next, passages: event.passages, closest: event.closest, found: event.found, stage: "reading" }
    case "quote":
      return { ...next, quote: { sentence: event.sentence, citation: event.citation } }
    case "memory":
      return { ...next, memory: { action: event.action, memoryId: event.memoryId, text: event.text } }
    case "route": {
      const { route, label, done, total, unit } = event
      return { ...next, stage: "reading", route: { route, label, done, total, unit } }
    }
    case "prompt-progress":
      return { ...next, stage: "reading", promptProgress: { done: event.done, total: event.total } }
    case "sent":
      return { ...next, sent: event.route }
    case "reasoning-delta":
      return { ...next, stage: "writing", reasoning: state.reasoning + event.text }
    case "text-delta":
      return { ...next, stage: "writing", promptProgress: null, text: state.text + event.text }
    case "check-start":
      return next
    case "text-end":
      return {
        ...next,
        text: event.text,
        model: event.model ?? state.model,
        sent: event.sent ?? state.sent,
        spans: event.spans,
        usage: event.usage,
        found: event.found,
        closest: event.closest ?? state.closest,
        context: { tokens: event.contextTokens, limit: event.contextLimit },
      }
    case "speech-start":
      return { ...next, stage: "speaking" }
    case "quick-answer":
      return { ...next, quick: { sentence: event.sentence, citation: event.citation } }
    case "caption": {
      const { index, text, startMs, durationMs, isAside, citations } = event
      const caption = {
        index,
        text,
        startMs,
        durationMs,
        ...(isAside ? { isAside } : {}),
        ...(citations ? { citations } : {}),
      }
      return { ...next, stage: "speaking", captions: [...state.captions, caption] }
    }
    case "speech-end":
      return { ...next, heardChars: event.heardChars }
    case "title":
      return { ...next, title: event.title }
    case "error":
      return { ...next, error: event.error }
    case "turn-end":
      return {
        ...next,
        stage: "ended",
        endReason: event.reason,
        timings: event.timings,
        level: null,
        promptProgress: null,
      }
    default:
      // An event of a newer core says nothing to this fold.
      event satisfies never
      return state
  }
}
