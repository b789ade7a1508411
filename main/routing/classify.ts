import type { Rules } from "./rules.ts"

export interface Classified {
  domain: string
  /** Share of the signals that speak for it, 0..1. */
  confidence: number
  reasons: string[]
}

export interface Seen {
  /** How much the text reads like each domain's examples; they add up to 1. Null: not known. */
  shares?: ReadonlyMap<string, number> | null
  /** The question before it in the same chat. */
  previous?: string | null
}

const patternWeight = 2
/** Longest text that is looked at: what a request is about stands at its beginning or end. */
const longestText = 4000
/** Keeps a single weak sign from looking like certainty. */
const doubt = 1
/** Share of the examples from which they are named as a reason. */
const alike = 0.5
/** What a question that goes on with the one before takes over from it. */
const followUpWeight = 1.5
const followUp =
  /^(?:and|but|so|now|then|why|what about|how about|how come|again|same|the same|more|shorter|longer|another)\b/iu
const mostFollowUpWords = 8

export type Classify = (text: string, seen?: Seen) => Classified

/** What kind of request a text is: by the words and patterns of the rules, by what their examples are like, and by what was asked before. */
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
  const classify: Classify = (text, { shares = null, previous = null } = {}) => {
    const looked =
      text.length <= longestText ? text : `${text.slice(0, longestText / 2)} ${text.slice(-longestText / 2)}`
    const goesOn = previous !== null && followUp.test(text) && text.trim().split(/\s+/).length <= mostFollowUpWords
    const before = goesOn ? classify(previous) : null
    const scores = domains.map(({ name, threshold, words, patterns }) => {
      const found = words.filter(({ at }) => at.test(looked)).map(({ word }) => word)
      const matched = patterns.filter((pattern) => pattern.test(looked)).length
      const share = shares?.get(name) ?? 0
      const carried = before !== null && before.confidence > 0 && before.domain === name
      const score =
        found.length + patternWeight * matched + rules.weights.examples * share + (carried ? followUpWeight : 0)
      return { name, threshold, score, found, matched, share, carried }
    })
    const sum = scores.reduce((total, { score }) => total + score, 0)
    const best = scores.reduce((left, right) => (right.score > left.score ? right : left))
    const confidence = best.score / (sum + doubt)
    if (best.score === 0) return { domain: rules.default, confidence: 0, reasons: ["no rule speaks for it"] }
    if (confidence < best.threshold)
      return { domain: rules.default, confidence, reasons: [`too unsure that it is ${best.name}`] }
    const signs = best.found.slice(0, 4).map((word) => `“${word}”`)
    if (best.matched > 0) signs.push("its form")
    if (best.share >= alike) signs.push("it reads like such requests")
    if (best.carried) signs.push("it goes on with the question before")
    return {
      domain: best.name,
      confidence,
      reasons: [`${best.name}: ${signs.join(", ") || "more than anything else"}`],
    }
  }
  return classify
}

const escaped = (word: string): string => word.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")
