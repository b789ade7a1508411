import type { Actor } from "#core/actor.ts"
import type { AnswerInput } from "./runTurn.ts"

/** What a model is wanted for. */
export interface ModelUse {
  actor: Actor
  question: string
  /** The question before it in this chat. Null: it is the first. */
  previousQuestion: string | null
  /** Server that answered that, or `in-process`. Null: nobody chose. */
  previousBackend: string | null
  /** Passages, memories or answers made of them are among what it reads. */
  isPrivate: boolean
  /** The collections all of that is from. Null: they are not known before the search. */
  collectionIds: readonly string[] | null
  /** How well the passages found answer the question, 0..1. Null: nothing was searched yet, or nothing is. */
  confidence: number | null
}

/** What was read for an answer, once it is found. */
export interface ModelReads {
  passages: readonly { collectionId: string }[]
  confidence: number | null
}

/** Answers from documents stay private in the turns after them. @param reads `before-search`: documents, which are not known yet. */
export function modelUse(
  { actor, question, history }: AnswerInput,
  reads: ModelReads | "before-search" | "nothing",
): ModelUse {
  const earlier = history.flatMap(({ passages }) => passages)
  const last = history.findLast(({ role }) => role === "assistant")
  const found = typeof reads === "string" ? [] : reads.passages
  return {
    actor,
    question,
    previousQuestion: history.findLast(({ role }) => role === "user")?.text ?? null,
    previousBackend: last?.sent?.backend ?? null,
    isPrivate: reads !== "nothing" || earlier.length > 0,
    collectionIds:
      reads === "before-search" ? null : [...new Set([...earlier, ...found].map(({ collectionId }) => collectionId))],
    confidence: typeof reads === "string" ? null : reads.confidence,
  }
}
