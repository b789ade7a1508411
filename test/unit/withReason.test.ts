import { expect, it } from "vitest"
import { withReason } from "#chat/tidyAnswer.ts"
import type { Passage } from "#contract/turns.ts"
import { queryTerms } from "#rag/queryTerms.ts"
import { termWeights } from "#rag/relevance.ts"

const reasonOf = (question: string, text: string, source: string): string =>
  withReason(text, [{ text: source }] as unknown as Passage[], termWeights(queryTerms(question).terms, new Map()))

it.each([
  [
    "May trainees borrow the van?",
    "No.",
    "Staff may borrow the van on Fridays. Trainees may not borrow it.",
    "No. Trainees may not borrow it.",
  ],
  [
    "May trainees borrow the van?",
    "No.",
    "Staff and trainees may borrow the van on Fridays.",
    "Staff and trainees may borrow the van on Fridays.",
  ],
  [
    "Is the office open on Mondays?",
    "Yes.",
    "The office is open on Mondays from nine.",
    "Yes. The office is open on Mondays from nine.",
  ],
  ["Is the office open on Mondays?", "No.", "Lamps are bright.", "No."],
  ["Who has the key?", "The caretaker.", "The caretaker has the key.", "The caretaker."],
])("keeps a Yes or No with the sentence that says the same: %s %s", (question, text, source, expected) => {
  expect(reasonOf(question, text, source)).toBe(expected)
})
