import type { CitedSpan, Passage } from "#contract/turns.ts"
import { rankSentences, type ScoredSentence, type SentenceDeps } from "./bestSentence.ts"
import { queryTerms } from "./queryTerms.ts"
import { weightsOfPart } from "./relevance.ts"
import { stemsOf } from "./words.ts"

/** An answer made of quotations only. */
export interface ExtractiveAnswer {
  /** One to three quoted sentences, each followed by its citation: `“…” [1]`. */
  text: string
  /** One span per quotation, marks and citation included. */
  spans: CitedSpan[]
  sentences: ScoredSentence[]
}

const sentenceCount = 3
/** A further sentence must come this close to the best one, and bring something new. */
const scoreShare = 0.8
const newShare = 0.5

export interface ExtractiveDeps extends SentenceDeps {
  /** The questions in the question: each gets its best sentence. Default: it is one. */
  parts?: readonly string[]
}

/** Answers without a language model: the best sentences, quoted and cited. Null when no sentence has to do with the question. */
export async function extractiveAnswer(
  passages: readonly Passage[],
  deps: ExtractiveDeps,
  signal: AbortSignal,
): Promise<ExtractiveAnswer | null> {
  const { parts = [] } = deps
  const chosen =
    parts.length > 1 ? await bestOfEach(parts, passages, deps, signal) : await bestOfAll(passages, deps, signal)
  return chosen.length === 0 ? null : { ...quotationOf(chosen), sentences: chosen }
}

/** Sentences in quotation marks, each with its citation. */
export function quotationOf(
  sentences: readonly Pick<ScoredSentence, "text" | "citation">[],
): Pick<ExtractiveAnswer, "text" | "spans"> {
  let text = ""
  const spans: CitedSpan[] = []
  for (const sentence of sentences) {
    if (text !== "") text += " "
    const start = text.length
    text += `“${plainSentence(sentence.text)}” [${sentence.citation}]`
    spans.push({ start, end: text.length, citations: [sentence.citation], supported: true })
  }
  return { text, spans }
}

async function bestOfAll(
  passages: readonly Passage[],
  deps: SentenceDeps,
  signal: AbortSignal,
): Promise<ScoredSentence[]> {
  const ranked = await rankSentences(passages, deps, signal)
  const best = ranked[0]
  if (!best) return []
  const chosen = [best]
  for (const sentence of ranked.slice(1)) {
    if (chosen.length >= sentenceCount || sentence.score < scoreShare * best.score) break
    if (sentence.coverage > 0 && chosen.every((other) => shareOfNew(sentence.text, other.text) >= newShare)) {
      chosen.push(sentence)
    }
  }
  return chosen
}

/** Words alone decide: the vector is that of the whole question. */
async function bestOfEach(
  parts: readonly string[],
  passages: readonly Passage[],
  deps: SentenceDeps,
  signal: AbortSignal,
): Promise<ScoredSentence[]> {
  const chosen: ScoredSentence[] = []
  for (const part of parts) {
    const own = { ...deps, query: queryTerms(part), weights: weightsOfPart(part, deps.weights), vector: null }
    const [best] = await rankSentences(passages, own, signal)
    if (best && !chosen.some(({ text }) => text === best.text)) chosen.push(best)
  }
  return chosen
}

/** Markdown's list markers and emphasis are not part of what is quoted. */
export const plainSentence = (text: string): string =>
  text
    .replace(/^(?:[-*+•]|\d{1,3}[.)]|>)\s+/, "")
    .replace(/\*\*|__|`/g, "")
    .replace(/\s+/g, " ")

function shareOfNew(text: string, than: string): number {
  const stems = stemsOf(text)
  const known = stemsOf(than)
  return stems.size === 0 ? 0 : [...stems].filter((stem) => !known.has(stem)).length / stems.size
}
