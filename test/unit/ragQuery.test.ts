import { describe, expect, it } from "vitest"
import type { Passage } from "#contract/turns.ts"
import { bestSentence, type SentenceDeps } from "#rag/bestSentence.ts"
import { deduplicate } from "#rag/deduplicate.ts"
import { mean, pairedDifference, scoreRankings } from "#rag/evaluate.ts"
import { extractiveAnswer } from "#rag/extractiveAnswer.ts"
import { fuse, reciprocalRankFusion } from "#rag/fuse.ts"
import { queryTerms, questionParts } from "#rag/queryTerms.ts"
import { termWeights } from "#rag/relevance.ts"
import { sentencesOf } from "#rag/sentences.ts"

const signal = new AbortController().signal
const words = (query: string, history?: string[]) => queryTerms(query, history).terms.map((term) => term.word)

describe("query terms", () => {
  it("are the words that carry the topic", () => {
    expect(words("How often should the filter be changed?")).toEqual(["filter", "changed"])
    expect(words("How long does Priya's soup keep?")).toEqual(["priya", "soup", "keep"])
  })

  it("keep codes whole", () => expect(words("What does E-14 mean?")).toEqual(["e-14"]))

  it("fall back to every word when there is nothing else", () => {
    expect(words("What is it?")).toEqual(["what", "is", "it"])
  })

  it("take the subject of the question before when a follow-up has none", () => {
    const asked = ["How big is the tank of the Marlo?"]
    const { terms, text, isFollowUp } = queryTerms("And how much does it cost?", asked)
    expect(isFollowUp).toBe(true)
    expect(terms.map((term) => term.word)).toEqual(["cost", "tank", "marlo"])
    expect(terms[1]?.weight).toBeLessThan(terms[0]?.weight ?? 0)
    expect(text).toContain("tank of the Marlo")
  })

  it("leave a question that stands alone as it is", () => {
    expect(queryTerms("Is it safe to wash the jug by machine?", ["Who is the landlord?"]).isFollowUp).toBe(false)
    expect(queryTerms("Who is the landlord?", ["How big is the tank?"]).isFollowUp).toBe(false)
  })

  it.each([
    ["How often is it cleaned?", "frequency"],
    ["How long does it take?", "duration"],
    ["How much is the rent?", "money"],
    ["What does the room cost?", "money"],
    ["How old is she?", "age"],
    ["Which temperature is right?", "quantity"],
    ["When does it open?", "date"],
    ["Who pays?", "person"],
    ["Where is the valve?", "place"],
    ["What should I do when it burns?", "procedure"],
    ["Are dogs allowed?", "any"],
  ])("know what %j asks for", (query, kind) => expect(queryTerms(query).answerKind).toBe(kind))
})

describe("sentences", () => {
  it("end neither at abbreviations, numbers nor line breaks inside a paragraph", () => {
    const text = "Dr. Marsh pays approx. 3.5 percent, e.g. in\nMay. The rest follows.\n\n- First item\n- Second item"
    expect(sentencesOf(text).map((span) => span.text)).toEqual([
      "Dr. Marsh pays approx. 3.5 percent, e.g. in\nMay.",
      "The rest follows.",
      "- First item",
      "- Second item",
    ])
    for (const { start, end, text: piece } of sentencesOf(text)) expect(text.slice(start, end)).toBe(piece)
  })

  it("are the same in a line of any length", () => {
    const written = Array.from({ length: 3000 }, (_, index) => `Pump ${index} holds ${index}.5 bar, e.g. in May.`)
    expect(sentencesOf(written.join(" ")).map((span) => span.text)).toEqual(written)
  })
})

describe("fusion", () => {
  it("weighs both rankings, and words alone when there are no vectors", () => {
    const both = fuse([
      { bm25: 10, similarity: 0.2 },
      { bm25: null, similarity: 0.8 },
      { bm25: 5, similarity: 0.5 },
    ])
    expect(both[0]?.score).toBeCloseTo(0.5)
    expect(both[1]?.score).toBeCloseTo(0.5)
    expect(both[2]?.score).toBeCloseTo(0.5)
    const cut = [
      { bm25: 10, similarity: 0.2 },
      { bm25: null, similarity: 0.9 },
    ]
    const [low, high] = fuse(cut, { lexical: 0.3, vector: 0.7 }, { bm25: 0, similarity: 0.4 })
    expect(low?.score).toBeCloseTo(0.02)
    expect(high?.score).toBeCloseTo(0.7)
    expect(
      fuse([
        { bm25: 4, similarity: null },
        { bm25: 2, similarity: null },
      ]).map(({ score }) => score),
    ).toEqual([1, 0.5])
    expect(fuse([])).toEqual([])
  })

  it("by ranks puts first what both lists have", () => {
    expect(
      reciprocalRankFusion([
        ["a", "b"],
        ["b", "c"],
      ]).map((item) => item.id),
    ).toEqual(["b", "a", "c"])
  })
})

describe("near-duplicates", () => {
  const piece = (documentId: string, start: number, end: number, text: string) => ({ documentId, start, end, text })
  it("are dropped when they overlap or say the same, and the better one stays", () => {
    const pieces = [
      piece("a", 0, 100, "The filter is changed every four weeks by the tenant."),
      piece("a", 40, 120, "every four weeks by the tenant. Another thing is said here."),
      piece("b", 0, 60, "The filter is changed every four weeks by the tenant!"),
      piece("b", 60, 120, "Something else entirely stands in this piece."),
    ]
    expect(deduplicate(pieces, (each) => each, 10)).toEqual([pieces[0], pieces[3]])
    expect(deduplicate(pieces, (each) => each, 1)).toEqual([pieces[0]])
  })
})

const passage = (n: number, text: string, headingPath: string[] = []): Passage => ({
  n,
  chunkId: `c${n}`,
  documentId: `d${n}`,
  collectionId: "k",
  title: "Manual",
  path: "manual.md",
  headingPath,
  page: null,
  text,
  start: 0,
  end: text.length,
  score: 1 / n,
  similarity: 0,
})
const depsFor = (question: string): SentenceDeps => {
  const query = queryTerms(question)
  return { query, weights: termWeights(query.terms, new Map()), embedder: null, vector: null }
}

describe("the best sentence", () => {
  const passages = [
    passage(1, "The filter sits in the funnel. The filter should be changed every 4 weeks. Wash the funnel by hand."),
    passage(2, "Filters are sold in packs of three. The price is €18 a pack."),
  ]

  it("is verbatim, cited, and of the kind that is asked for", async () => {
    const best = await bestSentence(passages, depsFor("How often should the filter be changed?"), signal)
    expect(best?.text).toBe("The filter should be changed every 4 weeks.")
    expect(best?.citation).toBe(1)
    expect(passages[0]?.text.slice(best?.start, best?.end)).toBe(best?.text)
    expect((await bestSentence(passages, depsFor("What is the price of filters?"), signal))?.text).toContain("€18")
  })

  it("is none when nothing has to do with the question", async () => {
    expect(await bestSentence(passages, depsFor("Who won the match?"), signal)).toBeNull()
    expect(await extractiveAnswer(passages, depsFor("Who won the match?"), signal)).toBeNull()
  })

  it("reads a table row under its column names", async () => {
    const table = passage(1, "Part: Jug; How often: once a week\nPart: Battery; How often: every 3 years")
    expect((await bestSentence([table], depsFor("How often is the battery replaced?"), signal))?.text).toBe(
      "Part: Battery; How often: every 3 years",
    )
  })
})

describe("the extractive answer", () => {
  it("quotes one to three sentences, each with its citation", async () => {
    const passages = [
      passage(1, "The rent is €1,120 a month. The weather was fine."),
      passage(2, "The rent may be raised once a year by 4 percent at most."),
    ]
    const answer = await extractiveAnswer(passages, depsFor("What is the rent?"), signal)
    expect(answer?.text).toContain("“The rent is €1,120 a month.” [1]")
    expect(answer?.text).not.toContain("weather")
    expect(answer?.spans[0]).toMatchObject({ start: 0, citations: [1], supported: true })
    for (const { start, end } of answer?.spans ?? []) expect(answer?.text.slice(start, end)).toMatch(/^“.*” \[\d\]$/)
  })
})

describe("the extractive answer to a question of two parts", () => {
  it("quotes the best sentence for each part", async () => {
    const passages = [
      passage(1, "The rent is €1,120 a month. The rent is due on the third. The rent may rise."),
      passage(2, "Pets need the consent of the landlord."),
    ]
    const question = "What is the rent, and who allows pets?"
    const answer = await extractiveAnswer(passages, { ...depsFor(question), parts: questionParts(question) }, signal)
    expect(answer?.text).toContain("€1,120")
    expect(answer?.text).toContain("Pets need the consent of the landlord.")
  })
})

describe("evaluation", () => {
  it("scores by nDCG and recall, and gives differences an interval", () => {
    const queries = [
      {
        query: "a",
        gains: new Map([
          ["x", 4],
          ["y", 1],
        ]),
      },
      { query: "b", gains: new Map<string, number>() },
    ]
    expect(scoreRankings(queries, [["x", "y"], []])).toEqual({ ndcg: [1], recall100: [1] })
    const { ndcg } = scoreRankings(queries, [["z", "x"], []])
    expect(mean(ndcg)).toBeCloseTo(4 / Math.log2(3) / (4 + 1 / Math.log2(3)))
    const difference = pairedDifference([0.1, 0.2, 0.3, 0.2], [0.2, 0.3, 0.4, 0.3])
    expect(difference.mean).toBeCloseTo(0.1)
    expect(difference.low).toBeCloseTo(0.1)
  })
})
