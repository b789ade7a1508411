/** Does what is heard while the assistant speaks take the floor from it? */
export type Interruption =
  /** The person wants to be heard. */
  | "takes-floor"
  /** "Mhm", "okay": they are listening. */
  | "backchannel"
  /** The assistant's own words, come back through the microphone. */
  | "echo"
  /** A cough, a key, a door. */
  | "noise"

const backchannels = new Set(
  "mhm mm mmm hm hmm uh huh uhhuh ah oh okay ok yeah yep yes right sure aha wow nice good great i see".split(" "),
)
/** More words than this are never a nod. */
const longestBackchannel = 3
/** Words that alone take the floor, even where they were just said. */
const commands = new Set(["stop", "no", "wait", "hey"])
/** Share of the heard words that the assistant has just said, from which they are its own. */
const echoShare = 0.6

/**
 * @param heard What speech-to-text made of it so far.
 * @param spoken What the assistant said in the last seconds.
 */
export function interruptionBy(heard: string, spoken: string): Interruption {
  const words = wordsOf(heard)
  if (words.length === 0) return "noise"
  const said = new Set(wordsOf(spoken))
  const repeated = words.filter((word) => said.has(word)).length
  // A person who says one of its words says more in a moment, and is asked again then; "stop" waits for nothing.
  const isCommand = words.length === 1 && commands.has(words[0] as string)
  if (!isCommand && repeated / words.length >= echoShare) return "echo"
  if (words.length <= longestBackchannel && words.every((word) => backchannels.has(word))) return "backchannel"
  return "takes-floor"
}

const wordsOf = (text: string): string[] =>
  text
    .toLowerCase()
    .replaceAll("’", "'")
    .match(/[\p{L}\p{N}']+/gu) ?? []
