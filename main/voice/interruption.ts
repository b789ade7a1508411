import { editDistance } from "#core/editDistance.ts"

/** Does what is heard while the assistant thinks or speaks take the floor from it? */
export type Interruption =
  /** The person wants to be heard. */
  | "takes-floor"
  /** "Mhm", "okay": they are listening. */
  | "backchannel"
  /** The assistant's own words, come back through the microphone. */
  | "echo"
  /** "Stop", while the assistant says that word itself: who means it says it again. */
  | "doubtful-command"
  /** A cough, a key, a door. */
  | "noise"

const backchannels = new Set(
  "mhm mm mmm hmm hm uh huh uhhuh ah oh okay ok yeah yep yes right sure aha wow nice good great i see".split(" "),
)
/** More words than this are never a nod. */
const longestBackchannel = 3
/** Words that take the floor without others beside them. */
const commands = new Set("stop no wait hey quiet enough pause cancel".split(" "))
/** Share of the heard words that were just said, from which they are an echo. */
const echoShare = 0.6
/** What the canceller leaves of an echo reads like its words misheard: fewer new ones than this prove nobody. */
const leastNewWords = 2
/** Share of a word's letters that speech-to-text may get wrong in an echo. */
const misheard = 0.34

/**
 * @param heard What speech-to-text made of it so far.
 * @param said What the assistant said in the last seconds, or what it was asked where it has said nothing yet.
 */
export function interruptionBy(heard: string, said: string): Interruption {
  const words = wordsOf(heard)
  if (words.length === 0) return "noise"
  const before = wordsOf(said)
  const isSaid = (word: string): boolean => before.some((other) => soundsLike(word, other))
  if (words.every((word) => commands.has(word)))
    return words.length === 1 && words.some(isSaid) ? "doubtful-command" : "takes-floor"
  if (words.length <= longestBackchannel && words.every((word) => backchannels.has(word)))
    return words.every(isSaid) ? "echo" : "backchannel"
  const fresh = words.filter((word) => !isSaid(word))
  // A person who says few new words says more in a moment, and is asked again then.
  if (fresh.length < leastNewWords && !fresh.some((word) => commands.has(word))) return "echo"
  return 1 - fresh.length / words.length >= echoShare ? "echo" : "takes-floor"
}

/** Short words differ by one letter too easily. */
const soundsLike = (word: string, other: string): boolean =>
  word === other ||
  (Math.min(word.length, other.length) > 3 &&
    editDistance(word, other) <= misheard * Math.max(word.length, other.length))

const wordsOf = (text: string): string[] =>
  text
    .toLowerCase()
    .replaceAll(/[’']/g, "")
    .match(/[\p{L}\p{N}]+/gu) ?? []
