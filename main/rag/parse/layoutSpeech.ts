import type { TimedStart } from "./contract.ts"

export interface SpokenPiece {
  startMs: number
  endMs: number
  text: string
  /** Whose voice it is. Null: nobody who is known. Absent: not known, so it goes on as before. */
  speaker?: string | null
}

/** From here on somebody else speaks. */
export interface SpeakerTurn {
  start: number
  /** Null: nobody who is known. */
  speaker: string | null
}

/** A longer silence begins a new paragraph. */
const pauseMs = 4000
const piecesPerParagraph = 12

const unknownVoice = "Unknown voice"

/** Spoken pieces as paragraphs, with the time of each. Where voices are known, each turn begins with a name. */
export function layoutSpeech(pieces: readonly SpokenPiece[]): {
  text: string
  times: TimedStart[]
  turns: SpeakerTurn[]
} {
  const times: TimedStart[] = []
  const turns: SpeakerTurn[] = []
  let text = ""
  let inParagraph = 0
  for (const piece of pieces) {
    const words = piece.text.replace(/\s+/g, " ").trim()
    if (words === "") continue
    const previous = times.at(-1)
    const isFull = inParagraph >= piecesPerParagraph && /[.!?…"”]$/.test(text)
    const isTurn = piece.speaker !== undefined && piece.speaker !== turns.at(-1)?.speaker
    const isNew = isTurn || previous === undefined || piece.startMs - previous.endMs >= pauseMs || isFull
    if (text !== "") text += isNew ? "\n\n" : "\n"
    inParagraph = isNew ? 1 : inParagraph + 1
    if (isTurn) turns.push({ start: text.length, speaker: piece.speaker ?? null })
    times.push({ start: text.length, startMs: piece.startMs, endMs: Math.max(piece.startMs, piece.endMs) })
    text += isTurn ? `${piece.speaker ?? unknownVoice}: ${words}` : words
  }
  return { text, times, turns }
}
