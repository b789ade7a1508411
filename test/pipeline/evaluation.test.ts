import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { ownerActor } from "#core/actor.ts"
import type { StoredJob } from "#core/jobs.ts"
import { readDataset } from "#rag/evaluation/dataset.ts"
import { createEvaluations, type EvaluatePayload, type Evaluations, pinnedRecall } from "#rag/evaluation/evaluations.ts"
import { createMemoryStore } from "#store/memory/createMemoryStore.ts"
import { createRagBench, type RagBench } from "../fakes/ragBench.ts"
import { createWordEmbedder } from "../fakes/wordEmbedder.ts"

const sampleDir = fileURLToPath(new URL("../../main/rag/sample", import.meta.url))
const signal = new AbortController().signal
let folder: string
let bench: RagBench
let evaluations: Evaluations
let jobs: { payload: EvaluatePayload }[]

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "zenglow-eval-"))
  bench = createRagBench({ embedder: createWordEmbedder() })
  await bench.addPath(sampleDir)
  jobs = []
  evaluations = createEvaluations({
    repository: bench.store.evaluations,
    retrieval: bench.retrieveDeps,
    embedder: () => createWordEmbedder(),
    openScratch: async () => createMemoryStore(),
    startJob: async (_actor, job) => {
      jobs.push(job)
      return { id: `job-${jobs.length}` }
    },
    async *answer(_actor, question) {
      const supported = question.includes("filter")
      const spans = [{ start: 0, end: 4, citations: supported ? [1] : [], supported }]
      const outcome = { usage: null, contextTokens: 0, contextLimit: 0, found: true }
      yield { type: "text-end", model: null, text: "Yes.", spans, ...outcome }
    },
  })
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** Starts a run and does its job's work. */
async function measure(request: Partial<EvaluatePayload>): Promise<string> {
  const { runId } = await evaluations.start(ownerActor, { path: null, collectionIds: null, answers: false, ...request })
  const job = { payload: jobs.at(-1)?.payload } as StoredJob
  await evaluations.runner.run(job, ownerActor, () => {}, signal)
  return runId
}

const file = async (name: string, content: string): Promise<string> => {
  const path = join(folder, name)
  await writeFile(path, content)
  return path
}

const questions = `
- question: How often should the filter be changed?
  document: water-filter-jug.md
  passage: every 4 weeks
- { question: Where is the main water valve?, document: emergency-sheet.md }
- question: What must be replaced or changed regularly?
  expected:
    - { document: water-filter-jug.md, passage: every 4 weeks }
    - { document: emergency-sheet.md, passage: fire extinguisher }
- { question: Who won the chess tournament in Zanzibar? }
`

describe("a run over the person's own documents", () => {
  it("scores every step, tells what was judged answerable, and is kept", async () => {
    const runId = await measure({ path: await file("questions.yaml", questions), answers: true })
    const { run, comparison } = await evaluations.get(ownerActor, runId)
    expect(run).toMatchObject({ name: "questions.yaml", kind: "dataset", questions: 4, grounded: 1 / 3 })
    expect(run.steps.map(({ name }) => name)).toEqual(["bm25", "vectors", "rrf", "hybrid", "learned", "context"])
    for (const step of run.steps) {
      expect(step.ndcg10).toBeGreaterThan(0.3)
      expect(step.recall5).toBeLessThanOrEqual(step.recall10)
      expect(step.recall10).toBeLessThanOrEqual(step.recall100)
    }
    expect(run.steps[3]?.gain).toMatchObject({ over: "rrf" })
    expect(run.perQuestion[0]?.ndcg10).toEqual([1, 1, 1, 1, 1, 1])
    expect(run.judgement.unanswerable).toBe(1)
    expect(comparison).toBeNull()
  })

  it("compares with the run before of the same dataset, question by question", async () => {
    const path = await file("again.yaml", questions)
    const first = await measure({ path })
    const second = await measure({ path })
    const { comparison } = await evaluations.get(ownerActor, second)
    expect(comparison?.against).toBe(first)
    // Nothing changed, so no question did: a run repeats.
    for (const step of comparison?.steps ?? []) expect(step).toMatchObject({ mean: 0, wins: 0, losses: 0, ties: 3 })
    expect(comparison?.changed).toEqual([])
    await evaluations.delete(ownerActor, second)
    await expect(evaluations.get(ownerActor, second)).rejects.toMatchObject({ code: "evaluation.not-found" })
  })
})

describe("a test collection", () => {
  it("is read in BEIR's layout and ranked by documents, apart from the person's own", async () => {
    const beir = join(folder, "beir")
    await mkdir(join(beir, "qrels"), { recursive: true })
    const corpus = [
      { _id: "d1", title: "Wings", text: "Lift of a wing in supersonic flow." },
      { _id: "d2", title: "Heat", text: "Heat transfer through a thin plate." },
      { _id: "d3", title: "Plates", text: "Vibration of a plate." },
    ]
    const lines = (rows: readonly unknown[]): string => rows.map((row) => JSON.stringify(row)).join("\n")
    await writeFile(join(beir, "corpus.jsonl"), lines(corpus))
    await writeFile(
      join(beir, "queries.jsonl"),
      lines([
        { _id: "q1", text: "wing lift" },
        { _id: "q2", text: "heat in plates" },
      ]),
    )
    await writeFile(join(beir, "qrels", "test.tsv"), "query-id\tcorpus-id\tscore\nq1\td1\t2\nq2\td2\t2\nq2\td3\t1\n")
    const { run } = await evaluations.get(ownerActor, await measure({ path: beir }))
    expect(run).toMatchObject({ name: "beir", questions: 2 })
    expect(run.steps.find(({ name }) => name === "hybrid")).toMatchObject({ ndcg10: 1, mrr10: 1, recall100: 1 })
    const { items } = await bench.store.documents.list(ownerActor, { limit: 100 })
    expect(items.some(({ path }) => path === "d1")).toBe(false)
  })

  it.each([
    ["nothing.yaml", null],
    ["broken.yaml", "- [unclosed"],
    ["other.yaml", "title: no list"],
    ["typo.yaml", "- { question: Where?, documnet: a.md }"],
  ])("says what is wrong with %s", async (name, content) => {
    const path = content === null ? join(folder, name) : await file(name, content)
    await expect(readDataset(path)).rejects.toMatchObject({ code: "request.invalid" })
    const count = jobs.length
    await expect(measure({ path })).rejects.toMatchObject({ code: "request.invalid" })
    expect(jobs).toHaveLength(count)
  })
})

describe("pinned questions", () => {
  it("are measured as a run, and tell whether a change finds them worse", async () => {
    await expect(measure({})).rejects.toMatchObject({ code: "request.invalid" })
    const pin = { question: "How often should the filter be changed?", document: null, passage: "every 4 weeks" }
    const { id } = await evaluations.pin(ownerActor, pin)
    await evaluations.pin(ownerActor, {
      question: "Where is the main water valve?",
      document: "emergency-sheet.md",
      passage: null,
    })
    const { run } = await evaluations.get(ownerActor, await measure({}))
    expect(run).toMatchObject({ kind: "pinned", questions: 2 })

    const repository = bench.store.evaluations
    const now = await pinnedRecall(ownerActor, repository, bench.retrieveDeps, signal)
    expect(now).toEqual({ questions: 2, recallAt5: 1, missed: [] })
    // Searching only an empty part of the library stands for any change that loses a passage.
    const blind = { ...bench.retrieveDeps.chunks, searchLexical: async () => [], searchVector: async () => [] }
    const worse = await pinnedRecall(ownerActor, repository, { ...bench.retrieveDeps, chunks: blind }, signal)
    expect(worse.recallAt5).toBe(0)
    expect(worse.missed).toContain(pin.question)

    await evaluations.unpin(ownerActor, id)
    expect(await evaluations.pins(ownerActor)).toHaveLength(1)
  })
})
