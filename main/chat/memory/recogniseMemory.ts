/** What a message wants of the memory. `remember` carries the words to keep, as the person said them. */
export type MemoryIntent =
  | { kind: "remember"; text: string }
  | { kind: "recall"; about: string | null }
  | { kind: "forget"; about: string }

const opening = String.raw`^(?:(?:hey|hi|ok|okay|please|and|also|so|zenglow)\b[,!]?\s+)*(?:(?:can|could|will|would) you\s+(?:please\s+)?)?(?:please\s+)?`
const remember = new RegExp(
  `${opening}(?:remember|memori[sz]e|keep in mind|(?:do not|don['’]t) forget|make a note|take a note|save to (?:your )?memory)` +
    String.raw`(?:\s+for me)?(?:(?:\s*[:,])?\s+(?:that|this|the following)\b\s*[:,]?\s*|\s*:\s*|\s+(?=(?:my|our|i|i['’]m|we|we['’]re)\b))(.+)$`,
  "is",
)
const recall =
  /^(?:so\s+)?(?:what|which things?|everything) (?:do|did|have|can) you (?:still )?(?:remember(?:ed)?|know|kept|stored?|have in (?:your )?memory)(?: so far)?(?: about (me|us|.{2,80}?))?[?.!]*$|^(?:show|list|tell me) (?:me )?(?:all )?(?:of )?(?:your|my|the) memor(?:y|ies)[?.!]*$|^what (?:is|do you have) in your memory[?.!]*$/i
const forget = new RegExp(
  `${opening}forget\\s+(?:that|about|what i (?:said|told you) about|everything about)\\s+(.{2,200}?)[.!]*$`,
  "is",
)
const aboutPerson = /^(?:me|us|myself|ourselves)$/i

/** By fixed rules, and precise rather than complete: what is not clearly an order to remember is a question like any other. */
export function recogniseMemory(message: string): MemoryIntent | null {
  const line = message.trim()
  const kept = remember.exec(line)?.[1]?.trim()
  // "Remember that I asked about the lease? When does it end?" asks something.
  if (kept !== undefined && /[\p{L}\p{N}]/u.test(kept) && !/\?\s*$/.test(line) && !/\?\s/.test(kept))
    return { kind: "remember", text: asSentence(kept) }
  const recalled = recall.exec(line)
  if (recalled) {
    const about = recalled[1]?.trim()
    // "What do you know about the boiler?" is a question for the documents; only memory itself and the person are meant here.
    if (about !== undefined && !aboutPerson.test(about) && !/\b(?:remember|memory)/i.test(line)) return null
    return { kind: "recall", about: about === undefined || aboutPerson.test(about) ? null : about }
  }
  const forgotten = forget.exec(line)?.[1]?.trim()
  return forgotten === undefined || /^(?:it|this|that)$/i.test(forgotten) ? null : { kind: "forget", about: forgotten }
}

function asSentence(text: string): string {
  const flat = text.replace(/\s+/g, " ").replace(/[,;\s]+$/, "")
  const capital = flat.charAt(0).toLocaleUpperCase() + flat.slice(1)
  return /[.!…”"]$/.test(capital) ? capital : `${capital}.`
}
