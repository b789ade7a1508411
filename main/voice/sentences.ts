/** A piece of the answer that is spoken at once. The pieces of a text, put together, are the text. */
export interface SpokenPiece {
  /** As it stands on the screen, with the white space around it. */
  text: string
  /** Offsets in the whole text. */
  start: number
  end: number
}

export interface SentenceSplitter {
  /** Takes the next part of the text; returns the pieces it completes. How the text is cut into parts does not matter. */
  push(delta: string): SpokenPiece[]
  /** The text has ended: the rest. */
  end(): SpokenPiece[]
}

export interface SplitOptions {
  /** Shortest first clause in characters. Default 25: sound starts early, without a lone word. */
  firstClauseChars?: number
  /** A later sentence is cut at a clause from here on. Default 160. */
  longSentenceChars?: number
  /** Without any punctuation a piece ends at a word from here on. Default 320. */
  maximumChars?: number
}

/**
 * Cuts a growing text into sentences, its first piece into a clause, so that speech starts before the sentence is written. Aware of
 * abbreviations, numbers, addresses, inline and fenced code, lists, tables and links.
 */
export function createSentenceSplitter(options: SplitOptions = {}): SentenceSplitter {
  const { firstClauseChars = 25, longSentenceChars = 160, maximumChars = 320 } = options
  let text = ""
  let start = 0
  /** Everything before is known to hold no end of a piece. */
  let scanned = 0
  let isFirst = true

  const take = (isComplete: boolean): SpokenPiece[] => {
    const pieces: SpokenPiece[] = []
    for (;;) {
      const limits = { clauseChars: isFirst ? firstClauseChars : longSentenceChars, maximumChars }
      const found = findEnd(text, start, scanned, limits, isComplete)
      scanned = found.at
      if (!found.isEnd) break
      if (/\S/.test(text.slice(start, found.at))) isFirst = false
      pieces.push({ text: text.slice(start, found.at), start, end: found.at })
      start = found.at
    }
    return pieces
  }
  return {
    push(delta) {
      text += delta
      return take(false)
    },
    end() {
      const pieces = take(true)
      if (start < text.length) pieces.push({ text: text.slice(start), start, end: text.length })
      start = text.length
      return pieces
    },
  }
}

interface Limits {
  clauseChars: number
  maximumChars: number
}

/** "later" means that the answer depends on text that has not come yet. */
type Verdict = "end" | "inside" | "later"

/** Looks at every character once its answer can no longer change; so the cut does not depend on how the text arrived. */
function findEnd(
  text: string,
  start: number,
  from: number,
  limits: Limits,
  isComplete: boolean,
): { isEnd: boolean; at: number } {
  const view: View = { text, start, isComplete }
  for (let at = from; at < text.length; at++) {
    const { verdict, end } = judge(view, at, limits)
    if (verdict === "later") return { isEnd: false, at }
    if (verdict === "end") return { isEnd: true, at: end }
  }
  return { isEnd: false, at: text.length }
}

interface View {
  text: string
  /** Where the piece begins. */
  start: number
  isComplete: boolean
}

const inside = { verdict: "inside", end: 0 } as const
const later = { verdict: "later", end: 0 } as const

function judge(view: View, at: number, limits: Limits): { verdict: Verdict; end: number } {
  const { text, start } = view
  const character = text[at] ?? ""
  const body = text.slice(start, at + 1)
  const block = /^\s*(```|~~~|\|)/.exec(body)?.[1]
  if (block) return character === "\n" ? blockLineEnd(view, at, block) : inside
  if (character === "\n") return { verdict: lineEnd(view, at), end: at + 1 }
  if (/[.!?…。！？]/.test(character)) return sentenceEnd(view, at)
  const written = body.trimStart().length
  if (written >= limits.clauseChars && /[,;:—–-]/.test(character)) {
    const verdict = clauseEnd(view, at)
    if (verdict !== "inside") return { verdict, end: at + 1 }
  }
  if (written >= limits.maximumChars && /\s/.test(character) && !isInsideMarks(body))
    return { verdict: "end", end: at + 1 }
  return inside
}

/** Fenced code runs to its closing fence, a table to its last row. */
function blockLineEnd(view: View, at: number, block: string): { verdict: Verdict; end: number } {
  const { text, start, isComplete } = view
  if (block === "|") {
    const next = text.slice(at + 1).trimStart()[0]
    if (next === undefined && !isComplete) return later
    return next === "|" ? inside : { verdict: "end", end: at + 1 }
  }
  const body = text.slice(start, at).trimStart()
  const lines = body.split("\n")
  const isClosed = lines.length > 1 && (lines.at(-1) ?? "").trim() === block
  return isClosed ? { verdict: "end", end: at + 1 } : inside
}

const blockStart = /^(?:[-*+•]\s|\d{1,3}[.)]\s|#{1,6}\s|>|\||```|~~~)/
const maybeBlockStart = /^(?:[-*+•]?|\d{1,3}[.)]?|#{1,6}|`{1,2}|~{1,2})$/

/** A line break ends the piece after a heading or list item, and before an empty line or another block; else it is a soft wrap. */
function lineEnd({ text, start, isComplete }: View, at: number): Verdict {
  if (!/\S/.test(text.slice(start, at))) return "inside"
  const line = text.slice(text.lastIndexOf("\n", at - 1) + 1, at).trimStart()
  if (blockStart.test(line)) return "end"
  const after = text.slice(at + 1, at + 24)
  if (/^[^\S\n]*\n/.test(after)) return "end"
  const next = after.trimStart()
  if (maybeBlockStart.test(next) && !isComplete && next.length + at + 1 <= text.length) {
    // Still growing: what the next line is cannot be told yet.
    if (at + 1 + after.length === text.length) return "later"
  }
  return blockStart.test(next) ? "end" : "inside"
}

/** Abbreviations that a name or number follows: their period never ends a sentence. */
const openAbbreviations = new Set(
  [
    "mr",
    "mrs",
    "ms",
    "dr",
    "prof",
    "st",
    "mt",
    "gen",
    "gov",
    "sen",
    "rep",
    "capt",
    "lt",
    "col",
    "sgt",
    "rev",
    "hon",
    "e.g",
    "i.e",
  ].concat(
    [
      "vs",
      "no",
      "nos",
      "fig",
      "figs",
      "eq",
      "sec",
      "ch",
      "vol",
      "pp",
      "p",
      "approx",
      "ca",
      "cf",
      "al",
      "est",
      "min",
      "max",
      "tel",
    ],
    ["jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec"],
  ),
)
const closers = /^[.!?…。！？]*(?:["'”’)\]*_]|\[\d+(?:, ?\d+)*\]|\s\[\d+(?:, ?\d+)*\])*/

function sentenceEnd({ text, start, isComplete }: View, at: number): { verdict: Verdict; end: number } {
  const body = text.slice(start, at + 1)
  if (isInsideMarks(body)) return inside
  // The last mark of a run such as "?!" or "..." decides for all of them.
  if (/[.!?…。！？]/.test(text[at + 1] ?? "")) return inside
  const tail = text.slice(at + 1, at + 80)
  const closing = closers.exec(tail)?.[0] ?? ""
  const after = tail.slice(closing.length)
  const end = at + 1 + closing.length
  const isCjk = /[。！？]/.test(text[at] ?? "")
  if (after === "" || (/^\s*$/.test(after) && at + 81 > text.length) || /^\s?\[[\d, ]*$/.test(after)) {
    if (!isComplete) return later
    return { verdict: "end", end }
  }
  if (!/^\s/.test(after) && !isCjk) return inside
  const next = after.trimStart()
  if (/^\p{Ll}/u.test(next)) return inside
  if (text[at] !== ".") return { verdict: "end", end }
  const word = /[\p{L}\p{N}.]*$/u.exec(body.slice(0, -1))?.[0] ?? ""
  const line = body.slice(body.lastIndexOf("\n") + 1)
  const isListNumber = /^\s*(?:[-*+>]\s+)?\d{1,3}\.$/.test(line)
  const isInitial = /^\p{Lu}$/u.test(word) && word !== "I"
  if (isListNumber || isInitial || openAbbreviations.has(word.toLowerCase())) return inside
  return { verdict: "end", end }
}

function clauseEnd({ text, start, isComplete }: View, at: number): Verdict {
  const body = text.slice(start, at + 1)
  const character = text[at] ?? ""
  if (isInsideMarks(body)) return "inside"
  if (character === "—") return "end"
  const next = text[at + 1]
  if (next === undefined) return isComplete ? "inside" : "later"
  if (!/\s/.test(next)) return "inside"
  if (character === "-" || character === "–") return /\s/.test(text[at - 1] ?? "") ? "end" : "inside"
  // "January 5, 2026" stays whole.
  if (!/\d/.test(text[at - 1] ?? "")) return "end"
  const following = text.slice(at + 1).trimStart()[0]
  if (following === undefined) return isComplete ? "inside" : "later"
  return /\d/.test(following) ? "inside" : "end"
}

const markReach = 240

/** Whether the text ends within inline code, link text or a link's target; an unclosed mark counts for a few lines only. */
function isInsideMarks(body: string): boolean {
  const near = body.slice(-markReach)
  if (near.split("`").length % 2 === 0) return true
  const bracket = near.lastIndexOf("[")
  if (bracket >= 0 && !near.slice(bracket).includes("]")) return true
  return /\]\([^)\s]*$/.test(near)
}
