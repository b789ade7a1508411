import type { CitedSpan, Passage, TurnEventBody } from "#contract/turns.ts"
import { untilAborted } from "#core/untilAborted.ts"
import { extractiveAnswer } from "#rag/extractiveAnswer.ts"
import { questionParts } from "#rag/queryTerms.ts"
import { answerFloor } from "#rag/relevance.ts"
import type { Retrieval } from "#rag/retrieve.ts"

export const notStated = "Your documents do not say."

/** The best sentences, quoted and cited. */
export async function* quoteDocuments(
  question: string,
  retrieval: Retrieval,
  signal: AbortSignal,
): AsyncGenerator<TurnEventBody> {
  const deps = { ...retrieval, parts: questionParts(question) }
  const extracted = await untilAborted(extractiveAnswer(retrieval.passages, deps, signal), signal)
  // Nobody checks what is quoted here, so what retrieval is unsure of is not quoted.
  if (extracted && retrieval.confidence >= answerFloor) yield* say(extracted.text, extracted.spans, { found: true })
  else yield* say(notStated, [], { found: false, closest: retrieval.passages.slice(0, 3) })
}

/** A whole answer at once, without a model. */
export async function* say(
  text: string,
  spans: CitedSpan[],
  outcome: { found: boolean; closest?: Passage[] },
): AsyncGenerator<TurnEventBody> {
  yield { type: "text-delta", text }
  yield { type: "text-end", model: null, text, spans, usage: null, contextTokens: 0, contextLimit: 0, ...outcome }
}
