import type { TurnEventBody } from "#contract/turns.ts"
import { untilAborted } from "#core/untilAborted.ts"
import type { Llm } from "#engines/types.ts"
import { rankSentences } from "#rag/bestSentence.ts"
import { answerFloor } from "#rag/relevance.ts"
import { type RetrieveDeps, retrieve } from "#rag/retrieve.ts"
import { sentencesOf } from "#rag/sentences.ts"
import { type ComposeDeps, composeAnswer } from "./composeAnswer.ts"
import { intentOf } from "./intent.ts"
import { proposeFact } from "./memory/proposeFact.ts"
import { type ModelUse, modelUse } from "./modelUse.ts"
import { buildPrompt } from "./prompt.ts"
import { notStated, quoteDocuments, say } from "./quoteDocuments.ts"
import { rememberVectors } from "./rememberVectors.ts"
import type { AnswerInput } from "./runTurn.ts"
import { namesOf } from "./support.ts"
import { textEnd, writeText } from "./writeText.ts"

export interface AnswerDeps extends ComposeDeps {
  retrieval: RetrieveDeps
  /**
   * The model for a request. Null: none is installed; answers are then quotations. `composes` is false for models too small to
   * phrase what documents say: they only chat.
   */
  llm(modelId: string | null, signal: AbortSignal, use: ModelUse): Promise<{ llm: Llm; composes: boolean } | null>
  settings(): Promise<{ topK: number; answerTokens: number; temperature: number }>
  hasDocuments(input: AnswerInput): Promise<boolean>
}

const nothingInstalled =
  "No chat model is installed yet, so I can only quote your documents. Open Models to install one, or ask about a document you have added."
/** From this confidence on the model reads the passages: it knows words that mean the same, and what it writes is checked. */
const readingFloor = 0.15
/** Passages whose sentences are compared by meaning where question and documents use other words. */
const unsurePassages = 10
/** Answers one question: retrieval, the instant quote, the composed or quoted answer, and its citations. Shared by text and voice. */
export async function* answer(
  input: AnswerInput,
  deps: AnswerDeps,
  signal: AbortSignal,
): AsyncGenerator<TurnEventBody> {
  const wantsDocuments = await untilAborted(searchesDocuments(input, deps), signal)
  const use = modelUse(input, wantsDocuments ? "before-search" : "nothing")
  const model = await untilAborted(deps.llm(input.model, signal, use), signal)
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
    ...(model?.composes ? { floor: readingFloor, unsureTopK: Math.max(settings.topK, unsurePassages) } : {}),
  }
  const found = input.retrieval ?? (yield* retrieve(input.actor, request, deps.retrieval, signal))
  const retrieval = { ...found, embedder: found.embedder && rememberVectors(found.embedder) }
  if (!retrieval.found) {
    yield* say(notStated, [], { found: false })
    return
  }
  const sentences = await untilAborted(rankSentences(retrieval.passages, retrieval, signal), signal)
  const best = sentences[0]
  if (best && retrieval.confidence >= answerFloor) yield { type: "quote", sentence: best.text, citation: best.citation }
  // Who may read these passages is known only now.
  const reader = model && (await untilAborted(deps.llm(input.model, signal, modelUse(input, retrieval)), signal))
  if (reader?.composes) {
    yield* composeAnswer({ input, retrieval, sentences, llm: reader.llm, deps }, signal)
    return
  }
  // Whoever was picked may not read these passages, and who is left does not phrase: that is said, too.
  if (reader?.llm.route?.instead) yield { type: "sent", route: reader.llm.route }
  yield* quoteDocuments(input.question, retrieval, signal)
}

const calendarNames =
  /^(?:Jan|Feb|March|April|May|June|July|Aug|Sept|Oct|Nov|Dec|Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)/

/**
 * A name that the person tells in passing ("I live in Lisbon. How often …?") is no part of the question: no document needs to have it.
 * Other circumstances are ("I was ill in May. Until when …?").
 */
export function searchedText(question: string): string {
  const sentences = sentencesOf(question).map(({ start, end }) => question.slice(start, end).trim())
  const asked = sentences.filter((sentence) => proposeFact(sentence) === null || !namesSomething(sentence))
  return asked.length === 0 || asked.length === sentences.length ? question : asked.join(" ")
}

const namesSomething = (sentence: string): boolean => namesOf(sentence).some((name) => !calendarNames.test(name))

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
  const written = yield* writeText(
    input,
    prompt,
    llm,
    { maxTokens: answerTokens, temperature: input.temperature ?? settings.temperature },
    signal,
  )
  yield textEnd(llm, prompt, written, { text: written.text, spans: [], found: true })
}
