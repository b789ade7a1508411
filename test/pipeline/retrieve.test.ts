import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { beforeAll, describe, expect, it } from "vitest"
import { applyDelta, type PhasePlace } from "#contract/phaseDelta.ts"
import type { PhaseResult } from "#contract/turns.ts"
import { ownerActor } from "#core/actor.ts"
import { bestSentence } from "#rag/bestSentence.ts"
import type { SearchShares } from "#rag/fuse.ts"
import type { FusionWeights } from "#rag/fusionWeights.ts"
import { type RetrieveEvent, retrieve, retrievePassages } from "#rag/retrieve.ts"
import { createRagBench, type RagBench } from "../fakes/ragBench.ts"
import { createWordEmbedder } from "../fakes/wordEmbedder.ts"

const sampleDir = fileURLToPath(new URL("../../main/rag/sample", import.meta.url))
const judgements = JSON.parse(readFileSync(new URL("../fixtures/rag/judgements.json", import.meta.url), "utf8")) as {
  question: string
  path: string | null
  says?: string
  history?: string[]
}[]
const signal = new AbortController().signal
type PhaseEvent = Extract<RetrieveEvent, { type: "retrieve-phase" }>

describe.each(["with hash-like vectors", "by words alone"])("retrieval %s", (mode) => {
  let bench: RagBench
  beforeAll(async () => {
    bench = createRagBench({ embedder: mode === "by words alone" ? null : createWordEmbedder() })
    await bench.addPath(sampleDir)
  })

  it("finds the right document for nine of ten judged questions, and refuses three of four others", async () => {
    let right = 0
    let found = 0
    let refused = 0
    const answerable = judgements.filter((judged) => judged.path !== null)
    for (const { question, path, history } of judgements) {
      const retrieval = await bench.ask(question, { history: history ?? [] })
      if (path === null) refused += retrieval.found ? 0 : 1
      else {
        if (retrieval.ranked[0]?.chunk.documentPath.endsWith(path)) right++
        if (retrieval.found) found++
      }
    }
    expect(right / answerable.length).toBeGreaterThanOrEqual(0.9)
    expect(found / answerable.length).toBeGreaterThanOrEqual(0.85)
    expect(refused / (judgements.length - answerable.length)).toBeGreaterThanOrEqual(0.75)
  })

  it("hands out more passages where it is unsure of the best, and no more where it is sure", async () => {
    const count = async (query: string) => {
      const request = { query, collectionIds: null, topK: 2, unsureTopK: 5, floor: 0 }
      const retrieval = await retrievePassages(ownerActor, request, bench.retrieveDeps, signal)
      return { isSure: retrieval.confidence >= 0.5, count: retrieval.ranked.length }
    }
    expect(await count("How often should the filter be changed?")).toEqual({ isSure: true, count: 2 })
    expect(await count("Which filter does the neighbour's aquarium with goldfish need at night?")).toEqual({
      isSure: false,
      count: 5,
    })
  })

  it("answers the question of the first start with a cited sentence", async () => {
    const retrieval = await bench.ask("How often should the filter be changed?")
    expect(retrieval.found).toBe(true)
    expect(retrieval.passages.map((passage) => passage.n)).toEqual(retrieval.passages.map((_, index) => index + 1))
    const best = await bestSentence(retrieval.passages, retrieval, signal)
    expect(best?.text).toContain("every 4 weeks")
    const cited = retrieval.passages.find((passage) => passage.n === best?.citation)
    expect(cited?.path).toBe("sample/water-filter-jug.md")
    const { text } = await bench.store.documents.text(ownerActor, cited?.documentId ?? "")
    expect(text.slice(cited?.start, cited?.end)).toContain("every 4 weeks")
  })

  it("shows what was closest when the documents do not answer", async () => {
    const retrieval = await bench.ask("How do I install Linux on a laptop?")
    expect(retrieval.found).toBe(false)
    expect(retrieval.passages).toEqual([])
    expect(retrieval.closest.length).toBeLessThanOrEqual(3)
  })
})

describe("retrieval", () => {
  it("tells a turn its start, its results and its end", async () => {
    const bench = createRagBench()
    await bench.addPath(sampleDir)
    const events: RetrieveEvent[] = []
    const request = { query: "Where is the main water valve?", collectionIds: null }
    for await (const event of retrieve(ownerActor, request, bench.retrieveDeps, signal)) events.push(event)
    expect(events.map((event) => (event.type === "retrieve-phase" ? event.phase : event.type))).toEqual([
      "retrieve-start",
      "P0",
      "P1",
      "P2",
      "retrieve-end",
    ])
    const end = events.at(-1)
    expect(end?.type === "retrieve-end" && end.passages[0]?.text).toContain("behind the washing machine")
  })

  it("shows three phases whose deltas replay, and every score follows from what they show", async () => {
    const bench = createRagBench()
    await bench.addPath(sampleDir)
    const history = ["When do we fly to Lisbon?"]
    for (const query of ["How much is the hotel?", "Where is the main water valve, and who repairs it?", "filter"]) {
      const request = { query, collectionIds: null, history }
      const phases: PhaseEvent[] = []
      for await (const event of retrieve(ownerActor, request, bench.retrieveDeps, signal)) {
        if (event.type === "retrieve-phase") phases.push(event)
      }
      const [p0, p1, p2] = phases as [PhaseEvent, PhaseEvent, PhaseEvent]
      expect(phases.map(({ phase, provisional }) => [phase, provisional])).toEqual([
        ["P0", true],
        ["P1", true],
        ["P2", false],
      ])
      const places = (results: PhaseResult[]): PhasePlace[] => applyDelta(results, [])
      expect(applyDelta(p0.results, p1.delta)).toEqual(places(p1.results))
      expect(applyDelta(p1.results, p2.delta)).toEqual(places(p2.results))

      const { shares } = p0.meta as { shares: SearchShares }
      const { ranking, fusion_weights: fusion } = p1.meta as {
        ranking: { bias: number; weights: Record<string, number> }
        fusion_weights: FusionWeights
      }
      for (const { id, score, ltrScore, conceptualScore, features, adjustments } of [...p1.results, ...p2.results]) {
        const own = features as Record<string, number>
        const linear = Object.entries(own).reduce((sum, [name, value]) => sum + (ranking.weights[name] ?? 0) * value, 0)
        const learned = 1 / (1 + Math.exp(-(ranking.bias + linear)))
        const parts = shares.lexical * (own.bm25_share ?? 0) + shares.vector * (own.similarity_share ?? 0)
        const searched = Math.max(0, parts / (shares.lexical + shares.vector))
        const near = shares.neighbours ?? 0
        const conceptual = (1 - near) * searched + near * (own.neighbour_vectors ?? 0)
        expect(learned).toBeCloseTo(ltrScore ?? -1, 12)
        expect(conceptual).toBeCloseTo(conceptualScore ?? -1, 12)
        const context = (adjustments ?? []).reduce((sum, { value }) => sum + value, 0)
        expect(fusion.ltr * learned + fusion.conceptual * conceptual + context).toBeCloseTo(score, 12)
        const before = p0.results.find((result) => result.id === id)
        if (before) expect(before.score).toBeCloseTo(conceptual, 12)
      }
    }
  })

  it("lets a model that reads question and passage together change the order, and shows by how much", async () => {
    const bench = createRagBench()
    await bench.addPath(sampleDir)
    const request = { query: "Where is the main water valve?", collectionIds: null, topK: 10 }
    const ask = async (status: "used" | "late" | null): Promise<PhaseEvent[]> => {
      const phases: PhaseEvent[] = []
      const rerank = (status: "used" | "late") => async (_query: string, texts: readonly string[]) => ({
        status,
        model: "fake",
        pairs: 3,
        ms: 1,
        // The third is the answer; texts come with title and headings.
        scores:
          status === "used" ? texts.slice(0, 3).map((text, at) => (text.includes("\n") && at === 2 ? 0.9 : 0.1)) : [],
      })
      const deps = status === null ? bench.retrieveDeps : { ...bench.retrieveDeps, rerank: rerank(status) }
      for await (const event of retrieve(ownerActor, request, deps, signal)) {
        if (event.type === "retrieve-phase") phases.push(event)
      }
      return phases
    }
    const [, p1, p2] = (await ask("used")) as [PhaseEvent, PhaseEvent, PhaseEvent]
    expect(p2.results[0]?.id).toBe(p1.results[2]?.id)
    expect(applyDelta(p1.results, p2.delta)).toEqual(applyDelta(p2.results, []))
    expect(p2.meta.rerank).toMatchObject({ status: "used", model: "fake", pairs: 3 })
    for (const { id, score, adjustments = [] } of p2.results) {
      const before = p1.results.find((result) => result.id === id)?.score
      if (before === undefined) continue
      expect(adjustments.reduce((sum, { value }) => sum + value, before)).toBeCloseTo(score, 12)
    }
    expect(p2.results[0]?.adjustments).toContainEqual(
      expect.objectContaining({ name: "cross-encoder", reason: "Read together with the question: 0.900" }),
    )
    const [, , late] = (await ask("late")) as [PhaseEvent, PhaseEvent, PhaseEvent]
    const [, , without] = (await ask(null)) as [PhaseEvent, PhaseEvent, PhaseEvent]
    expect(late.results).toEqual(without.results)
    expect(late.meta.rerank).toMatchObject({ status: "late" })
  })

  it("searches only the collections that are named", async () => {
    const bench = createRagBench()
    await bench.addPath(sampleDir)
    const other = await bench.store.collections.create(ownerActor, { name: "Empty" })
    const retrieval = await bench.ask("Who is the landlord?", { collectionIds: [other.id] })
    expect(retrieval.ranked).toEqual([])
    expect(retrieval.found).toBe(false)
  })

  it("uses an index only with the embedder it was built with, and the new one once it is complete", async () => {
    const asked: string[] = []
    const bench = createRagBench({ embedder: createWordEmbedder({ fingerprint: "old" }) })
    await bench.addPath(sampleDir)
    bench.useEmbedder(createWordEmbedder({ fingerprint: "new", onEmbed: (texts) => asked.push(...texts) }))
    expect((await bench.ask("Who is the landlord?")).embedder).toBeNull()
    expect(await bench.vectorIndex.needsRebuild()).toBe(true)

    const abort = new AbortController()
    const stopped = bench.vectorIndex.rebuild(ownerActor, abort.signal, (done) => done > 0 && abort.abort())
    await stopped.catch(() => {})
    expect((await bench.store.chunks.indexes()).active).toBe("old")
    const before = asked.length

    const steps: number[] = []
    await bench.vectorIndex.rebuild(ownerActor, signal, (done) => steps.push(done))
    const { active, counts, chunks } = await bench.store.chunks.indexes()
    expect(active).toBe("new")
    expect(counts).toEqual({ new: chunks })
    expect(asked).toHaveLength(chunks)
    expect(before).toBeLessThanOrEqual(chunks)
    expect(steps.at(-1)).toBe(chunks)
    expect((await bench.ask("Who is the landlord?")).embedder?.fingerprint).toBe("new")
  })

  it("stops when it is aborted", async () => {
    const bench = createRagBench()
    await bench.addPath(sampleDir)
    const abort = new AbortController()
    const events = retrieve(ownerActor, { query: "rent", collectionIds: null }, bench.retrieveDeps, abort.signal)
    await events.next()
    abort.abort(new Error("stop"))
    await expect(events.next()).rejects.toThrow("stop")
  })
})
