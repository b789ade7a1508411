import type { Rules } from "./rules.ts"

export interface Classified {
  domain: string
  /** Share of the signals that speak for it, 0..1. */
  confidence: number
  reasons: string[]
}

const patternWeight = 2
/** Longest text that is looked at: what a request is about stands at its beginning or end. */
const longestText = 4000
/** Keeps a single weak sign from looking like certainty. */
const doubt = 1

export type Classify = (text: string) => Classified

/** What kind of request a text is, by the words and patterns of the rules. */
export function createClassifier(rules: Rules): Classify {
  const domains = Object.entries(rules.domains).map(([name, { words, patterns, threshold }]) => ({
    name,
    threshold,
    words: words.map((word) => ({
      word,
      at: new RegExp(`(?<![\\p{L}\\p{N}])${escaped(word)}(?:s|es)?(?![\\p{L}\\p{N}])`, "iu"),
    })),
    patterns: patterns.map((pattern) => new RegExp(pattern, "iu")),
  }))
  return (text) => {
    const looked =
      text.length <= longestText ? text : `${text.slice(0, longestText / 2)} ${text.slice(-longestText / 2)}`
    const scores = domains.map(({ name, threshold, words, patterns }) => {
      const found = words.filter(({ at }) => at.test(looked)).map(({ word }) => word)
      const matched = patterns.filter((pattern) => pattern.test(looked)).length
      return { name, threshold, score: found.length + patternWeight * matched, found, matched }
    })
    const sum = scores.reduce((total, { score }) => total + score, 0)
    const best = scores.reduce((left, right) => (right.score > left.score ? right : left))
    const confidence = best.score / (sum + doubt)
    if (best.score === 0) return { domain: rules.default, confidence: 0, reasons: ["no rule speaks for it"] }
    if (confidence < best.threshold)
      return { domain: rules.default, confidence, reasons: [`too unsure that it is ${best.name}`] }
    const signs = best.found.slice(0, 4).map((word) => `“${word}”`)
    if (best.matched > 0) signs.push("its form")
    return { domain: best.name, confidence, reasons: [`${best.name}: ${signs.join(", ")}`] }
  }
}

const escaped = (word: string): string => word.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")
