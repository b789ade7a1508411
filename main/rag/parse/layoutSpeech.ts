import type { TimedStart } from "./contract.ts"

export interface SpokenPiece {
  startMs: number
  endMs: number
  text: string
}

/** A longer silence begins a new paragraph. */
const pauseMs = 4000
const piecesPerParagraph = 12

/** Spoken pieces as paragraphs, with the time of each. */
export function layoutSpeech(pieces: readonly SpokenPiece[]): { text: string; times: TimedStart[] } {
  const times: TimedStart[] = []
  let text = ""
  let inParagraph = 0
  for (const piece of pieces) {
    const words = piece.text.replace(/\s+/g, " ").trim()
    if (words === "") continue
    const previous = times.at(-1)
    const isFull = inParagraph >= piecesPerParagraph && /[.!?…"”]$/.test(text)
    const isNew = previous === undefined || piece.startMs - previous.endMs >= pauseMs || isFull
    if (text !== "") text += isNew ? "\n\n" : "\n"
    inParagraph = isNew ? 1 : inParagraph + 1
    times.push({ start: text.length, startMs: piece.startMs, endMs: Math.max(piece.startMs, piece.endMs) })
    text += words
  }
  return { text, times }
}
