import { expect, it } from "vitest"
import { completeAnswer } from "#chat/completeAnswer.ts"
import type { Passage } from "#contract/turns.ts"
import { queryTerms } from "#rag/queryTerms.ts"
import { termWeights } from "#rag/relevance.ts"

const passage = (text: string): Passage =>
  ({ n: 1, title: "Handbook", headingPath: [], text, documentId: "d", chunkId: "c" }) as unknown as Passage
const complete = (question: string, text: string, source: string): string =>
  completeAnswer(question, text, [passage(source)], termWeights(queryTerms(question).terms, new Map()))

const keys = "The tea is made by Fern. The keys of the hall are kept by Beatrix and the verger."

it.each([
  [
    "Who has the keys of the hall?",
    "The keys of the hall are kept by Beatrix.",
    keys,
    "The keys of the hall are kept by Beatrix and the verger.",
  ],
  ["Who makes the tea?", "The tea is made by Fern.", keys, "The tea is made by Fern."],
  [
    "When does the pump start?",
    "The pump starts at 6:00.",
    "The pump starts at 6:00 and the fan follows when the water is warm enough.",
    "The pump starts at 6:00.",
  ],
])("names everyone that a sentence joins: %s", (question, text, source, expected) => {
  expect(complete(question, text, source)).toBe(expected)
})

const ramp =
  "Measure: Training on the ramp; Responsible: Lucia; Due: 13 June\nMeasure: New guard; Responsible: Pavel; Due: 21 May"

it("adds the documents' sentence for a part without an answer", () => {
  expect(complete("Who holds the training on the ramp, and when is the training due?", "Lucia holds it.", ramp)).toBe(
    "Lucia holds it. Measure: Training on the ramp; Responsible: Lucia; Due: 13 June",
  )
  const whole = "Lucia holds it; the training is due on 13 June."
  expect(complete("Who holds the training on the ramp, and when is the training due?", whole, ramp)).toBe(whole)
})
