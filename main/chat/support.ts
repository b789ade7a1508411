import type { CitedSpan, Passage } from "#contract/turns.ts"
import { dot } from "#core/dot.ts"
import type { Embedder } from "#engines/types.ts"
import { questionParts } from "#rag/queryTerms.ts"
import { coverageOfStems, type TermWeights } from "#rag/relevance.ts"
import { type Span, sentencesOf } from "#rag/sentences.ts"
import { contentStems, stemsOf, wordsOf } from "#rag/words.ts"

export interface SupportDeps {
  /** Null: words alone decide. */
  embedder: Embedder | null
  /** Words and numbers of the question may be repeated: the answer is about them. */
  question?: string
  /** With the weights of the question's words, a figure counts only from a sentence that is about the question. */
  weights?: TermWeights
  /** Question and documents use other words: figures may then stand in the sentence nearest in meaning. Default false. */
  isByMeaning?: boolean
}

/** Share of a sentence's content words that must stand in a passage for it to count as said there. */
const overlapFloor = 0.5
/** With a trained embedder less overlap suffices when question and answer together mean what one sentence of the passage says. */
const similarityFloor = 0.6
const lowOverlapFloor = 0.3
/** Share of the words it adds to the question that must stand in the passage. */
const addedShare = 0.5
/** From this cosine on the sentence nearest to question and answer lends its figures, whatever its words. */
const nearestFloor = 0.4
/** What an answer about a price, a time or a measure says anyway: in a question of other words no claim of its own. */
const framing =
  /^(?:costs?|pa(?:y|ys|id)|prices?|charges?|takes?|lasts?|gets?|metres?|meters?|kilomet(?:er|re)s?|centimet(?:er|re)s?|hours?|minutes?|euros?|pounds?|person|people)$/i
const framingStems = (text: string): Set<string> =>
  new Set(wordsOf(text).flatMap(({ word, stem }) => (framing.test(word) ? [stem] : [])))
/** A second passage is cited when it supports nearly as well as the best. */
const secondShare = 0.92

/**
 * Attributes each sentence of an answer to the passages that state it, by word overlap and embedding, and checks that every number
 * and name in it stands there. What no passage supports is marked with the reason.
 */
export async function attributeSentences(
  text: string,
  passages: readonly Passage[],
  deps: SupportDeps,
  signal: AbortSignal,
): Promise<CitedSpan[]> {
  const sentences = withoutBareYes(
    sentencesOf(text).filter(({ text: sentence }) => wordsOf(sentence).length > 0),
    text,
  )
  const question = deps.question ?? ""
  const nearness = await compare(
    sentences.map((sentence) => `${question} ${sentence.text}`.trim()),
    passages,
    deps.embedder,
    signal,
  )
  if (deps.isByMeaning) for (const own of nearness) lendFigures(own)
  const asked = {
    stems: new Set(contentStems(question)),
    numbers: numbersOf(question),
    lower: question.toLowerCase(),
    isByMeaning: deps.isByMeaning === true,
    figures: deps.weights ? figuresAbout(passages, deps.weights, questionParts(question).length) : null,
  }
  return sentences.map((sentence, row) => attribute(sentence, passages, nearness[row] ?? [], asked))
}

interface Asked {
  isByMeaning: boolean
  stems: Set<string>
  numbers: Set<string>
  lower: string
  figures: Map<number, Set<string>> | null
}

/** A sentence with a figure must have this share of what the best such sentence has of the question's words. */
const aboutShare = 0.4
/** And of the question itself: the nearest figure of a question that is not answered is still another one. */
const aboutFloor = 0.28

/** The figures of each passage that stand in a sentence or row about the question: "five" of another count is not one. */
function figuresAbout(passages: readonly Passage[], weights: TermWeights, parts: number): Map<number, Set<string>> {
  const units = passages.flatMap((passage) => {
    const heading = stemsOf(`${passage.title}\n${passage.headingPath.join("\n")}`)
    let previous = new Set<string>()
    return sentencesOf(passage.text).map(({ text }) => {
      const stems = stemsOf(text)
      const own = coverageOfStems(weights, stems)
      // "It takes 1.2 kg": the sentence before and the heading say of what.
      const context = coverageOfStems(weights, new Set([...stems, ...previous, ...heading]))
      previous = stems
      return { n: passage.n, figures: numbersOf(text), about: 0.75 * own + 0.25 * context }
    })
  })
  const best = Math.max(0, ...units.filter(({ figures }) => figures.size > 0).map(({ about }) => about))
  const found = new Map<number, Set<string>>()
  for (const { n, figures, about } of units) {
    if (about < Math.max(aboutShare * best, aboutFloor / parts)) continue
    found.set(n, new Set([...(found.get(n) ?? []), ...figures]))
  }
  return found
}

/** Share of a sentence that must stand in one sentence of the passage for it to be repeated from there, figures included. */
const repeatedShare = 0.7

/** The figures of the sentences that the answer repeats almost word for word: they mean there what they mean here. */
function figuresRepeated(text: string, passage: Passage): string[] {
  const stems = [...new Set(contentStems(text))]
  return sentencesOf(passage.text).flatMap((sentence) => {
    const source = stemsOf(sentence.text)
    const isRepeated = stems.filter((stem) => source.has(stem)).length >= repeatedShare * stems.length
    return isRepeated ? [...numbersOf(sentence.text)] : []
  })
}

/** "No." alone says nothing to look for: it is read with the reason that follows. */
function withoutBareYes(sentences: readonly Span[], text: string): Span[] {
  const [first, second, ...rest] = sentences
  if (!first || !second || !/^(?:yes|no)\W*$/i.test(first.text)) return [...sentences]
  return [{ text: text.slice(first.start, second.end), start: first.start, end: second.end }, ...rest]
}

function attribute(
  { text, start, end }: Span,
  passages: readonly Passage[],
  nearness: readonly Nearness[],
  asked: Asked,
): CitedSpan {
  const stems = new Set(contentStems(text.replace(/^(?:yes|no)\b/i, "")))
  const frame = asked.isByMeaning ? framingStems(text) : new Set<string>()
  const numbers = [...numbersOf(text)].filter((value) => !asked.numbers.has(value))
  const names = namesOf(text).filter((name) => !asked.lower.includes(name.toLowerCase()))
  const scored = passages
    .map((passage, index) => {
      const source = `${passage.title}\n${passage.headingPath.join("\n")}\n${passage.text}`
      const known = new Set(contentStems(source))
      // A word repeated from the question is no claim: it counts only where the passage has it too.
      const claimed = [...stems].filter((stem) => known.has(stem) || !(asked.stems.has(stem) || frame.has(stem)))
      // What the sentence adds to the question must be the passage's: words repeated from the question prove nothing.
      const added = claimed.filter(
        (stem) => /^\p{L}{4,}/u.test(stem) && !asked.stems.has(stem) && numbersOf(stem).size === 0,
      )
      const isOwn = added.filter((stem) => known.has(stem)).length >= addedShare * added.length
      const overlap = claimed.length === 0 ? 0 : claimed.filter((stem) => known.has(stem)).length / claimed.length
      const sourceNumbers = asked.figures
        ? new Set([
            ...(asked.figures.get(passage.n) ?? []),
            ...figuresRepeated(text, passage),
            ...(nearness[index]?.figures ?? []),
          ])
        : numbersOf(source)
      const lower = source.toLowerCase()
      const missing = numbers
        .filter((value) => !sourceNumbers.has(value))
        .concat(names.filter((name) => !lower.includes(name.toLowerCase())))
      const similarity = nearness[index]?.similarity ?? 0
      const said = new Set(claimed.filter((stem) => known.has(stem)))
      return {
        n: passage.n,
        overlap,
        similarity,
        missing,
        added,
        said,
        isOwn,
        score: 0.7 * overlap + 0.3 * Math.max(0, similarity),
      }
    })
    .sort((a, b) => a.missing.length - b.missing.length || b.score - a.score)
  const best = scored[0]
  if (!best) return { start, end, citations: [], supported: false, reason: "No passage was shown." }
  // "The machine has 3 years, the sensor 4": two passages state one sentence together.
  const other = scored.find(
    (each) => each !== best && (adds(each, best) || (best.missing.length > 0 && completes(each, best))),
  )
  const isPair = other !== undefined && (best.missing.length === 0 || completes(other, best))
  if (best.missing.length > 0 && !isPair) {
    const missing = best.missing.slice(0, 3).join(", ")
    return {
      start,
      end,
      citations: [],
      supported: false,
      reason: `${missing} is not in the passages${asked.figures ? " about this" : ""}.`,
    }
  }
  const cited = isPair && other ? [best, other] : [best]
  const isOwn =
    best.added.filter((stem) => cited.some(({ said }) => said.has(stem))).length >= addedShare * best.added.length
  const isStated =
    isOwn &&
    (best.overlap >= overlapFloor ||
      (best.similarity >= similarityFloor && best.overlap >= lowOverlapFloor) ||
      (isPair && best.overlap >= lowOverlapFloor))
  if (!isStated) return { start, end, citations: [], supported: false, reason: "No passage says this." }
  if (other && isPair) return { start, end, citations: [best.n, other.n], supported: true }
  const citations = scored
    .filter(
      (each) =>
        each.missing.length === 0 &&
        each.score >= secondShare * best.score &&
        each.overlap >= overlapFloor &&
        each.isOwn,
    )
    .map((each) => each.n)
  return { start, end, citations: citations.length > 0 ? citations.slice(0, 2) : [best.n], supported: true }
}

interface Scored {
  missing: string[]
  said: Set<string>
}

const completes = (other: Scored, best: Scored): boolean =>
  best.missing.every((value) => !other.missing.includes(value))

/** Says a good part of what the best passage leaves unsaid. */
const adds = (other: Scored, best: Scored): boolean => {
  const more = [...other.said].filter((stem) => !best.said.has(stem)).length
  return more >= 2 && more >= 0.2 * (best.said.size + more) && (best.missing.length === 0 || completes(other, best))
}

/** The one sentence that comes nearest of all lends its figures. */
function lendFigures(own: readonly Nearness[]): void {
  const nearest = own.reduce((a, b) => (a.similarity >= b.similarity ? a : b))
  if (nearest.similarity >= nearestFloor) nearest.figures.push(...numbersOf(nearest.text))
}

interface Nearness {
  /** The passage's nearest sentence, and how near it comes, 0..1. */
  text: string
  similarity: number
  /** In sentences that mean the same as question and answer together, in whatever words. */
  figures: string[]
}

/** How near each passage's sentences come to each text, by meaning. Empty without a trained embedder. */
async function compare(
  texts: readonly string[],
  passages: readonly Passage[],
  embedder: Embedder | null,
  signal: AbortSignal,
): Promise<Nearness[][]> {
  if (!embedder || embedder.isFallback || texts.length === 0 || passages.length === 0) return []
  const units = passages.map((passage) => sentencesOf(passage.text).map((sentence) => sentence.text))
  const vectors = await embedder.embed([...texts, ...units.flat()], "passage", signal)
  return texts.map((_, row) => {
    let next = texts.length
    return units.map((own) => {
      const near = own.map((text) => ({
        text,
        similarity: dot(vectors[row] as Float32Array, vectors[next++] as Float32Array),
      }))
      const best = near.reduce((a, b) => (a.similarity >= b.similarity ? a : b), { text: "", similarity: 0 })
      return {
        ...best,
        figures: near.flatMap(({ text, similarity }) => (similarity >= similarityFloor ? [...numbersOf(text)] : [])),
      }
    })
  })
}

export interface NearSentence {
  text: string
  /** The passage's number. */
  citation: number
  /** Cosine with question and answer together, 0..1. */
  similarity: number
}

/** The sentence of the passages that comes nearest to question and answer together. Null without a trained embedder. */
export async function nearestSentence(
  question: string,
  text: string,
  passages: readonly Passage[],
  embedder: Embedder | null,
  signal: AbortSignal,
): Promise<NearSentence | null> {
  const [own] = await compare([`${question} ${text}`], passages, embedder, signal)
  const near = own?.map((each, index) => ({ ...each, citation: passages[index]?.n ?? 0 }))
  return near?.reduce((a, b) => (a.similarity >= b.similarity ? a : b)) ?? null
}

/**
 * How near the sentences of an answer come to sentences of the passages, each with the part of the question that it fits best: the mean,
 * 0..1. An answer to two questions is like no single sentence as a whole. Null without a trained embedder.
 */
export async function similarityByParts(
  parts: readonly string[],
  text: string,
  passages: readonly Passage[],
  embedder: Embedder | null,
  signal: AbortSignal,
): Promise<number | null> {
  const sentences = sentencesOf(text)
  const pairs = sentences.flatMap((sentence) => parts.map((part) => `${part} ${sentence.text}`))
  const found = await compare(pairs, passages, embedder, signal)
  if (found.length === 0) return null
  const nearest = found.map((own) => Math.max(0, ...own.map(({ similarity }) => similarity)))
  const best = sentences.map((_, index) => Math.max(...nearest.slice(index * parts.length, (index + 1) * parts.length)))
  return best.reduce((sum, each) => sum + each, 0) / best.length
}

const numberWords = [
  "zero",
  "one",
  "two",
  "three",
  "four",
  "five",
  "six",
  "seven",
  "eight",
  "nine",
  "ten",
  "eleven",
  "twelve",
]

const timePattern = /\b(\d{1,2})(?=:\d\d\b|\s?[ap]\.?m\b)(?::(\d\d))?(?:\s?([ap])\.?m\b\.?)?/gi

/** Numbers as comparable values: "1,450" and "1450", "three" and "3", "5 p.m." and "17:00" are the same. */
export function numbersOf(text: string): Set<string> {
  const found = new Set<string>()
  const rest = text.replace(timePattern, (_, hour: string, minute: string | undefined, half: string | undefined) => {
    const shift =
      half?.toLowerCase() === "p" && Number(hour) < 12 ? 12 : half?.toLowerCase() === "a" && hour === "12" ? -12 : 0
    const value = Number(hour) + shift
    found.add(`${value}:${minute ?? "00"}`)
    // "until 17:00" may be told as "until 17".
    if (minute === undefined || minute === "00") found.add(String(value))
    return " "
  })
  for (const match of rest.matchAll(/\d+(?:[.,]\d+)*/g)) {
    const plain = match[0].replace(/,(?=\d{3}(?:\D|$))/g, "").replace(",", ".")
    found.add(String(Number(plain)) === "NaN" ? plain : String(Number(plain)))
  }
  for (const match of text.toLowerCase().matchAll(/\b[a-z]+\b/g)) {
    const value = numberWords.indexOf(match[0])
    // "one" is more often a pronoun than a number.
    if (value > 1) found.add(String(value))
  }
  return found
}

/** Words inside a sentence that are written with a capital: names that must stand in the source too. */
export function namesOf(text: string): string[] {
  return [...text.matchAll(/(?<=[\p{Ll}\d,;:)]\s)(\p{Lu}[\p{L}\d-]{2,})/gu)].map((match) => match[1] as string)
}
