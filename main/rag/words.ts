import { stemmer } from "stemmer"

/** One word of a text with its place. */
export interface Word {
  /** Lower case, without diacritics. */
  word: string
  /** Porter stem of `word`: what the store's word index compares. */
  stem: string
  start: number
  end: number
}

/** Words carry no topic: function words, and the parts of a question that say what kind of answer is wanted. */
const stopWords = new Set(
  (
    "a about above after again against all also am an and any are aren't as at be because been before being below between both but by " +
    "can can't cannot could couldn't did didn't do does doesn't doing don't down during each either else few for from further get gets got " +
    "had hadn't has hasn't have haven't having he her here hers herself him himself his how however i if in into is isn't it its itself " +
    "just let's like may me might mine more most much must my myself need no nor not of off on once only or other ought our ours out over " +
    "own per please same say says shall she should shouldn't so some such tell than that the their theirs them themselves then there these " +
    "they this those through to too under until up upon us very was wasn't we were weren't what whatever when where whether which while who " +
    "whom whose why will with won't would wouldn't yes yet you your yours yourself know want many often exactly thing things anything " +
    "something someone anyone mean means does according document documents file files"
  ).split(" "),
)

/** Codes such as `E-14` are one word; the word index finds them as a phrase. */
const wordPattern = /(?<![\p{L}\p{N}])\p{L}{1,4}-\d[\p{L}\d]*|[\p{L}\p{N}]+(?:['’]\p{L}+)?/gu
const marks = /\p{M}+/gu

export const isStopWord = (word: string): boolean => stopWords.has(word)

/** Lower case without diacritics and without a possessive ending. */
export function foldWord(word: string): string {
  const folded = word.normalize("NFKD").replace(marks, "").toLowerCase().replace("’", "'")
  return folded.endsWith("'s") ? folded.slice(0, -2) : folded
}

/** All words of a text in order, stop words included. */
export function wordsOf(text: string): Word[] {
  const words: Word[] = []
  for (const match of text.matchAll(wordPattern)) {
    const word = foldWord(match[0])
    words.push({ word, stem: stemmer(word), start: match.index, end: match.index + match[0].length })
  }
  return words
}

/** Reads many texts of one language: `wordsOf` that folds and stems each written form once. */
export function createWordReader(): (text: string) => Word[] {
  const known = new Map<string, { word: string; stem: string }>()
  return (text) => {
    const words: Word[] = []
    for (const match of text.matchAll(wordPattern)) {
      const written = match[0]
      let form = known.get(written)
      if (!form) {
        const word = foldWord(written)
        form = { word, stem: stemmer(word) }
        known.set(written, form)
      }
      words.push({ ...form, start: match.index, end: match.index + written.length })
    }
    return words
  }
}

/** The distinct stems of a text. */
export const stemsOf = (text: string): Set<string> => new Set(wordsOf(text).map((word) => word.stem))

/** Stems of the words that carry meaning, as often as they stand in the text. */
export const contentStems = (text: string): string[] =>
  wordsOf(text)
    .filter(({ word }) => !isStopWord(word))
    .map(({ stem }) => stem)
