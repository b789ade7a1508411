import type { CitedSpan, Passage, TurnEventBody } from "#contract/turns.ts"
import { AppError, isAbort } from "#core/errors.ts"
import type { Logger } from "#core/logger.ts"
import { untilAborted } from "#core/untilAborted.ts"
import type { Llm } from "#engines/types.ts"
import type { ScoredSentence } from "#rag/bestSentence.ts"
import { type ExtractiveAnswer, extractiveAnswer, quotationOf } from "#rag/extractiveAnswer.ts"
import { questionParts } from "#rag/queryTerms.ts"
import { answerFloor } from "#rag/relevance.ts"
import type { Retrieval } from "#rag/retrieve.ts"
import { createAnswerFilter } from "./answerFilter.ts"
import { completeAnswer } from "./completeAnswer.ts"
import { selectEvidence } from "./evidence.ts"
import { judge, probeSupport, quoteFloor, type Verdict } from "./judge.ts"
import { buildPrompt, type Prompt } from "./prompt.ts"
import { notStated, quoteDocuments } from "./quoteDocuments.ts"
import type { AnswerInput } from "./runTurn.ts"
import { attributeSentences, type NearSentence, nearestSentence, similarityByParts } from "./support.ts"
import { withAskedEnd, withoutLeadIn, withReason } from "./tidyAnswer.ts"
import { textEnd, type Written, writeText } from "./writeText.ts"

/** English text, on the safe side: names and figures take more tokens than prose. */
const charactersPerToken = 3.5
/** Tokens of a composed document answer: one or two sentences. */
const composedTokens = 160
/** Tokens of passages in a second reading that has nothing more to read: the few nearest sentences. */
const narrowTokens = 110
/** An answer that is less likely than this is read for again. */
const sureLikelihood = 0.7

export interface ComposeDeps {
  /** Tokens of passages the machine reads in the time a person waits. */
  passageTokens(): number
  log: Logger
}

/** What a composing needs to know of its turn. */
interface Asked {
  input: AnswerInput
  retrieval: Retrieval
  sentences: readonly ScoredSentence[]
  llm: Llm
  deps: ComposeDeps
}

/** A text that the model wrote, with what the checks say about it. */
interface Checked {
  text: string
  spans: CitedSpan[]
  nearest: NearSentence | null
  verdict: Verdict
}

/** The model phrases the answer; every sentence is then attributed or marked, and the whole is judged. */
export async function* composeAnswer(asked: Asked, signal: AbortSignal): AsyncGenerator<TurnEventBody> {
  const { input, retrieval, llm, deps } = asked
  let prompt: Prompt
  let written: Written
  try {
    prompt = await promptOf(asked, { passageTokens: deps.passageTokens(), isWide: false }, signal)
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
  if (!stands(checked) || checked.verdict.likelihood < sureLikelihood) {
    const again = await readAgain(asked, prompt, signal)
    if (again && stands(again) && (!stands(checked) || again.verdict.likelihood > checked.verdict.likelihood))
      checked = again
  }
  const { text, spans, verdict } = checked
  if (verdict.decision === "answered") {
    yield textEnd(llm, prompt, written, { text, spans, found: true })
    return
  }
  const quoted = verdict.decision === "quote" ? await quotationFor(asked, checked, signal) : null
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

/** The sentences that answer in the question's words; where there are none, the one nearest in meaning. */
async function quotationFor(
  { input, retrieval }: Asked,
  { nearest, verdict }: Checked,
  signal: AbortSignal,
): Promise<Pick<ExtractiveAnswer, "text" | "spans"> | null> {
  if (verdict.best < quoteFloor && nearest) return quotationOf([nearest])
  const parts = questionParts(input.question)
  return untilAborted(extractiveAnswer(retrieval.passages, { ...retrieval, parts }, signal), signal)
}

/** Question and documents use other words. */
const isUnsure = ({ confidence }: Retrieval): boolean => confidence < answerFloor

const stands = ({ verdict }: Checked): boolean => verdict.decision === "answered"

const answerTokensOf = (input: AnswerInput): number => Math.min(input.maxTokens ?? composedTokens, composedTokens)

interface Reading {
  passageTokens: number
  isWide: boolean
}

/** The question behind as many of the best sentences as have room. */
function promptOf(
  { input, retrieval, sentences, llm }: Asked,
  { passageTokens, isWide }: Reading,
  signal: AbortSignal,
): Promise<Prompt> {
  const evidence = selectEvidence({
    passages: retrieval.passages,
    sentences,
    weights: retrieval.weights,
    parts: questionParts(input.question),
    room: passageTokens * charactersPerToken,
    isWide,
    isByMeaning: isUnsure(retrieval),
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
  const tidy = withAskedEnd(question, withReason(withoutLeadIn(written.trim()), evidence, weights), evidence)
  const text = completeAnswer(question, tidy, evidence, weights)
  const spans = await untilAborted(
    attributeSentences(text, evidence, { embedder, question, weights, isByMeaning: isUnsure(retrieval) }, signal),
    signal,
  )
  const support = await untilAborted(probeSupport(llm, { question, text, evidence, spans }, signal), signal)
  const nearest = await untilAborted(nearestSentence(question, text, evidence, embedder, signal), signal)
  const parts = questionParts(question)
  const byParts =
    parts.length > 1 ? await untilAborted(similarityByParts(parts, text, evidence, embedder, signal), signal) : null
  const similarity = nearest && Math.max(nearest.similarity, byParts ?? 0)
  const verdict = judge({ question, text, spans, support, similarity, evidence, sentences, retrieval })
  deps.log.debug("answer judged", { ...verdict, support, similarity, confidence: retrieval.confidence, text })
  return { text, spans, nearest, verdict }
}

/**
 * An answer that fails the checks may miss the right sentence, where question and documents use other words, or may have been led astray
 * by what stands around it: the model reads more, or where there is no more the nearest sentences alone. Nothing of it is shown before it
 * is checked. Null where there is nothing else to read.
 */
async function readAgain(asked: Asked, first: Prompt, signal: AbortSignal): Promise<Checked | null> {
  const { input, llm, deps } = asked
  try {
    let prompt = await promptOf(asked, { passageTokens: deps.passageTokens(), isWide: true }, signal)
    if (prompt.promptTokens <= first.promptTokens) {
      prompt = await promptOf(asked, { passageTokens: narrowTokens, isWide: false }, signal)
      if (prompt.promptTokens >= first.promptTokens) return null
    }
    let text = ""
    const filter = createAnswerFilter()
    const { messages } = prompt
    const request = { messages, maxTokens: answerTokensOf(input), temperature: 0, cacheKey: input.cacheKey }
    for await (const event of llm.generate(request, signal)) if (event.type === "text") text += filter.push(event.text)
    return await check(asked, text + filter.end(), prompt.passages, signal)
  } catch (error) {
    if (isAbort(error, signal) || !(error instanceof AppError)) throw error
    deps.log.warn("the second reading failed", { code: error.code })
    return null
  }
}
