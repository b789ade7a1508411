import type { CitedSpan, TurnEventBody, Usage } from "#contract/turns.ts"
import { AppError, isAbort } from "#core/errors.ts"
import type { Logger } from "#core/logger.ts"
import type { Llm } from "#engines/types.ts"
import { bestSentence } from "#rag/bestSentence.ts"
import { extractiveAnswer } from "#rag/extractiveAnswer.ts"
import { type Retrieval, type RetrieveDeps, retrieve } from "#rag/retrieve.ts"
import { intentOf } from "./intent.ts"
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

/** Answers one question: retrieval, the instant quote, the composed or quoted answer, and its citations. Shared by text and voice. */
export async function* answer(
  input: AnswerInput,
  deps: AnswerDeps,
  signal: AbortSignal,
): AsyncGenerator<TurnEventBody> {
  const wantsDocuments = await searchesDocuments(input, deps)
  const model = await deps.llm(input.model, signal)
  if (!wantsDocuments) {
    yield* chat(input, model?.llm ?? null, deps, signal)
    return
  }

  const settings = await deps.settings()
  const questions = input.history.filter((message) => message.role === "user").map((message) => message.text)
  const request = { query: input.question, collectionIds: input.collectionIds, topK: settings.topK, history: questions }
  const retrieval = yield* retrieve(input.actor, request, deps.retrieval, signal)
  if (!retrieval.found) {
    yield* say(notStated, [], { found: false })
    return
  }
  const quote = await bestSentence(retrieval.passages, retrieval, signal)
  if (quote) yield { type: "quote", sentence: quote.text, citation: quote.citation }
  if (model?.composes) yield* compose(input, retrieval, model.llm, deps, signal)
  else yield* quoteOnly(retrieval, signal)
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
  const prompt = await buildPrompt(
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
  )
  const written = yield* generate(
    input,
    prompt,
    llm,
    { maxTokens: answerTokens, temperature: input.temperature ?? settings.temperature },
    signal,
  )
  yield {
    type: "text-end",
    model: llm.modelId,
    text: written.text,
    spans: [],
    usage: written.usage,
    contextTokens: prompt.promptTokens + (written.usage?.completionTokens ?? 0),
    contextLimit: prompt.contextTokens,
    found: true,
  }
}

/** The model phrases the answer; every sentence is then attributed or marked. */
async function* compose(
  input: AnswerInput,
  retrieval: Retrieval,
  llm: Llm,
  deps: AnswerDeps,
  signal: AbortSignal,
): AsyncGenerator<TurnEventBody> {
  const settings = await deps.settings()
  const answerTokens = input.maxTokens ?? settings.answerTokens
  const prompt = await buildPrompt(
    {
      systemPrompt: input.persona.systemPrompt,
      question: input.question,
      history: input.history,
      passages: retrieval.passages,
      answerTokens,
      passageTokens: deps.passageTokens(),
    },
    llm,
    signal,
  )
  let written: Written
  try {
    // Greedy: what documents state is not a matter of taste.
    written = yield* generate(
      input,
      prompt,
      llm,
      { maxTokens: answerTokens, temperature: input.temperature ?? 0 },
      signal,
    )
  } catch (error) {
    if (isAbort(error, signal) || !(error instanceof AppError) || !error.code.startsWith("model.")) throw error
    deps.log.warn("the model could not be used, quoting instead", { code: error.code })
    yield* quoteOnly(retrieval, signal)
    return
  }
  const spans = await attributeSentences(written.text, retrieval.passages, { embedder: retrieval.embedder }, signal)
  const found = spans.some((span) => span.supported)
  yield {
    type: "text-end",
    model: llm.modelId,
    text: written.text,
    spans,
    usage: written.usage,
    contextTokens: prompt.promptTokens + (written.usage?.completionTokens ?? 0),
    contextLimit: prompt.contextTokens,
    found,
  }
}

/** The best sentences, quoted and cited. */
async function* quoteOnly(retrieval: Retrieval, signal: AbortSignal): AsyncGenerator<TurnEventBody> {
  const extracted = await extractiveAnswer(retrieval.passages, retrieval, signal)
  if (extracted) yield* say(extracted.text, extracted.spans, { found: true })
  else yield* say(notStated, [], { found: false })
}

interface Written {
  text: string
  usage: Usage | null
}

async function* generate(
  input: AnswerInput,
  prompt: Prompt,
  llm: Llm,
  options: { maxTokens: number; temperature: number },
  signal: AbortSignal,
): AsyncGenerator<TurnEventBody, Written> {
  let text = ""
  let usage: Usage | null = null
  for await (const event of llm.generate({ messages: prompt.messages, cacheKey: input.cacheKey, ...options }, signal)) {
    if (event.type === "prompt-progress") yield { type: "prompt-progress", done: event.done, total: event.total }
    else if (event.type === "reasoning") yield { type: "reasoning-delta", text: event.text }
    else if (event.type === "text") {
      text += event.text
      yield { type: "text-delta", text: event.text }
    } else if (event.type === "end") usage = event.usage
  }
  return { text, usage }
}

async function* say(text: string, spans: CitedSpan[], { found }: { found: boolean }): AsyncGenerator<TurnEventBody> {
  yield { type: "text-delta", text }
  yield { type: "text-end", model: null, text, spans, usage: null, contextTokens: 0, contextLimit: 0, found }
}
