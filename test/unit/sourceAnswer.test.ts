import { describe, expect, it } from "vitest"
import { asksWhereFrom, sourceAnswer } from "#chat/sourceAnswer.ts"
import type { Message } from "#contract/conversations.ts"

const passage = {
  n: 2,
  chunkId: "c",
  documentId: "d",
  collectionId: "k",
  title: "Coffee machine manual",
  path: "manual.pdf",
  headingPath: ["Coffee machine manual", "Care"],
  page: 4,
  text: "Descale it every three months.",
  start: 0,
  end: 30,
  score: 1,
  similarity: 1,
}
const answered = {
  role: "assistant",
  text: "Every three months.",
  passages: [{ ...passage, n: 1, title: "Other" }, passage],
  spans: [{ start: 0, end: 19, citations: [2], supported: true }],
} as unknown as Message

describe("“where is that from?”", () => {
  it.each([
    "Where is that from?",
    "and where does it say that?",
    "What is the source?",
    "Which document is that from?",
    "How do you know that?",
    "Where did you get that from?",
  ])("is understood as %s", (question) => expect(asksWhereFrom(question)).toBe(true))
  it.each(["Where is the water tap?", "Where is that tap from the manual?", "How do you know the filter is full?"])(
    "is not read into %s",
    (question) => expect(asksWhereFrom(question)).toBe(false),
  )
  it("is answered with title, page and section of what was cited, without a search", () => {
    const events = sourceAnswer("Where is that from?", [answered])
    expect(events?.at(-1)).toMatchObject({
      type: "text-end",
      text: "That is from “Coffee machine manual”, page 4, under “Care”.",
      spans: [{ citations: [2], supported: true }],
      found: true,
    })
    expect(events?.[0]).toMatchObject({ type: "retrieve-end", passages: [{ n: 2 }] })
  })
  it("is a question like any other when the last answer came from no document", () => {
    expect(sourceAnswer("Where is that from?", [{ ...answered, spans: [] } as Message])).toBeNull()
    expect(sourceAnswer("Where is that from?", [])).toBeNull()
  })
})
