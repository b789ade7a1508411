import { wordsOf } from "./words.ts"

interface Piece {
  documentId: string
  start: number
  end: number
  text: string
}

const overlapShare = 0.5
const sameShare = 0.9

/** Drops pieces that overlap a better one by half, or say nearly the same words. Input and output are best first. */
export function deduplicate<T>(items: readonly T[], pieceOf: (item: T) => Piece, limit: number): T[] {
  const kept: { piece: Piece; words: Set<string>; item: T }[] = []
  for (const item of items) {
    if (kept.length >= limit) break
    const piece = pieceOf(item)
    const words = new Set(wordsOf(piece.text).map((word) => word.word))
    if (!kept.some((other) => overlaps(other.piece, piece) || isNearlySame(other.words, words))) {
      kept.push({ piece, words, item })
    }
  }
  return kept.map(({ item }) => item)
}

function overlaps(a: Piece, b: Piece): boolean {
  if (a.documentId !== b.documentId) return false
  const shared = Math.min(a.end, b.end) - Math.max(a.start, b.start)
  return shared > overlapShare * Math.min(a.end - a.start, b.end - b.start)
}

function isNearlySame(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  if (Math.min(a.size, b.size) < sameShare * Math.max(a.size, b.size)) return false
  let shared = 0
  for (const word of a) if (b.has(word)) shared++
  return shared >= sameShare * (a.size + b.size - shared)
}
