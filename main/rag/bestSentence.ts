import type { Passage } from "#contract/turns.ts"
import { dot } from "#core/dot.ts"
import type { Embedder } from "#engines/types.ts"
import type { AnswerKind, QueryTerms } from "./queryTerms.ts"
import { answerFloor, coverageOfStems, type TermWeights } from "./relevance.ts"
import { sentencesOf } from "./sentences.ts"
import { stemsOf } from "./words.ts"

/** A verbatim sentence: `text` equals the passage's text between `start` and `end`. */
export interface ScoredSentence {
  text: string
  /** The passage's citation number. */
  citation: number
  start: number
  end: number
  /** 0..1, comparable within one question only. */
  score: number
  /** Share of the question's words in it, 0..1. */
  coverage: number
}

export interface SentenceDeps {
  query: QueryTerms
  weights: TermWeights
  /** With a trained embedder and the query's vector the best few are compared by meaning too. */
  embedder: Embedder | null
  vector: Float32Array | null
  /** Of the retrieval. Under `answerFloor` question and documents use other words: meaning ranks then. Default: it is sure. */
  confidence?: number
}

/** Sentences compared by meaning at most: keeps the instant quote under .3 s. */
const embeddedCount = 24
const number = String.raw`(?:\d[\d.,]*|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|forty|sixty|ninety|half|hundred)`
const timeUnit = "(?:seconds?|minutes?|mins?|hours?|days?|nights?|weeks?|fortnights?|months?|years?)"
const months = "january|february|march|april|may|june|july|august|september|october|november|december"
const unit = String.raw`(?:[€$£¥%°]|(?:[mck]?m|k?g|m?l|kwh?|[vw]|rpm|hpa|eur|usd|gbp|euros?|dollars?|pounds?|met(?:er|re)s?|lit(?:er|re)s?|grams?|pages|copies|people|points|times)\b)`
/** Four digits that can be a year and are no price, measure or part of a longer number. */
const year = String.raw`(?<![\d.,:/€$£¥#-]\s?)\b(?:1[5-9]|20)\d{2}\b(?!\s?${unit}|[.,:]?\d|-\d{3}|\s\d{2})`
const dayInFigures = String.raw`\b(?:\d{4}-\d{2}-\d{2}|\d{1,2}[./]\d{1,2}[./]\d{2,4}|the \d{1,2}(?:st|nd|rd|th))\b`
/** "17.30" is as often a price: the word before it says that it is a time. */
const dottedTime = String.raw`\b(?:at|from|until|till|by|before|after|since) \d{1,2}\.[0-5]\d\b(?!\s?${unit})`
const frequency = new RegExp(
  String.raw`\b(?:every|each|once|twice|daily|weekly|monthly|yearly|annually|quarterly|per (?:day|week|month|year)|times an?|after each|${number} times|intervals?)\b`,
  "i",
)
const answerPatterns: Record<Exclude<AnswerKind, "any">, RegExp> = {
  procedure:
    /^(?:[-*•]\s*|\d{1,3}[.)]\s*)?(?:to \w+|if |do not|don't|never|always|first|then|press|push|pull|open|close|call|turn|put|fill|hold|use|switch|unplug|wash|rinse|remove|select|click|enter|lay|give|ask|keep|cover|cool|run|write|send|take|go|check|add)\b|\b(?:must|should|need to|needs? to be)\b/i,
  frequency,
  duration: new RegExp(String.raw`\b${number}[\s-]*(?:to|–|-)?\s*(?:\d+\s*)?${timeUnit}\b`, "i"),
  quantity: new RegExp(String.raw`\b${number}\b`, "i"),
  money: /[€$£¥]\s?\d|\d\s?(?:€|£|\$|eur|usd|gbp|euros?|dollars?|pounds?|cents?|pence|percent|%)|\bfree\b/i,
  date: new RegExp(
    String.raw`\b(?:${months}|monday|tuesday|wednesday|thursday|friday|saturday|sunday|\d{1,2}:\d{2}|\d{1,2}(?:[:.]\d{2})?\s?(?:[ap]\.?m|o['’]clock)|noon|midnight|${number} ${timeUnit})\b|${year}|${dayInFigures}|${dottedTime}`,
    "i",
  ),
  person:
    /(?<=[\p{Ll}\d,:;("“]\s)\p{Lu}\p{Ll}+|\b(?:tenant|landlord|owner|doctor|manager|buyer|seller|employer|you)\b/u,
  age: /\b(?:aged?|born|birthday|years? old|year-old)\b/i,
  place: /\b(?:in|at|on|under|below|above|behind|beside|next to|inside|near|left|right|floor|room|street|road)\b/i,
}

/** Whether some sentence has the form of an answer to this kind of question. */
export const hasAnswerForm = (kind: AnswerKind, text: string): boolean =>
  kind === "any" || sentencesOf(text).some((sentence) => answerPatterns[kind].test(sentence.text))

/** The sentence of the passages that best answers the question, or null when none shares a content word or its meaning. */
export async function bestSentence(
  passages: readonly Passage[],
  deps: SentenceDeps,
  signal: AbortSignal,
): Promise<ScoredSentence | null> {
  return (await rankSentences(passages, deps, signal))[0] ?? null
}

/** Sentences of the first four passages, best answer first. */
export async function rankSentences(
  passages: readonly Passage[],
  deps: SentenceDeps,
  signal: AbortSignal,
): Promise<ScoredSentence[]> {
  const { embedder, vector, confidence = 1 } = deps
  if (confidence < answerFloor && embedder && !embedder.isFallback && vector)
    return byMeaning(passages, { ...deps, embedder, vector }, signal)
  const byWords = passages
    .slice(0, 4)
    .flatMap((passage, rank) => sentencesOfPassage(passage, rank, deps))
    .sort(bestFirst)
  if (!embedder || embedder.isFallback || !vector) return byWords.filter((sentence) => sentence.coverage > 0)
  const near = byWords.slice(0, embeddedCount)
  const vectors = await embedder.embed(
    near.map((sentence) => sentence.text),
    "passage",
    signal,
  )
  return near
    .map((sentence, index) => {
      const similarity = Math.max(0, dot(vector, vectors[index] as Float32Array))
      return { ...sentence, score: 0.6 * sentence.score + 0.4 * similarity, similarity }
    })
    .filter((sentence) => sentence.coverage > 0 || sentence.similarity >= 0.4)
    .sort(bestFirst)
    .map(({ similarity: _, ...sentence }) => sentence)
}

/**
 * Sentences of all passages by their own meaning and, with half the weight, their passage's. Of 25 questions in other words the sentence
 * that answers is among the first three for 21, by words for 14.
 */
async function byMeaning(
  passages: readonly Passage[],
  deps: SentenceDeps & { embedder: Embedder; vector: Float32Array },
  signal: AbortSignal,
): Promise<ScoredSentence[]> {
  const sentences = passages.flatMap((passage, rank) =>
    sentencesOfPassage(passage, rank, deps).map((sentence) => ({ sentence, passage })),
  )
  const texts = sentences.map(({ sentence }) => sentence.text)
  const vectors = await deps.embedder.embed(texts, "passage", signal)
  return sentences
    .map(({ sentence, passage }, index) => {
      const own = Math.max(0, dot(deps.vector, vectors[index] as Float32Array))
      return { ...sentence, score: (own + 0.5 * passage.similarity) / 1.5 }
    })
    .sort(bestFirst)
}

const bestFirst = (a: ScoredSentence, b: ScoredSentence): number =>
  b.score - a.score || a.citation - b.citation || a.start - b.start

function sentencesOfPassage(passage: Passage, rank: number, { query, weights }: SentenceDeps): ScoredSentence[] {
  const heading = stemsOf(`${passage.title}\n${passage.headingPath.join("\n")}`)
  const sentences = sentencesOf(passage.text).filter(({ text }) => !isHeading(text))
  let previous = new Set<string>()
  return sentences.map(({ text, start, end }) => {
    const stems = stemsOf(text)
    const coverage = coverageOfStems(weights, stems)
    // What the heading or the sentence before says need not be said again ("It must be replaced every two months.").
    const context = coverageOfStems(weights, new Set([...stems, ...heading, ...previous])) - coverage
    previous = stems
    const answers = query.answerKind === "any" ? 0 : answerPatterns[query.answerKind].test(text) ? 1 : -0.5
    const isQuestion = text.endsWith("?") ? 1 : 0
    const isShort = stems.size < 3 ? 1 : 0
    const score =
      0.62 * coverage +
      0.18 * context +
      0.18 * answers +
      0.08 * passage.score -
      0.02 * rank -
      0.2 * isQuestion -
      0.1 * isShort
    return { text, citation: passage.n, start, end, score: Math.min(1, Math.max(0, score)), coverage }
  })
}

const isHeading = (text: string): boolean => /^#{1,6}\s/.test(text) || /^\|[\s:|-]+\|?$/.test(text)
