import { foldWord, isStopWord, wordsOf } from "./words.ts"

const calendar =
  /^(?:(?:mon|tues|wednes|thurs|fri|satur|sun)days?|january|february|march|april|may|june|july|august|september|october|november|december|christmas|easter)$/i

/**
 * What a question names and the documents never mention: a name ("Vienna", where only other cities are listed), a code ("E7"), or a
 * label with another number ("flat 5", where only flat 3 is let). Such a question is about something else, however alike the rest
 * reads. Names that differ by a letter count as known: speech recognition and people misspell them.
 */
export function unknownNames(question: string, texts: readonly string[]): string[] {
  const asked = lastQuestion(question)
  const names = namesOf(asked)
  const labels = labelsOf(asked)
  if (names.length === 0 && labels.length === 0) return []
  const folded = texts.map((text) => text.toLowerCase())
  const missing = names.filter(({ word, isCode }) => {
    const wanted = foldWord(word)
    // Codes letter for letter, names as the beginning of a word: endings differ.
    const form = new RegExp(`(?<![\\p{L}\\d])${escaped(wanted)}${isCode ? "(?![\\p{L}\\d])" : ""}`, "u")
    return !folded.some((text) => text.includes(wanted) && form.test(text)) && (isCode || !hasNear(folded, wanted))
  })
  const otherwise = labels.filter(({ stem, word, number }) => {
    const numbers = texts
      .filter((_, index) => folded[index]?.includes(word.toLowerCase()))
      .flatMap(pairsOf)
      .flatMap((pair) => (pair.stem === stem ? [pair.number] : []))
    return numbers.length > 0 && !numbers.includes(number)
  })
  return [...missing.map(({ word }) => word), ...otherwise.map(({ word, number }) => `${word} ${number}`)]
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")

function hasNear(texts: readonly string[], word: string): boolean {
  if (word.length < 5) return false
  const pattern = new RegExp(`(?<!\\p{L})\\p{L}{${word.length - 1},${word.length + 1}}(?!\\p{L})`, "gu")
  return texts.some((text) => [...text.matchAll(pattern)].some(([other]) => isNear(word, other)))
}

/** Sentences before the question tell of the person's own case: names in them need not be the documents'. */
function lastQuestion(text: string): string {
  const sentences = text.split(/(?<=[.!?])\s+(?=\p{Lu})/u)
  return sentences.findLast((sentence) => sentence.trim().endsWith("?")) ?? sentences.at(-1) ?? text
}

interface Name {
  word: string
  /** Letters with digits: known only letter for letter. */
  isCode: boolean
}

function namesOf(text: string): Name[] {
  const words = wordsOf(text)
  const written = (index: number): string => text.slice(words[index]?.start, words[index]?.end)
  const long = words.slice(1).filter(({ word }) => word.length > 3)
  const capitals = long.filter((_, index) => /^\p{Lu}/u.test(text.slice(long[index]?.start, long[index]?.end)))
  // Titles and shouting write everything with capitals.
  const isTitled = long.length >= 3 && capitals.length > 0.75 * long.length
  return words.flatMap(({ word }, index): Name[] => {
    const form = written(index)
    if (/^\p{L}{1,3}-?\d{1,4}$/u.test(form) && /\p{Lu}/u.test(form)) return [{ word: form, isCode: true }]
    if (isTitled || index === 0 || word.length < 4 || isStopWord(word) || calendar.test(form)) return []
    return /^\p{Lu}\p{Ll}/u.test(form) ? [{ word: form, isCode: false }] : []
  })
}

const pairPattern = /(?<![\p{L}\d.,])(\p{L}{2,})\s(\d{1,5})(?![\p{L}\d%€]|[.,:–-]\d)/gu

function pairsOf(text: string): { word: string; stem: string; number: string; after: string }[] {
  return [...text.matchAll(pairPattern)].flatMap((match) => {
    const word = match[1] as string
    const stem = wordsOf(word)[0]?.stem
    if (stem === undefined || isStopWord(word.toLowerCase()) || calendar.test(word)) return []
    const after = text.slice(match.index + match[0].length).match(/^\s*(\p{L}+|[^\s])/u)?.[1] ?? ""
    return [{ word, stem, number: match[2] as string, after }]
  })
}

/** A number that a unit follows ("with 50 kilometres") is an amount, not a label. */
const labelsOf = (text: string) =>
  pairsOf(text).filter(
    ({ after }) => !/\p{L}/u.test(after) || isStopWord(after.toLowerCase()) || /^\p{Lu}/u.test(after),
  )

/** At most one edit apart. */
function isNear(a: string, b: string): boolean {
  if (a === b) return true
  if (Math.abs(a.length - b.length) > 1) return false
  let start = 0
  while (start < a.length && a[start] === b[start]) start++
  let end = 0
  while (end < Math.min(a.length, b.length) - start && a.at(-1 - end) === b.at(-1 - end)) end++
  return Math.max(a.length, b.length) - start - end <= 1
}
