import { describe, expect, it } from "vitest"
import { afterQuick } from "#chat/afterQuick.ts"
import { quickConfidence, quickFloor } from "#chat/quickAnswer.ts"
import type { Passage, PhaseResult } from "#contract/turns.ts"
import { sourceName } from "#voice/quickAnswer.ts"

const passage = (text: string, title = "Coffee machine manual"): Passage => ({
  n: 1,
  chunkId: "c1",
  documentId: "d1",
  collectionId: "k1",
  title,
  path: "manual.md",
  headingPath: [title],
  page: null,
  text,
  start: 0,
  end: text.length,
  score: 0.95,
  similarity: 0.6,
})
const result = (id: string, score: number): PhaseResult => ({
  id,
  documentId: "d1",
  title: "",
  textPreview: "",
  distance: 0.4,
  score,
  rank: 1,
})
const confidence = (question: string, sentence: string, text = sentence): number =>
  quickConfidence({ question, sentence, passage: passage(text), results: [result("c1", 0.95), result("c2", 0.4)] })

describe("a quick answer", () => {
  it("is a sentence that holds the question's words and the kind of thing it asks for", () => {
    expect(
      confidence("How often must the coffee machine be descaled?", "Descale the coffee machine every three months."),
    ).toBeGreaterThanOrEqual(quickFloor)
  })

  it.each([
    [
      "a sentence without the figure that is asked for",
      "What does the coffee machine cost?",
      "The coffee machine is red.",
    ],
    [
      "another code than the one asked about",
      "What does code F3 of the coffee machine mean?",
      "Code F4: the coffee machine is too hot.",
    ],
    [
      "another thing than the one counted",
      "How many cups does the coffee machine make?",
      "The coffee machine needs 30 seconds per cup.",
    ],
    [
      "a question for two things",
      "How long is the warranty, and who repairs the machine?",
      "The warranty of the machine is 3 years.",
    ],
    ["a choice", "Is the coffee machine red or blue?", "The coffee machine is red."],
    [
      "words that stand nowhere in the passage",
      "How often is the sauna descaled?",
      "Descale the machine every three months.",
    ],
    [
      "a name in a sentence that does not say the doing",
      "Who repaired the pump of the coffee machine?",
      "The pump of the coffee machine is made by Corvane.",
    ],
  ])("is not %s", (_, question, sentence) => {
    expect(confidence(question, sentence)).toBeLessThan(quickFloor)
  })

  it("of a passage that is no better than the next needs more of the question's words", () => {
    const sentence = "Descale it every three months."
    const question = "How often must the coffee machine be descaled?"
    const from = (results: PhaseResult[]) =>
      quickConfidence({ question, sentence, passage: passage(sentence), results })
    expect(from([result("c1", 0.95), result("c2", 0.1)])).toBeGreaterThan(
      from([result("c1", 0.95), result("c2", 0.94)]),
    )
    expect(from([result("c2", 0.95), result("c1", 0.94)])).toBeLessThan(quickFloor)
  })

  it("names its source in one breath", () => {
    const name = (title: string) => sourceName({ title, url: null })
    expect(name("Brenholt P7 Pellet Stove – Operating Manual")).toBe("Your operating manual says")
    expect(name("tenancy_agreement.pdf")).toBe("Your tenancy agreement says")
    expect(name("Oakmere house insurance")).toBe("Oakmere house insurance says")
    expect(sourceName({ title: "x", url: null, kind: "memory" })).toBe("You told me")
  })
})

describe("what follows a quick answer", () => {
  const quick = { question: "How often is it descaled?", sentence: "Descale the coffee machine every three months." }
  const following = (text: string, found = true) => afterQuick(quick, { text, spans: [], found })

  it("is nothing when the composed answer says the same", () => {
    expect(following("It must be descaled every 3 months [1].")).toEqual({ kind: "same" })
  })
  it("is the sentence that adds something", () => {
    const text = "Every three months. Use citric acid and rinse the tank twice afterwards."
    const more = following(text)
    expect(more.kind).toBe("more")
    if (more.kind !== "more") return
    expect(more.ranges.map(({ start, end }) => text.slice(start, end))).toEqual([
      "Use citric acid and rinse the tank twice afterwards.",
    ])
  })
  it("is the whole answer when that gives another figure", () => {
    expect(following("It is descaled every 6 weeks.")).toEqual({ kind: "other" })
  })
  it("is the whole answer when that says the opposite", () => {
    const sentence = "Towels are not provided."
    expect(
      afterQuick({ question: "Are towels provided?", sentence }, { text: "Yes.", spans: [], found: true }),
    ).toEqual({
      kind: "other",
    })
  })
  it("is a word of doubt when the documents turn out not to answer", () => {
    expect(following("Your documents do not say.", false)).toEqual({ kind: "unsure" })
  })
})
