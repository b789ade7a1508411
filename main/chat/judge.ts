import type { CitedSpan, Passage } from "#contract/turns.ts"
import { isAbort } from "#core/errors.ts"
import type { Llm } from "#engines/types.ts"
import { hasAnswerForm, type ScoredSentence } from "#rag/bestSentence.ts"
import { type AnswerKind, questionParts } from "#rag/queryTerms.ts"
import type { Retrieval } from "#rag/retrieve.ts"
import { sentencesOf } from "#rag/sentences.ts"
import { isStopWord, stemsOf } from "#rag/words.ts"
import { neutralise } from "./neutralise.ts"
import { asksYesOrNo } from "./prompt.ts"

export interface JudgeInput {
  question: string
  text: string
  spans: readonly CitedSpan[]
  /** Share of Yes in the support probe, 0..1. Null: the model could not be asked. */
  support: number | null
  /** How near a sentence of the evidence comes to question and answer together, 0..1. Null without a trained embedder. */
  similarity: number | null
  /** What the model was shown. */
  evidence: readonly Passage[]
  sentences: readonly ScoredSentence[]
  retrieval: Retrieval
}

export interface Verdict {
  /** `quote`: the wording fails the checks, but a sentence of the documents answers. */
  decision: "answered" | "quote" | "not-stated"
  /** How likely the answer is stated in the documents, 0..1. */
  likelihood: number
  supported: number
  best: number
}

/** Sentences the probe reads: few, so that it costs about a second, and so that it is asked about the statement alone. */
const probedSentences = 3

/**
 * Asks the model whether the sentences behind an answer state what the question asks for, and whether the answer is the one they state:
 * the mean share of Yes among Yes and No. Asked about
 * single sentences it tells stated from invented far better than behind the whole prompt. Null when it cannot be asked: an answer that
 * stands already is not lost with an engine that fails now.
 */
export async function probeSupport(
  llm: Llm,
  { question, text, evidence, spans }: Pick<JudgeInput, "question" | "text" | "evidence" | "spans">,
  signal: AbortSignal,
): Promise<number | null> {
  // A Yes or No to the question itself would be told instead.
  if (text === "" || asksYesOrNo(question)) return null
  const passage = closestSentences(`${question} ${text}`, evidence, spans)
  if (passage === "") return null
  const asked = `Passage: ${passage}\nQuestion: ${neutralise(question)}`
  try {
    let sum = 0
    // Two views of one thing: neither is reliable alone. They share the passage, so the second costs little.
    for (const probe of [
      "Does the passage state the answer to the question?",
      `Answer: ${neutralise(text)}\nIs this the correct answer, according to the passage?`,
    ]) {
      const content = `${asked}\n${probe} Answer Yes or No.`
      const [yes = 0] = await llm.choose([{ role: "user", content }], ["Yes", "No"], signal, "support-probe")
      sum += yes / 2
    }
    return sum
  } catch (error) {
    if (isAbort(error, signal)) throw error
    return null
  }
}

function closestSentences(said: string, evidence: readonly Passage[], spans: readonly CitedSpan[]): string {
  const cited = new Set(spans.flatMap((span) => span.citations))
  const stems = stemsOf(said)
  const units = (cited.size > 0 ? evidence.filter((passage) => cited.has(passage.n)) : evidence).flatMap((passage) =>
    sentencesOf(passage.text).map(({ text }) => ({
      text,
      shared: [...stemsOf(text)].filter((stem) => stems.has(stem) && !isStopWord(stem)).length,
    })),
  )
  const kept = new Set([...units].sort((a, b) => b.shared - a.shared).slice(0, probedSentences))
  return units.flatMap((unit) => (kept.has(unit) ? [unit.text] : [])).join(" ")
}

const refusal =
  /\b(?:documents?|text|passages?|information)\b.{0,40}\b(?:do(?:es)? not|don['’]t|doesn['’]t|no|not)\b.{0,30}\b(?:say|state|mention|specif|provide|contain|include|information|given)|\bnot (?:specified|mentioned|stated|provided|given|listed)\b|\bno information\b|\bI (?:do not|don['’]t|cannot|can['’]t) (?:know|find|answer)/i

/** Questions whose answer has a form of its own: "How long…?" is not answered by a number of pages. */
const formKinds = new Set<AnswerKind>(["duration", "money", "quantity", "frequency", "age", "person"])

/** A little under the middle: a right answer withdrawn costs as much as an invented one that stands, and there are more of them. */
const standsFrom = 0.46
/** Where a probe or the similarity is not known, what answers usually have. */
const usualSupport = 0.8
const usualSimilarity = 0.65
/** A sentence that scores this answers the question in its own words; so does one that comes this near to question and answer. */
export const quoteFloor = 0.6

/**
 * One decision from the probe, the meaning of the nearest sentence, the number and name checks, and the form that the question asks for.
 * The words that question and documents share take no part: a question may use other words.
 */
export function judge(input: JudgeInput): Verdict {
  const { question, text, spans, support, similarity, sentences, retrieval } = input
  const supported = spans.length === 0 ? 0 : spans.filter((span) => span.supported).length / spans.length
  const best = sentences[0]?.score ?? 0
  // A logistic curve fitted to the questions of test/fixtures/tuning, by document.
  const sum =
    11.5 * ((support ?? usualSupport) - 0.75) + 6.4 * ((similarity ?? usualSimilarity) - 0.6) + 1.9 * (supported - 0.65)
  const likelihood = 1 / (1 + Math.exp(-sum))
  const isLikely = !refusal.test(text) && likelihood >= standsFrom
  let decision: Verdict["decision"] = "not-stated"
  if (isLikely && supported > 0) decision = "answered"
  else if (isLikely && Math.max(best, similarity ?? 0) >= quoteFloor) decision = "quote"
  const { answerKind } = retrieval.query
  const lacksForm =
    formKinds.has(answerKind) && questionParts(question).length === 1 && !hasAnswerForm(answerKind, text)
  if (decision === "answered" && lacksForm && hasAnswerForm(answerKind, sentences[0]?.text ?? "")) decision = "quote"
  return { decision, likelihood, supported, best }
}
