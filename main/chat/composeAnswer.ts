import type { CitedSpan, Passage, TurnEventBody } from "#contract/turns.ts"
import { AppError, isAbort } from "#core/errors.ts"
import { untilAborted } from "#core/untilAborted.ts"
import type { Llm } from "#engines/types.ts"
import type { ScoredSentence } from "#rag/bestSentence.ts"
import { extractiveAnswer } from "#rag/extractiveAnswer.ts"
import { questionParts } from "#rag/queryTerms.ts"
import type { Retrieval } from "#rag/retrieve.ts"
import type { AnswerDeps } from "./answer.ts"
import { createAnswerFilter } from "./answerFilter.ts"
import { selectEvidence } from "./evidence.ts"
import { judge, probeSupport, type Verdict } from "./judge.ts"
import { buildPrompt, type Prompt } from "./prompt.ts"
import { notStated, quoteDocuments } from "./quoteDocuments.ts"
import type { AnswerInput } from "./runTurn.ts"
import { attributeSentences, nearestSimilarity } from "./support.ts"
import { withoutLeadIn, withReason } from "./tidyAnswer.ts"
import { textEnd, type Written, writeText } from "./writeText.ts"

/** English text, on the safe side: names and figures take more tokens than prose. */
const charactersPerToken = 3.5
/** Tokens of a composed document answer: one or two sentences. */
const composedTokens = 160
/** Tokens of passages in a second reading: the few nearest sentences. */
const narrowTokens = 110

/** What a composing needs to know of its turn. */
interface Asked {
  input: AnswerInput
  retrieval: Retrieval
  sentences: readonly ScoredSentence[]
  llm: Llm
  deps: AnswerDeps
}

/** A text that the model wrote, with what the checks say about it. */
interface Checked {
  text: string
  spans: CitedSpan[]
  verdict: Verdict
}

/** The model phrases the answer; every sentence is then attributed or marked, and the whole is judged. */
export async function* composeAnswer(asked: Asked, signal: AbortSignal): AsyncGenerator<TurnEventBody> {
  const { input, retrieval, llm, deps } = asked
  let prompt: Prompt
  let written: Written
  try {
    prompt = await promptOf(asked, deps.passageTokens(), signal)
    // Greedy: what documents state is not a matter of taste. Who asks again wants other words.
    const temperature = input.temperature ?? (input.isRegeneration ? 0.5 : 0)
    const options = {
      maxTokens: answerTokensOf(input),
      temperature,
      filter: createAnswerFilter(),
      provisional: true as const,
    }
    written = yield* writeText(input, prompt, llm, options, signal)
  } catch (error) {
    if (isAbort(error, signal) || !(error instanceof AppError) || !error.code.startsWith("model.")) throw error
    deps.log.warn("the model could not be used, quoting instead", { code: error.code })
    yield* quoteDocuments(input.question, retrieval, signal)
    return
  }

  yield { type: "check-start" }
  let checked = await check(asked, written.text, prompt.passages, signal)
  if (checked.verdict.decision !== "answered") {
    const again = await readAgain(asked, prompt, signal)
    if (again && again.verdict.decision === "answered") checked = again
  }
  const { text, spans, verdict } = checked
  if (verdict.decision === "answered") {
    yield textEnd(llm, prompt, written, { text, spans, found: true })
    return
  }
  const parts = questionParts(input.question)
  const quoted =
    verdict.decision === "quote" ? await extractiveAnswer(retrieval.passages, { ...retrieval, parts }, signal) : null
  if (quoted) yield textEnd(llm, prompt, written, { text: quoted.text, spans: quoted.spans, found: true })
  else {
    yield textEnd(llm, prompt, written, {
      text: notStated,
      spans: [],
      found: false,
      closest: retrieval.passages.slice(0, 3),
    })
  }
}

const answerTokensOf = (input: AnswerInput): number => Math.min(input.maxTokens ?? composedTokens, composedTokens)

/** The question behind as many of the best sentences as have room in so many tokens. */
function promptOf(
  { input, retrieval, sentences, llm }: Asked,
  passageTokens: number,
  signal: AbortSignal,
): Promise<Prompt> {
  const evidence = selectEvidence({
    passages: retrieval.passages,
    sentences,
    weights: retrieval.weights,
    parts: questionParts(input.question),
    room: passageTokens * charactersPerToken,
  })
  const prompt = {
    systemPrompt: input.persona.systemPrompt,
    question: input.question,
    // A question that stands alone is answered from the documents alone: older answers would cost time and mislead.
    history: retrieval.query.isFollowUp ? input.history.slice(-2) : [],
    passages: evidence,
    answerTokens: answerTokensOf(input),
    passageTokens,
  }
  return untilAborted(buildPrompt(prompt, llm, signal), signal)
}

async function check(
  { input, retrieval, sentences, llm, deps }: Asked,
  written: string,
  evidence: readonly Passage[],
  signal: AbortSignal,
): Promise<Checked> {
  const { question } = input
  const { embedder, weights } = retrieval
  const text = withReason(withoutLeadIn(written.trim()), evidence, weights)
  const spans = await untilAborted(attributeSentences(text, evidence, { embedder, question, weights }, signal), signal)
  const support = await untilAborted(probeSupport(llm, { question, text, evidence, spans }, signal), signal)
  const similarity = await untilAborted(nearestSimilarity(question, text, evidence, embedder, signal), signal)
  const verdict = judge({ question, text, spans, support, similarity, evidence, sentences, retrieval })
  deps.log.debug("answer judged", { ...verdict, support, similarity, confidence: retrieval.confidence, text })
  return { text, spans, verdict }
}

/**
 * An answer that fails the checks may have been led astray by what stood around the right sentence: the model reads the nearest ones
 * alone. Nothing of it is shown before it is checked. Null where there is nothing else to read.
 */
async function readAgain(asked: Asked, first: Prompt, signal: AbortSignal): Promise<Checked | null> {
  const { input, llm } = asked
  try {
    const prompt = await promptOf(asked, narrowTokens, signal)
    if (prompt.promptTokens >= first.promptTokens) return null
    let text = ""
    const request = {
      messages: prompt.messages,
      maxTokens: answerTokensOf(input),
      temperature: 0,
      cacheKey: input.cacheKey,
    }
    const filter = createAnswerFilter()
    for await (const event of llm.generate(request, signal)) if (event.type === "text") text += filter.push(event.text)
    return await check(asked, text + filter.end(), prompt.passages, signal)
  } catch (error) {
    if (isAbort(error, signal) || !(error instanceof AppError)) throw error
    asked.deps.log.warn("the second reading failed", { code: error.code })
    return null
  }
}
