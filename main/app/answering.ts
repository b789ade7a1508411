import { setTimeout as sleep } from "node:timers/promises"
import { type AnswerDeps, answer } from "#chat/answer.ts"
import { answerRouted } from "#chat/answerRouted.ts"
import type { AnswerInput } from "#chat/runTurn.ts"
import { wholeAnswer } from "#chat/wholeAnswer.ts"
import type { TurnEventBody } from "#contract/turns.ts"
import type { Logger } from "#core/logger.ts"
import type { Catalog } from "#models/catalog.ts"
import { composingQuality } from "#models/recommend.ts"
import type { Memories } from "#rag/memory/memories.ts"
import type { RetrieveDeps } from "#rag/retrieve.ts"
import type { ShownLists } from "#rag/shownLists.ts"
import type { Store } from "#store/types.ts"
import type { EngineRack } from "./engines.ts"
import type { Routing } from "./routing.ts"
import type { Settings } from "./settings.ts"

export interface AnsweringDeps {
  store: Store
  engines: Pick<EngineRack, "promptTokensPerSecond">
  /** Who answers a request. */
  routing: Pick<Routing, "llm">
  catalog: Catalog
  settings: Pick<Settings, "values">
  retrieval: RetrieveDeps
  memories: Memories
  shown: ShownLists
  /** Resolves when the documents that come with the product can be read. */
  sampleReady(): Promise<void>
  log: Logger
}

/** A question's answer: by the memory, from whole documents, or from the best passages. */
type Answer = (input: AnswerInput, signal: AbortSignal) => AsyncIterable<TurnEventBody>

export interface Answering {
  answer: Answer
  /** The same; what it shows is kept under its query id, for feedback. */
  answerShown: Answer
  /** Tokens of passages that this machine reads before the first word of an answer. */
  passageTokens(): number
}

/** How long the first question waits for the sample to be readable. */
const samplePatienceMs = 15_000
/** Tokens of passages that are read in the time a person waits for the first word, before the machine's speed is known. */
const assumedPromptSpeed = 80
/** Room that the sentences of four passages need: less would drop one of them whole. Most questions take half of it. */
const leastPassageTokens = 400
const patienceSeconds = 5
/** A summary of a whole document may take longer: its sentences come one by one. */
const summaryPatienceSeconds = 60
/** Tokens of a prompt that are not passages: system prompt, question, template. */
const promptOverhead = 120

export function createAnswering(deps: AnsweringDeps): Answering {
  const { store, engines, routing, catalog, settings, retrieval, memories, shown, log } = deps
  const promptSpeed = (): number => engines.promptTokensPerSecond() ?? assumedPromptSpeed
  const passageTokens = (): number =>
    Math.min(1200, Math.max(leastPassageTokens, Math.round(promptSpeed() * patienceSeconds) - promptOverhead))

  const answerDeps: AnswerDeps = {
    retrieval,
    async llm(modelId, _signal, use) {
      const llm = await routing.llm(modelId, use)
      if (!llm) return null
      return { llm, composes: !catalog.has(llm.modelId) || catalog.get(llm.modelId).quality >= composingQuality }
    },
    settings: async () => settings.values(),
    async hasDocuments({ actor }) {
      // On the first start the sample is still being read: its first question waits for it, not long.
      await Promise.race([deps.sampleReady(), sleep(samplePatienceMs, undefined, { ref: false })])
      if ((await store.collections.list(actor)).some((collection) => collection.chunkCount > 0)) return true
      return (await store.memories.list(actor, { limit: 1 })).total > 0
    },
    passageTokens,
    log,
  }
  const wholeDeps = {
    store,
    llm: answerDeps.llm,
    embedder: retrieval.queryEmbedder,
    readableTokens: () => promptSpeed() * summaryPatienceSeconds,
    log,
  }

  const answerByRoute: Answer = (input, signal) =>
    answerRouted(
      input,
      {
        memories,
        whole: (question, inner) => wholeAnswer(question, wholeDeps, inner),
        answer: (question, inner) => answer(question, answerDeps, inner),
      },
      signal,
    )
  return {
    answer: answerByRoute,
    answerShown(input, signal) {
      const events = answerByRoute(input, signal)
      const { actor, question: query, queryId } = input
      return queryId ? shown.watch(events, { actor, queryId, query, surface: "chat" }) : events
    },
    passageTokens,
  }
}
