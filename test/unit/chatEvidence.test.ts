import { describe, expect, it } from "vitest"
import { createAnswerFilter } from "#chat/answerFilter.ts"
import { selectEvidence } from "#chat/evidence.ts"
import { asksYesOrNo } from "#chat/prompt.ts"
import { attributeSentences, nearestSentence, numbersOf, similarityByParts } from "#chat/support.ts"
import type { Passage } from "#contract/turns.ts"
import { rankSentences } from "#rag/bestSentence.ts"
import { queryTerms, questionParts } from "#rag/queryTerms.ts"
import { termWeights } from "#rag/relevance.ts"
import { unknownNames } from "#rag/unknownNames.ts"
import { createWordEmbedder } from "../fakes/wordEmbedder.ts"

const never = new AbortController().signal
const passage = (n: number, text: string, title = "Handbook"): Passage => ({
  n,
  chunkId: `c${n}`,
  documentId: `d${n}`,
  collectionId: "k",
  title,
  path: `${n}.md`,
  headingPath: [],
  page: null,
  text,
  start: 0,
  end: text.length,
  score: 1 / n,
  similarity: 0.5,
})
const evidenceFor = async (question: string, passages: Passage[], room = 400) => {
  const query = queryTerms(question)
  const weights = termWeights(query.terms, new Map())
  const sentences = await rankSentences(passages, { query, weights, embedder: null, vector: null }, never)
  return selectEvidence({ passages, sentences, weights, parts: questionParts(question), room })
}

describe("selectEvidence", () => {
  it("keeps the sentence that refers back together with the one before it", async () => {
    const text = "Gardens are nice. Fill the salt container first. It takes 1.2 kg of salt. Hedges grow slowly."
    const [shown] = await evidenceFor("How much salt does it take?", [passage(1, text)], 90)
    expect(shown?.text).toContain("Fill the salt container first. It takes 1.2 kg of salt.")
  })

  it("takes a sentence for each part of a question, from passages far apart", async () => {
    const shown = await evidenceFor("How long is the warranty, and where is the fuse box?", [
      passage(1, "The warranty is three years. The warranty covers the pump. The warranty ends on sale."),
      passage(2, "Lamps are bright."),
      passage(3, "The fuse box is in the hall."),
    ])
    expect(shown.map(({ n }) => n)).toEqual(expect.arrayContaining([1, 3]))
  })

  it("keeps within its room", async () => {
    const text = Array.from({ length: 50 }, (_, index) => `The pump number ${index} is green.`).join(" ")
    const shown = await evidenceFor("Which pump is green?", [passage(1, text)], 200)
    expect(shown[0]?.text.length).toBeLessThanOrEqual(220)
  })

  it("reads a sentence that neighbouring passages share once", async () => {
    const shared = "The fuse box is in the hall."
    const shown = await evidenceFor("Where is the fuse box?", [
      { ...passage(1, `${shared} It is grey.`), documentId: "d" },
      { ...passage(2, `The lamp is old. ${shared}`), documentId: "d" },
    ])
    expect(
      shown
        .map(({ text }) => text)
        .join(" ")
        .split(shared),
    ).toHaveLength(2)
  })

  it("keeps the best row of a table for each part of a question", async () => {
    const rows =
      "Level: 4; Output: 7 kW; Fuel: 2 kg\nLevel: 3; Output: 5 kW; Fuel: 1 kg\nCode: A5; Meaning: flue blocked; What to do: have the flue swept"
    const [shown] = await evidenceFor("What output does the stove have at level 4, and how often is its flue swept?", [
      passage(1, rows),
    ])
    expect(shown?.text).toContain("Level: 4")
    expect(shown?.text).toContain("flue swept")
    expect(shown?.text).not.toContain("Level: 3")
  })

  it("keeps the citation numbers of the passages", async () => {
    const shown = await evidenceFor("Where is the fuse box?", [passage(4, "The fuse box is in the hall.")])
    expect(shown[0]).toMatchObject({ n: 4, chunkId: "c4" })
  })
})

describe("attributeSentences with the question's weights", () => {
  const weights = termWeights(queryTerms("How many prototypes run in the harbour?").terms, new Map())
  const passages = [
    passage(1, "The first six prototypes run in the harbour. Jonas said that five of them deliver data."),
  ]
  const attribute = (text: string) =>
    attributeSentences(
      text,
      passages,
      { embedder: null, question: "How many prototypes run in the harbour?", weights },
      never,
    )

  it("accepts the figure of the sentence about the question", async () => {
    expect((await attribute("Six prototypes run in the harbour."))[0]?.supported).toBe(true)
  })

  it("refuses the figure of another count in the same passage", async () => {
    expect((await attribute("Five prototypes run in the harbour."))[0]).toMatchObject({
      supported: false,
      citations: [],
    })
  })

  it("accepts a figure with the sentence it stands in, whatever the words of the question", async () => {
    const [span] = await attributeSentences(
      "During absences of more than 60 days the water must be shut off.",
      [passage(1, "Keep damaged items. During absences of more than 60 days the water must be shut off.")],
      {
        embedder: null,
        question: "When must taps be closed in an insured home?",
        weights: termWeights(queryTerms("When must taps be closed in an insured home?").terms, new Map()),
      },
      never,
    )
    expect(span).toMatchObject({ supported: true, citations: [1] })
  })

  it.each([
    ["near", true],
    ["far", false],
  ])(
    "accepts a figure from a sentence that says the same in other words only where its meaning is %s",
    async (_, isNear) => {
      const question = "What is the length of a working day?"
      const source = passage(1, "Staff are at their desks for eight hours. The canteen seats 90.")
      const embedder = {
        ...createWordEmbedder({ isFallback: false }),
        embed: async (texts: string[]) =>
          texts.map((text) =>
            Float32Array.from(text.startsWith(question) || (isNear && text.includes("eight")) ? [1, 0] : [0, 1]),
          ),
      }
      const about = { embedder, question, weights: termWeights(queryTerms(question).terms, new Map()) }
      const [span] = await attributeSentences("Everybody on the staff spends eight hours.", [source], about, never)
      expect(span?.supported).toBe(isNear)
      const nearest = await nearestSentence(
        question,
        "Everybody on the staff spends eight hours.",
        [source],
        embedder,
        never,
      )
      if (isNear)
        expect(nearest).toMatchObject({ text: "Staff are at their desks for eight hours.", citation: 1, similarity: 1 })
    },
  )

  it("compares an answer to two questions part by part", async () => {
    const parts = ["How long is the warranty of the washer", "how long is the warranty of the sensor?"]
    const embedder = createWordEmbedder({ isFallback: false })
    const sources = [
      passage(1, "The washer has a warranty of 3 years."),
      passage(2, "The sensor has a warranty of 4 years."),
    ]
    const text = "The washer has 3 years. The sensor has 4 years."
    const whole = await nearestSentence(parts.join(" and "), text, sources, embedder, never)
    const byParts = await similarityByParts(parts, text, sources, embedder, never)
    expect(byParts).toBeGreaterThan((whole?.similarity ?? 1) + 0.1)
    expect(await similarityByParts(parts, text, sources, null, never)).toBeNull()
  })

  it("does not count the question's own words as said by a passage", async () => {
    const [span] = await attribute("How many prototypes run in the harbour depends on marketing and logistics.")
    expect(span).toMatchObject({ supported: false, citations: [] })
  })

  it("cites both passages that state one sentence together", async () => {
    const [span] = await attributeSentences(
      "The washer has a warranty of 3 years and the sensor of 4 years.",
      [passage(1, "The washer's warranty runs for 3 years."), passage(2, "The sensor has a warranty of 4 years.")],
      { embedder: null },
      never,
    )
    expect(span?.citations.toSorted()).toEqual([1, 2])
  })

  it("reads a bare No with the reason behind it", async () => {
    const spans = await attribute("No. The first six prototypes run in the harbour.")
    expect(spans).toHaveLength(1)
    expect(spans[0]?.supported).toBe(true)
  })
})

describe("numbersOf", () => {
  it.each([
    ["1,450 euros", ["1450"]],
    ["three rooms", ["3"]],
    ["9:00 PM", ["21:00", "21"]],
    ["5 p.m.", ["17:00", "17"]],
    ["12:30", ["12:30"]],
  ])("reads %j as %j", (text, values) => {
    expect([...numbersOf(text)]).toEqual(values)
  })
})

describe("unknownNames", () => {
  const texts = ["Travel policy: Geneva €66, Munich €32. Flat 3 is let. The DW 640 is loud. Code E4: overflow."]
  it.each([
    ["What is the allowance for Vienna?", ["Vienna"]],
    ["What is the allowance for Geneva?", []],
    ["What is the allowance for Genevas?", []],
    ["How loud is the DW 460?", ["DW 460"]],
    ["What is the rent of flat 5?", ["flat 5"]],
    ["What does E7 mean?", ["E7"]],
    ["What does E4 mean?", []],
    ["I live in Paris. What is the allowance for Munich?", []],
    ["Is the DW 640 quiet on Sundays in March?", []],
    ["Can I travel 50 kilometres?", []],
  ])("%s → %j", (question, names) => {
    expect(unknownNames(question, texts)).toEqual(names)
  })
})

describe("asksYesOrNo", () => {
  it.each([
    ["Can the lid be washed?", true],
    ["If it rains, may I stay?", true],
    ["It is old. Is it still covered?", true],
    ["Is it red or blue?", false],
    ["What is it?", false],
  ])("%s %s", (question, expected) => {
    expect(asksYesOrNo(question)).toBe(expected)
  })
})

describe("createAnswerFilter", () => {
  const filtered = (text: string): string => {
    const filter = createAnswerFilter()
    return [...text].map((character) => filter.push(character)).join("") + filter.end()
  }
  it.each([
    ["Every two months [7].", "Every two months."],
    ["Every two months [1, 2]. Then rinse.", "Every two months. Then rinse."],
    ["See [the page](https://evil.example/?q=secret) now.", "See the page now."],
    ["![x](https://evil.example/a.png)", "x"],
    ["Use [brackets] as they are.", "Use [brackets] as they are."],
    ["An open [bracket", "An open [bracket"],
  ])("piece by piece, %j becomes %j", (text, expected) => {
    expect(filtered(text)).toBe(expected)
  })
})
