import { isAlphabetic, isLower, isUpper } from "./characters.ts"

/** tagger.json.gz: an averaged perceptron over Penn Treebank tags. */
export interface TaggerModel {
  tags: string[]
  /** Words with one dominant tag. */
  tagdict: Record<string, string>
  /** Words the context features know; others appear by their shape. */
  vocab: string[]
  weights: Record<string, Record<string, number>>
}

const startMarks = ["-START2-", "-START-"] as const
const endMarks = ["-END-", "-END2-"] as const

/** Gives every word its part of speech; the lexicon needs it for words like "read", "live" and "record". */
export function createTagger(model: TaggerModel): (words: readonly string[]) => string[] {
  const dominant = new Map(Object.entries(model.tagdict))
  const weights = new Map(Object.entries(model.weights))
  const vocabulary = new Set(model.vocab)

  const predict = (features: readonly string[]): string => {
    const scores = new Map<string, number>()
    for (const feature of features)
      for (const [tag, weight] of Object.entries(weights.get(feature) ?? {}))
        scores.set(tag, (scores.get(tag) ?? 0) + weight)
    if (scores.size === 0) return "NN"
    let best = model.tags[0] ?? "NN"
    for (const tag of model.tags) {
      const difference = (scores.get(tag) ?? 0) - (scores.get(best) ?? 0)
      if (difference > 0 || (difference === 0 && tag > best)) best = tag
    }
    return best
  }

  return (words) => {
    const normal = words.map((word) => {
      const known = normalForm(word)
      return vocabulary.has(known) ? known : `<${shape(word)}>`
    })
    const context = [...startMarks, ...normal, ...endMarks]
    const tags: string[] = []
    for (const [index, word] of words.entries()) {
      const previous = tags[index - 1] ?? startMarks[1]
      const beforePrevious = index === 0 ? startMarks[0] : (tags[index - 2] ?? startMarks[1])
      tags.push(dominant.get(word) ?? predict(features(index, word, context, previous, beforePrevious)))
    }
    return tags
  }
}

function features(index: number, word: string, context: readonly string[], t1: string, t2: string): string[] {
  const at = (offset: number): string => context[index + 2 + offset] ?? ""
  return [
    "b",
    `s3=${word.slice(-3)}`,
    `p1=${word[0] ?? ""}`,
    `w=${at(0)}`,
    `sh=${shape(word)}`,
    index === 0 ? "i0" : "i+",
    `t-1=${t1}`,
    `t-2=${t2}`,
    `t-12=${t1},${t2}`,
    `w-1=${at(-1)}`,
    `s3-1=${at(-1).slice(-3)}`,
    `w-2=${at(-2)}`,
    `w+1=${at(1)}`,
    `s3+1=${at(1).slice(-3)}`,
    `w+2=${at(2)}`,
  ]
}

function normalForm(word: string): string {
  if (word.includes("-") && !word.startsWith("-")) return "!HYPHEN"
  if (/^\p{Nd}{4}$/u.test(word)) return "!YEAR"
  if (/^\p{Nd}/u.test(word)) return "!DIGITS"
  return word.toLowerCase()
}

function shape(word: string): string {
  if (isAlphabetic(word)) {
    if (isLower(word)) return "x"
    if (isUpper(word)) return word.length > 1 ? "XX" : "X1"
    return isUpper(word.slice(0, 1)) && isLower(word.slice(1)) ? "Xx" : "xX"
  }
  if (/^\p{Nd}+$/u.test(word)) return "d"
  return [...word]
    .slice(0, 4)
    .map((character) => (/\p{Nd}/u.test(character) ? "d" : /\p{L}/u.test(character) ? "x" : character))
    .join("")
}
