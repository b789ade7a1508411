import type { CitedSpan } from "#contract/turns.ts"
import { sentencesOf } from "#rag/sentences.ts"
import { contentStems } from "#rag/words.ts"
import { numbersOf } from "./support.ts"

/** What is left to say once a sentence of the documents was spoken as the answer. Ranges are of the answer's text. */
export type AfterQuick =
  /** The answer says the same. */
  | { kind: "same" }
  /** It also says this. */
  | { kind: "more"; ranges: { start: number; end: number }[] }
  /** It says something else: it is said whole. */
  | { kind: "other" }
  /** The check finds that the documents do not answer. */
  | { kind: "unsure" }

const negation = /\b(?:not|no|never|none|cannot|without|only|except|closed|prohibited|forbidden|excluded)\b|n['’]t\b/i
/** A sentence of which this share of words is new says something new. */
const newShare = 0.5

/** Compares the composed, checked answer with the sentence that was spoken before it was there. */
export function afterQuick(
  quick: { question: string; sentence: string },
  answer: { text: string; spans: readonly CitedSpan[]; found: boolean },
): AfterQuick {
  if (!answer.found) return { kind: "unsure" }
  const saidNumbers = numbersOf(quick.sentence)
  const known = {
    numbers: new Set([...saidNumbers, ...numbersOf(quick.question)]),
    stems: new Set(contentStems(`${quick.question}\n${quick.sentence}`)),
  }
  const opening = /^\W*(yes|no)\b/i.exec(answer.text)?.[1]?.toLowerCase()
  if (opening === "yes" && negation.test(quick.sentence)) return { kind: "other" }
  const sentences = sentencesOf(answer.text)
  const first = sentences[0]
  if (first && isAnother(quick, plain(first.text), known.numbers)) return { kind: "other" }
  const ranges = sentences.filter(({ text }) => isNew(plain(text), known)).map(({ start, end }) => ({ start, end }))
  return ranges.length === 0 ? { kind: "same" } : { kind: "more", ranges }
}

/** Citation marks are no figures. */
const plain = (text: string): string => text.replace(/\s?\[\d+(?:,\s?\d+)*\]/g, "")

/** Figures instead of those that were said. */
function isAnother(
  { question, sentence }: { question: string; sentence: string },
  first: string,
  known: ReadonlySet<string>,
): boolean {
  const asked = numbersOf(question)
  const said = [...numbersOf(sentence)].filter((value) => !asked.has(value))
  const own = numbersOf(first)
  return said.length > 0 && [...own].some((value) => !known.has(value)) && !said.some((value) => own.has(value))
}

function isNew(text: string, known: { numbers: ReadonlySet<string>; stems: ReadonlySet<string> }): boolean {
  if ([...numbersOf(text)].some((value) => !known.numbers.has(value))) return true
  const stems = new Set(contentStems(text))
  const fresh = [...stems].filter((stem) => !known.stems.has(stem)).length
  return fresh >= 2 && fresh / stems.size >= newShare
}
