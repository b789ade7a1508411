/** When is somebody's turn over? By how long they have been silent, and by what their words and melody say about going on. */

/** What is known about a pause. */
export interface Pause {
  /** From the model: how likely the person has finished, 0..1. Null: there is no such model, or it has not answered yet. */
  completion: number | null
  /** What was understood so far. Null: not known yet. */
  words: string | null
  /** How long this person pauses in mid-turn, from the pauses they spoke on after. */
  habitMs: number
}

/** Silence that ends a turn when nothing else is known: what voice assistants use as a fixed time. */
export const plainWaitMs = 700
const shortestWaitMs = 300
/** However unfinished it sounded, nobody is kept waiting longer. */
const longestWaitMs = 2400

/** Milliseconds of silence after which the turn is over. */
export function endOfTurnWait({ completion, words, habitMs }: Pause): number {
  const leaning = words === null ? "unclear" : leaningOf(words)
  // A short habit shortens nothing: a person who never paused yet may still pause now.
  const habit = Math.max(0, Math.min(600, habitMs - plainWaitMs / 2))
  const bySound =
    completion === null
      ? plainWaitMs
      : completion >= 0.85
        ? 350
        : completion >= 0.5
          ? 600
          : completion >= 0.2
            ? 1200
            : 1700
  const byWords = leaning === "open" ? 900 : leaning === "finished" ? -150 : 0
  return Math.min(longestWaitMs, Math.max(shortestWaitMs, bySound + byWords + habit))
}

/** Words after which a sentence goes on. */
const openEndings = new Set(
  (
    "a an the and or but nor so because since although though if when while where that which who whose than then as " +
    "of to in on at by for from with without into onto about between after before under over through during " +
    "my your his her its our their this these those is are was were am be been will would can could should may might must " +
    "do does did has have had not very more most also like um uh er erm well let's i'd i'll i'm it's"
  ).split(" "),
)

function leaningOf(words: string): "finished" | "open" | "unclear" {
  const text = words.trim()
  if (text === "") return "unclear"
  if (/(\.\.\.|…|[,;:–-])$/.test(text)) return "open"
  const last = /([\p{L}’']+)[.!?]*$/u.exec(text)?.[1]?.toLowerCase().replace("’", "'") ?? ""
  // Speech-to-text puts a full stop behind anything, so a word that cannot end a sentence counts more than the stop.
  if (openEndings.has(last)) return "open"
  return /[.!?]$/.test(text) ? "finished" : "unclear"
}

/** How long a person pauses in mid-turn: a slow average over the longer of their pauses. */
export function createPauseHabit(): { readonly ms: number; note(pauseMs: number): void } {
  let ms = plainWaitMs / 2
  return {
    get ms() {
      return ms
    },
    note(pauseMs) {
      const heard = Math.min(longestWaitMs, pauseMs)
      // Longer pauses count at once, shorter ones wear them off.
      ms += (heard > ms ? 0.5 : 0.1) * (heard - ms)
    },
  }
}
export type PauseHabit = ReturnType<typeof createPauseHabit>
