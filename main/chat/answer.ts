import type { CitedSpan, Passage, TurnEventBody, Usage } from "#contract/turns.ts"
import { AppError, isAbort } from "#core/errors.ts"
import type { Logger } from "#core/logger.ts"
import { untilAborted } from "#core/untilAborted.ts"
import type { Llm } from "#engines/types.ts"
import { rankSentences, type ScoredSentence } from "#rag/bestSentence.ts"
import { extractiveAnswer, plainSentence } from "#rag/extractiveAnswer.ts"
import { questionParts } from "#rag/queryTerms.ts"
import { answerFloor, coverageOf, type TermWeights } from "#rag/relevance.ts"
import { type Retrieval, type RetrieveDeps, retrieve } from "#rag/retrieve.ts"
import { sentencesOf } from "#rag/sentences.ts"
import { createAnswerFilter } from "./answerFilter.ts"
import { selectEvidence } from "./evidence.ts"
import { intentOf } from "./intent.ts"
import { judge, probeSupport } from "./judge.ts"
import { proposeFact } from "./memory/proposeFact.ts"
import { buildPrompt, type Prompt } from "./prompt.ts"
import type { AnswerInput } from "./runTurn.ts"
import { attributeSentences } from "./support.ts"

export interface AnswerDeps {
  retrieval: RetrieveDeps
  /**
   * The model for a request. Null: none is installed; answers are then quotations. `composes` is false for models too small to
   * phrase what documents say: they only chat.
   */
  llm(modelId: string | null, signal: AbortSignal): Promise<{ llm: Llm; composes: boolean } | null>
  settings(): Promise<{ topK: number; answerTokens: number; temperature: number }>
  hasDocuments(input: AnswerInput): Promise<boolean>
  /** Tokens of passages the machine reads in the time a person waits. */
  passageTokens(): number
  log: Logger
}

const notStated = "Your documents do not say."
const nothingInstalled =
  "No chat model is installed yet, so I can only quote your documents. Open Models to install one, or ask about a document you have added."
/** English text, on the safe side: names and figures take more tokens than prose. */
const charactersPerToken = 3.5
/** From this confidence on the model reads the passages: it knows words that mean the same, and what it writes is checked. */
const readingFloor = 0.25
/** Tokens of a composed document answer: one or two sentences. */
const composedTokens = 160

/** Answers one question: retrieval, the instant quote, the composed or quoted answer, and its citations. Shared by text and voice. */
export async function* answer(
  input: AnswerInput,
  deps: AnswerDeps,
  signal: AbortSignal,
): AsyncGenerator<TurnEventBody> {
  const wantsDocuments = await untilAborted(searchesDocuments(input, deps), signal)
  const model = await untilAborted(deps.llm(input.model, signal), signal)
  if (!wantsDocuments) {
    yield* chat(input, model?.llm ?? null, deps, signal)
    return
  }

  const settings = await untilAborted(deps.settings(), signal)
  const questions = input.history.filter((message) => message.role === "user").map((message) => message.text)
  const request = {
    query: searchedText(input.question),
    persona: { name: input.persona.name, description: input.persona.description },
    collectionIds: input.collectionIds,
    ...(input.documentIds ? { filter: { documentIds: input.documentIds } } : {}),
    topK: settings.topK,
    history: questions,
    ...(model?.composes ? { floor: readingFloor } : {}),
  }
  const retrieval = input.retrieval ?? (yield* retrieve(input.actor, request, deps.retrieval, signal))
  if (!retrieval.found) {
    yield* say(notStated, [], { found: false })
    return
  }
  const sentences = await untilAborted(rankSentences(retrieval.passages, retrieval, signal), signal)
  const best = sentences[0]
  if (best && retrieval.confidence >= answerFloor) yield { type: "quote", sentence: best.text, citation: best.citation }
  if (model?.composes) yield* compose(input, retrieval, sentences, model.llm, deps, signal)
  else yield* quoteOnly(input.question, retrieval, signal)
}

/** What the person tells of themselves in passing ("I live in Lisbon. How often …?") is no part of the question. */
export function searchedText(question: string): string {
  const sentences = sentencesOf(question).map(({ start, end }) => question.slice(start, end).trim())
  const asked = sentences.filter((sentence) => proposeFact(sentence) === null)
  return asked.length === 0 || asked.length === sentences.length ? question : asked.join(" ")
}

async function searchesDocuments(input: AnswerInput, deps: AnswerDeps): Promise<boolean> {
  if (input.alwaysSearches) return true
  if (input.collectionIds !== null) return input.collectionIds.length > 0
  return intentOf(input.question) === "lookup" && (await deps.hasDocuments(input))
}

/** A reply without documents. */
async function* chat(
  input: AnswerInput,
  llm: Llm | null,
  deps: AnswerDeps,
  signal: AbortSignal,
): AsyncGenerator<TurnEventBody> {
  if (!llm) {
    yield* say(nothingInstalled, [], { found: true })
    return
  }
  const settings = await deps.settings()
  const answerTokens = input.maxTokens ?? settings.answerTokens
  const prompt = await untilAborted(
    buildPrompt(
      {
        systemPrompt: input.persona.systemPrompt,
        question: input.question,
        history: input.history,
        passages: [],
        answerTokens,
        passageTokens: 0,
      },
      llm,
      signal,
    ),
    signal,
  )
  const written = yield* generate(
    input,
    prompt,
    llm,
    { maxTokens: answerTokens, temperature: input.temperature ?? settings.temperature },
    signal,
  )
  yield textEnd(llm, prompt, written, { text: written.text, spans: [], found: true })
}

/** The model phrases the answer; every sentence is then attributed or marked, and the whole is judged. */
async function* compose(
  input: AnswerInput,
  retrieval: Retrieval,
  sentences: readonly ScoredSentence[],
  llm: Llm,
  deps: AnswerDeps,
  signal: AbortSignal,
): AsyncGenerator<TurnEventBody> {
  const answerTokens = Math.min(input.maxTokens ?? composedTokens, composedTokens)
  const passageTokens = deps.passageTokens()
  const evidence = selectEvidence({
    passages: retrieval.passages,
    sentences,
    weights: retrieval.weights,
    parts: questionParts(input.question),
    room: passageTokens * charactersPerToken,
  })
  let prompt: Prompt
  let written: Written
  try {
    prompt = await untilAborted(
      buildPrompt(
        {
          systemPrompt: input.persona.systemPrompt,
          question: input.question,
          // A question that stands alone is answered from the documents alone: older answers would cost time and mislead.
          history: retrieval.query.isFollowUp ? input.history.slice(-2) : [],
          passages: evidence,
          answerTokens,
          passageTokens,
        },
        llm,
        signal,
      ),
      signal,
    )
    // Greedy: what documents state is not a matter of taste. Who asks again wants other words.
    written = yield* generate(
      input,
      prompt,
      llm,
      {
        maxTokens: answerTokens,
        temperature: input.temperature ?? (input.isRegeneration ? 0.5 : 0),
        filter: createAnswerFilter(),
        provisional: true,
      },
      signal,
    )
  } catch (error) {
    if (isAbort(error, signal) || !(error instanceof AppError) || !error.code.startsWith("model.")) throw error
    deps.log.warn("the model could not be used, quoting instead", { code: error.code })
    yield* quoteOnly(input.question, retrieval, signal)
    return
  }

  yield { type: "check-start" }
  const text = withReason(withoutLeadIn(written.text.trim()), prompt.passages, retrieval.weights)
  const spans = await untilAborted(
    attributeSentences(
      text,
      prompt.passages,
      { embedder: retrieval.embedder, question: input.question, weights: retrieval.weights },
      signal,
    ),
    signal,
  )
  const support = await untilAborted(
    probeSupport(llm, { question: input.question, text, evidence: prompt.passages, spans }, signal),
    signal,
  )
  const verdict = judge({
    question: input.question,
    text,
    spans,
    support,
    evidence: prompt.passages,
    sentences,
    retrieval,
  })
  deps.log.debug("answer judged", { ...verdict, support, confidence: retrieval.confidence, text })
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

const negation =
  /\b(?:not|no|never|none|cannot|without|only|except|closed|prohibited|forbidden|refused|excluded)\b|n['’]t\b/i

/** A sentence with less of the question's words decides nothing. */
const reasonFloor = 0.5

const refersBack = /^(?:[-*•]\s*)?(?:it|its|they|these|this|that|those|he|she)\b/i

const leadIn =
  /(^|(?:yes|no)[.,]\s+)the (?:documents?|passages?|texts?) (?:\w+ly )?(?:states?|says?|mentions?|specif(?:y|ies)|indicates?) that (\p{L})/iu

/** "The document states that the shop is open": the citation says so already. */
const withoutLeadIn = (text: string): string =>
  text.replace(leadIn, (_, before: string, first: string) => `${before}${first.toUpperCase()}`)

/**
 * A Yes or No is held against the sentence that is nearest to the question: where that says the opposite it stands alone, and a bare
 * "No.", which can neither be cited nor checked, gets it as its reason.
 */
function withReason(text: string, evidence: readonly Passage[], weights: TermWeights): string {
  const word = /^(yes|no)\b/i.exec(text)?.[1]
  if (word === undefined) return text
  let reason = ""
  let most = 0
  for (const passage of evidence) {
    let previous = ""
    for (const { text: sentence } of sentencesOf(passage.text)) {
      const coverage = coverageOf(weights, refersBack.test(sentence) ? `${previous} ${sentence}` : sentence)
      if (coverage > most) {
        most = coverage
        reason = plainSentence(sentence)
      }
      previous = sentence
    }
  }
  if (most < reasonFloor) return text
  const isNo = word.toLowerCase() === "no"
  if (negation.test(reason) !== isNo) return reason
  return /^\w+\W*$/.test(text) ? `${isNo ? "No" : "Yes"}. ${reason}` : text
}

/** The best sentences, quoted and cited. */
async function* quoteOnly(question: string, retrieval: Retrieval, signal: AbortSignal): AsyncGenerator<TurnEventBody> {
  const deps = { ...retrieval, parts: questionParts(question) }
  const extracted = await untilAborted(extractiveAnswer(retrieval.passages, deps, signal), signal)
  // Nobody checks what is quoted here, so what retrieval is unsure of is not quoted.
  if (extracted && retrieval.confidence >= answerFloor) yield* say(extracted.text, extracted.spans, { found: true })
  else yield* say(notStated, [], { found: false, closest: retrieval.passages.slice(0, 3) })
}

interface Written {
  text: string
  usage: Usage | null
  isCut: boolean
}

async function* generate(
  input: AnswerInput,
  prompt: Prompt,
  llm: Llm,
  {
    filter,
    provisional,
    ...options
  }: {
    maxTokens: number
    temperature: number
    filter?: ReturnType<typeof createAnswerFilter>
    /** The text may still be replaced. */
    provisional?: true
  },
  signal: AbortSignal,
): AsyncGenerator<TurnEventBody, Written> {
  let text = ""
  let usage: Usage | null = null
  let isCut = false
  const delta = (part: string): TurnEventBody => ({
    type: "text-delta",
    text: part,
    ...(provisional ? { provisional } : {}),
  })
  const request = { messages: prompt.messages, cacheKey: input.cacheKey, ...options }
  for await (const event of llm.generate(request, signal)) {
    if (event.type === "prompt-progress") yield { type: "prompt-progress", done: event.done, total: event.total }
    else if (event.type === "reasoning") yield { type: "reasoning-delta", text: event.text }
    else if (event.type === "text") {
      const shown = filter ? filter.push(event.text) : event.text
      if (shown === "") continue
      text += shown
      yield delta(shown)
    } else if (event.type === "end") {
      usage = event.usage
      isCut = event.reason === "length"
    }
  }
  const rest = filter?.end() ?? ""
  if (rest !== "") {
    text += rest
    yield delta(rest)
  }
  return { text, usage, isCut }
}

type TextEnd = Extract<TurnEventBody, { type: "text-end" }>

function textEnd(
  llm: Llm,
  prompt: Prompt,
  { usage, isCut }: Written,
  outcome: Pick<TextEnd, "text" | "spans" | "found" | "closest">,
): TextEnd {
  return {
    type: "text-end",
    model: llm.modelId,
    usage,
    contextTokens: prompt.promptTokens + (usage?.completionTokens ?? 0),
    contextLimit: prompt.contextTokens,
    ...(isCut ? { isCut } : {}),
    ...outcome,
  }
}

async function* say(
  text: string,
  spans: CitedSpan[],
  outcome: { found: boolean; closest?: Passage[] },
): AsyncGenerator<TurnEventBody> {
  yield { type: "text-delta", text }
  yield { type: "text-end", model: null, text, spans, usage: null, contextTokens: 0, contextLimit: 0, ...outcome }
}
