import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { beforeAll, describe, expect, it } from "vitest"
import { ownerActor } from "#core/actor.ts"
import { bestSentence } from "#rag/bestSentence.ts"
import { type RetrieveEvent, retrieve } from "#rag/retrieve.ts"
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
    expect(events.map((event) => event.type)).toEqual(["retrieve-start", "retrieve-phase", "retrieve-end"])
    const end = events.at(-1)
    expect(end?.type === "retrieve-end" && end.passages[0]?.text).toContain("behind the washing machine")
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
