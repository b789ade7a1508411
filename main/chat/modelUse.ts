import type { AnswerInput } from "./runTurn.ts"

/** What a model is wanted for. */
export interface ModelUse {
  question: string
  /** Passages, memories or answers made of them are among what it reads. */
  isPrivate: boolean
}

/** Answers from documents stay private in the turns after them. */
export const modelUse = ({ question, history }: AnswerInput, readsDocuments: boolean): ModelUse => ({
  question,
  isPrivate: readsDocuments || history.some(({ passages }) => passages.length > 0),
})
