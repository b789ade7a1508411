import { describe, expect, it } from "vitest"
import { selectEvidence } from "#chat/evidence.ts"
import { attributeSentences } from "#chat/support.ts"
import type { Passage } from "#contract/turns.ts"
import type { Embedder } from "#engines/types.ts"
import { rankSentences } from "#rag/bestSentence.ts"
import { queryTerms } from "#rag/queryTerms.ts"
import { termWeights } from "#rag/relevance.ts"
import { createWordEmbedder } from "../fakes/wordEmbedder.ts"

const never = new AbortController().signal
const passage = (n: number, text: string, similarity: number): Passage => ({
  n,
  chunkId: `c${n}`,
  documentId: `d${n}`,
  collectionId: "k",
  title: "Handbook",
  path: `${n}.md`,
  headingPath: [],
  page: null,
  text,
  start: 0,
  end: text.length,
  score: 1 / n,
  similarity,
})

/** Knows that an umbrella left behind is a lost thing; everything else is as far as can be. */
const embedder: Embedder = {
  ...createWordEmbedder(),
  isFallback: false,
  dimensions: 2,
  embed: async (texts) =>
    texts.map((text) => Float32Array.from(/umbrella|lost|roofer|offer/i.test(text) ? [0.8, 0.6] : [0, 1])),
}
const question = "Where do I pick up my umbrella from the boat?"
const passages = [
  passage(1, "The boat leaves at ten. Pick a seat on the boat.", 0.3),
  ...[2, 3, 4, 5].map((n) => passage(n, `Deck ${n} of the boat is blue.`, 0.2)),
  passage(6, "Lost things lie in the office.", 0.3),
]
const rank = async (confidence?: number) => {
  const query = queryTerms(question)
  const [vector = null] = await embedder.embed([question], "query", never)
  const weights = termWeights(query.terms, new Map())
  const deps = { query, weights, embedder, vector, ...(confidence === undefined ? {} : { confidence }) }
  return { weights, sentences: await rankSentences(passages, deps, never) }
}

describe("a question in other words than the documents", () => {
  it("finds the sentence of the same meaning in passages far down", async () => {
    const { sentences } = await rank(0.3)
    expect(sentences[0]).toMatchObject({ citation: 6, text: "Lost things lie in the office." })
  })

  it("leaves a question in the documents' words to the words", async () => {
    const { sentences } = await rank()
    expect(sentences.map(({ citation }) => citation)).not.toContain(6)
  })

  it("shows the model that sentence alone, not what shares words with the question", async () => {
    const { weights, sentences } = await rank(0.3)
    const evidence = { passages, sentences, weights, parts: [question], room: 400 }
    expect(selectEvidence({ ...evidence, isByMeaning: true }).length).toBeLessThan(
      selectEvidence({ ...evidence, isByMeaning: false }).length,
    )
    expect(selectEvidence({ ...evidence, isByMeaning: true }).map(({ n }) => n)).toContain(6)
  })

  it("takes a figure from the sentence nearest in meaning", async () => {
    const asked = "How much did the roofer ask for?"
    const source = [passage(1, "Castellan's offer of 218,000 euros was accepted.", 0.3)]
    const weights = termWeights(queryTerms(asked).terms, new Map())
    const near: Embedder = {
      ...embedder,
      embed: async (texts) =>
        texts.map((text) => Float32Array.from(/218,000 euros was/.test(text) ? [1, 0] : [0.5, 0.8])),
    }
    const supported = async (isByMeaning: boolean) => {
      const deps = { embedder: near, question: asked, weights, isByMeaning }
      const spans = await attributeSentences("The roofer asked for 218,000 euros.", source, deps, never)
      return spans.map(({ supported }) => supported)
    }
    expect(await supported(true)).toEqual([true])
    expect(await supported(false)).toEqual([false])
  })
})
