import type { AnswerRoute } from "#contract/backends.ts"
import type { Message } from "#contract/conversations.ts"
import type { TurnState } from "#contract/turnState.ts"
import type { CitedSpan, Passage } from "#contract/turns.ts"
import { strings } from "./strings.ts"

/** What an answer shows, whether it is being written or was read from the store. */
export interface AnswerView {
  text: string
  reasoning: string
  passages: Passage[]
  closest: Passage[]
  isProvisional: boolean
  quote: { sentence: string; citation: number } | null
  spans: CitedSpan[]
  isNotFound: boolean
  isLive: boolean
  /** In words, while there is nothing to read yet. */
  progress: string | null
  error: { code: string; message: string; remedy?: string | undefined } | null
  endReason: Message["endReason"]
  /** Where it was written, where there was a choice. */
  sent: AnswerRoute | null
}

export function viewOfMessage(message: Message): AnswerView {
  const isNotFound = message.endReason === "not-found"
  return {
    text: message.text,
    reasoning: message.reasoning,
    passages: isNotFound ? [] : message.passages,
    closest: isNotFound ? message.passages : [],
    isProvisional: false,
    quote: null,
    spans: message.spans,
    isNotFound,
    isLive: false,
    progress: null,
    error: message.error,
    endReason: message.endReason,
    sent: message.sent ?? null,
  }
}

export function viewOfTurn(turn: TurnState): AnswerView {
  const isNotFound = turn.found === false
  // Until the passages are settled the ranking's previews stand in for them, in the same row.
  const provisional = turn.phase.slice(0, 4).map((result, index) => ({
    n: index + 1,
    chunkId: result.id,
    documentId: result.documentId,
    collectionId: "",
    title: result.title,
    path: "",
    headingPath: [],
    page: null,
    text: result.textPreview,
    start: 0,
    end: 0,
    score: result.score,
    similarity: 1 - result.distance,
  }))
  const isProvisional = turn.found === null && provisional.length > 0
  return {
    text: turn.text,
    reasoning: turn.reasoning,
    passages: isNotFound ? [] : isProvisional ? provisional : turn.passages,
    closest: turn.closest,
    isProvisional,
    quote: turn.quote,
    spans: turn.spans,
    isNotFound,
    isLive: turn.stage !== "ended",
    progress: turn.stage !== "ended" && (turn.text === "" || isReadingOn(turn)) ? progressOf(turn) : null,
    error: turn.error,
    endReason: turn.endReason,
    sent: turn.sent,
  }
}

/** A whole document is being told part by part. */
const isReadingOn = ({ route }: TurnState): boolean => route !== null && route.done < route.total

/** Null while listening: the composer shows that. */
function progressOf(turn: TurnState): string | null {
  if (turn.promptProgress && turn.promptProgress.total > 0) {
    return strings.readingProgress(Math.round((100 * turn.promptProgress.done) / turn.promptProgress.total))
  }
  if (turn.route && isReadingOn(turn)) {
    const { done, total, unit } = turn.route
    return strings.readingWhole(done, total, unit)
  }
  return strings.stages[turn.stage] || null
}
