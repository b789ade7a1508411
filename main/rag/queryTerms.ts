import { isStopWord, wordsOf } from "./words.ts"

/** What a question asks for: an answer of this kind is preferred when sentences are compared. */
export type AnswerKind =
  | "procedure"
  | "frequency"
  | "duration"
  | "quantity"
  | "money"
  | "date"
  | "person"
  | "place"
  | "age"
  | "any"

export interface QueryTerm {
  /** As it is sent to the word index. */
  word: string
  stem: string
  /** 1 for words of the question itself, less for words taken over from the question before it. */
  weight: number
}

export interface QueryTerms {
  terms: QueryTerm[]
  /** The text to embed: the question, with the one before it in front when it cannot stand alone. */
  text: string
  answerKind: AnswerKind
  isFollowUp: boolean
}

const carriedWeight = 0.5
/** Codes and article numbers say more than words do. */
const codeWeight = 2.5
const leadIn = /^\s*(and|but|or|also|then|so|what about|how about|what if|why|ok|okay)\b/i
const pronoun =
  /\b(it|its|it's|they|them|their|he|she|him|her|his|this|that|these|those|there|one|ones|same|second|first|last)\b/i
const measureWords = new Set([
  "often",
  "much",
  "many",
  "long",
  "far",
  "old",
  "big",
  "large",
  "tall",
  "high",
  "late",
  "early",
])

/**
 * Content words of a question. A question that has too few of its own ("And how much does it cost?") also gets those of the
 * question before it.
 * @param history Earlier questions of the conversation, oldest first.
 */
export function queryTerms(query: string, history: readonly string[] = []): QueryTerms {
  const own = contentTerms(query, 1)
  const previous = history.at(-1)
  const leans = leadIn.test(query) || pronoun.test(query)
  const isFollowUp = previous !== undefined && (own.length === 0 || (leans && own.length <= 2))
  const carried = isFollowUp ? contentTerms(previous, carriedWeight) : []
  const seen = new Set(own.map((term) => term.stem))
  const terms = [...own, ...carried.filter((term) => !seen.has(term.stem))]
  return {
    // A question of stop words only ("What is this about?") still searches for what it says.
    terms: terms.length > 0 ? terms : wordsOf(query).map(({ word, stem }) => ({ word, stem, weight: 1 })),
    text: isFollowUp ? `${previous} ${query}` : query,
    answerKind: answerKindOf(query),
    isFollowUp,
  }
}

const nextPart =
  /,?\s+(?:and|und)\s+(?=(?:(?:by|on|in|at|for|to|from|with|of|until|since)\s+)?(?:what|which|who|whom|whose|when|where|why|how)\b)|(?<=\?)\s+/i

/** The questions in a question: "Where is the tap, and who repairs it?" asks two. One part: the question itself. */
export function questionParts(question: string): string[] {
  const parts = question.split(nextPart).map((part) => part.trim())
  return parts.length > 1 && parts.every((part) => part !== "") ? parts.slice(0, 3) : [question]
}

function contentTerms(text: string, weight: number): QueryTerm[] {
  const words = wordsOf(text)
  const terms = new Map<string, QueryTerm>()
  for (const [index, { word, stem }] of words.entries()) {
    if (isStopWord(word)) continue
    if (words[index - 1]?.word === "how" && measureWords.has(word)) continue
    if (word.length < 2 && !/\d/.test(word)) continue
    if (!terms.has(stem)) terms.set(stem, { word, stem, weight: isCode(word) ? weight * codeWeight : weight })
  }
  return [...terms.values()]
}

const isCode = (word: string): boolean => /\p{L}/u.test(word) && /\d/.test(word)

/** In this order: a question may fit several. */
const kindPatterns: readonly (readonly [Exclude<AnswerKind, "any">, RegExp])[] = [
  [
    "procedure",
    /\bwhat (?:should|do|can|must|would) (?:i|we|you|one) do\b|\bhow (?:do|can|should|must) (?:i|we|you)\b|\bhow to\b/,
  ],
  ["frequency", /\bhow (?:often|frequently|regularly)\b|\bwhat interval\b|\bhow many times\b/],
  ["duration", /\bhow long\b|\bhow many (?:second|minute|hour|day|night|week|month|year)s?\b|\bwhat is the duration\b/],
  [
    "money",
    /\bhow much\b.*\b(?:costs?|pay|paid|price|rent|fee|tax|deposit|owe|charge)\b|\bwhat (?:is|was|does|do)\b.*\b(?:price|costs?|rent|fee|deposit)\b/,
  ],
  ["age", /\bhow old\b|\b(?:what|which) age\b/],
  ["quantity", /\bhow (?:much|many|far|big|large|tall|high|hot|warm|cold|heavy|deep|wide|fast|loud)\b/],
  [
    "quantity",
    /\b(?:what|which) (?:\w+ ){0,2}(?:temperature|pressure|weight|size|amount|number|percentage|voltage|dose)\b/,
  ],
  [
    "date",
    /^(?:\w+ )?(?:since |until |by |till )?when\b|\b(?:what|which) (?:date|day|time|year|month)\b|\bhow (?:late|early|soon)\b/,
  ],
  ["person", /\bwho(?:m|se)?\b/],
  ["place", /\bwhere\b/],
]

/** What a question asks for. */
export const answerKindOf = (query: string): AnswerKind =>
  kindPatterns.find(([, pattern]) => pattern.test(query.toLowerCase()))?.[0] ?? "any"
