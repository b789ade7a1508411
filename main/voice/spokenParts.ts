import { createSentenceSplitter, type SpokenPiece } from "./sentences.ts"
import { speakable } from "./speakable.ts"

/** What a voice gets to say, in order. */
export type SpokenPart =
  /** The next part of the answer's text. */
  | { text: string }
  /** The next characters of the answer are on the screen alone. */
  | { skip: number }
  /** Put before what is said next. */
  | { lead: string }
  /** Said beside the text; `shown` is what the screen has for it. */
  | { aside: string; shown?: string; citation?: number }

/** A piece that is synthesised at once. */
export interface SaidPiece extends SpokenPiece {
  /** As it is read aloud. */
  spoken: string
  isAside: boolean
  citation?: number
}

/** Cuts parts into pieces that are said; pieces with nothing to say fall away. `onSkip` hears how far the text counts as told. */
export async function* saidPieces(
  parts: AsyncIterable<SpokenPart>,
  onSkip: (end: number) => void,
): AsyncGenerator<SaidPiece, void> {
  let splitter = createSentenceSplitter()
  /** Where the splitter's text begins in the answer, and how much it took. */
  let base = 0
  let taken = 0
  let lead = ""
  const said = function* (pieces: readonly SpokenPiece[]): Generator<SaidPiece> {
    for (const { text, start, end } of pieces) {
      const words = speakable(text)
      if (!isSayable(words)) continue
      yield { text, start: base + start, end: base + end, spoken: `${lead}${words}`, isAside: false }
      lead = ""
    }
  }
  const flush = function* (): Generator<SaidPiece> {
    yield* said(splitter.end())
    splitter = createSentenceSplitter()
    base += taken
    taken = 0
  }
  for await (const part of parts) {
    if ("text" in part) {
      taken += part.text.length
      yield* said(splitter.push(part.text))
    } else if ("skip" in part) {
      yield* flush()
      base += part.skip
      onSkip(base)
    } else if ("lead" in part) {
      yield* flush()
      lead = part.lead
    } else {
      yield* flush()
      const { aside, shown = aside, citation } = part
      if (!isSayable(aside)) continue
      yield { text: shown, start: base, end: base, spoken: aside, isAside: true, ...(citation ? { citation } : {}) }
    }
  }
  yield* flush()
}

const isSayable = (text: string): boolean => /[\p{L}\p{N}]/u.test(text)
