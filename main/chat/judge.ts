import type { CitedSpan, Passage } from "#contract/turns.ts"
import { isAbort } from "#core/errors.ts"
import type { ChatMessage, Llm } from "#engines/types.ts"
import type { ScoredSentence } from "#rag/bestSentence.ts"
import { coverageOf } from "#rag/relevance.ts"
import type { Retrieval } from "#rag/retrieve.ts"

export interface JudgeInput {
  question: string
  text: string
  spans: readonly CitedSpan[]
  /** Share of Yes in the support probe, 0..1. Null: the model could not be asked. */
  support: number | null
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
  coverage: number
  supported: number
  best: number
}

const probeQuestion =
  "Do the documents above state exactly what the question asks for, as answered? Reply with one word: Yes or No."

/**
 * Asks the model whether the documents state its answer. The prompt's evaluated prefix is reused, so it costs some 40 tokens.
 * Null when it cannot be asked: an answer that stands already is not lost with an engine that fails now.
 */
export async function probeSupport(
  llm: Llm,
  messages: readonly ChatMessage[],
  text: string,
  cacheKey: string,
  signal: AbortSignal,
): Promise<number | null> {
  if (text === "") return null
  const probe: ChatMessage[] = [
    ...messages,
    { role: "assistant", content: text },
    { role: "user", content: probeQuestion },
  ]
  try {
    const [yes = 0] = await llm.choose(probe, ["Yes", "No"], signal, cacheKey)
    return yes
  } catch (error) {
    if (isAbort(error, signal)) throw error
    return null
  }
}

const refusal =
  /\b(?:documents?|text|passages?|information)\b.{0,40}\b(?:do(?:es)? not|don['’]t|doesn['’]t|no|not)\b.{0,30}\b(?:say|state|mention|specif|provide|contain|include|information|given)|\bnot (?:specified|mentioned|stated|provided|given|listed)\b|\bno information\b|\bI (?:do not|don['’]t|cannot|can['’]t) (?:know|find|answer)/i

/** One decision from the probe, the number and name checks, the words of the question that the evidence has, and retrieval. */
export function judge(input: JudgeInput): Verdict {
  const { text, spans, support, evidence, sentences, retrieval } = input
  const shown = evidence
    .map((passage) => `${passage.title}\n${passage.headingPath.join("\n")}\n${passage.text}`)
    .join("\n")
  const coverage = coverageOf(retrieval.weights, shown)
  const supported = spans.length === 0 ? 0 : spans.filter((span) => span.supported).length / spans.length
  const best = sentences[0]?.score ?? 0
  const evidenceSum =
    4 * ((support ?? 0.6) - 0.6) + 3 * (coverage - 0.6) + 2 * (retrieval.confidence - 0.75) + 2 * (supported - 0.5)
  const likelihood = 1 / (1 + Math.exp(-evidenceSum))
  const decision = refusal.test(text) || likelihood < 0.5 ? "not-stated" : supported === 0 ? "quote" : "answered"
  return { decision, likelihood, coverage, supported, best }
}
