import { createHash } from "node:crypto"
import type { EvalComparison, EvalRun, EvalRunDetail, PinnedQuestion } from "#contract/evaluations.ts"
import type { TurnEventBody } from "#contract/turns.ts"
import type { Actor } from "#core/actor.ts"
import { AppError } from "#core/errors.ts"
import { newId } from "#core/ids.ts"
import type { JobRunner } from "#core/jobs.ts"
import type { Embedder } from "#engines/types.ts"
import type { EvaluationRepository, Store } from "#store/types.ts"
import { shippedRanking } from "../ranking.ts"
import { type RetrieveDeps, retrievePassages } from "../retrieve.ts"
import { collectRun, isExpected, type QuestionRun } from "./collect.ts"
import { indexCorpus } from "./corpus.ts"
import { type EvalDataset, readDataset } from "./dataset.ts"
import { gainOf, reportOf, tie } from "./report.ts"

export interface EvaluationsDeps {
  repository: EvaluationRepository
  /** Of the person's own documents. */
  retrieval: RetrieveDeps
  embedder(): Embedder
  /** A store for test collections, kept under this name from one run to the next. */
  openScratch(name: string): Promise<Store>
  startJob(actor: Actor, job: { title: string; subjectId: string; payload: EvaluatePayload }): Promise<{ id: string }>
  /** An answer from the person's documents. */
  answer(
    actor: Actor,
    question: string,
    collectionIds: string[] | null,
    signal: AbortSignal,
  ): AsyncIterable<TurnEventBody>
}

export interface EvaluatePayload {
  runId: string
  /** Null: the pinned questions. */
  path: string | null
  collectionIds: string[] | null
  answers: boolean
}

export interface PinnedRecall {
  questions: number
  /** Share of pinned questions whose passage is among the first five. 1 when nothing is pinned. */
  recallAt5: number
  /** Questions that miss it. */
  missed: string[]
}

export interface Evaluations {
  start(actor: Actor, request: Omit<EvaluatePayload, "runId">): Promise<{ jobId: string; runId: string }>
  runner: JobRunner
  list(actor: Actor): Promise<EvalRun[]>
  /** With the run before of the same dataset, question by question. */
  get(actor: Actor, id: string): Promise<{ run: EvalRunDetail; comparison: EvalComparison | null }>
  delete(actor: Actor, id: string): Promise<void>
  pins(actor: Actor): Promise<PinnedQuestion[]>
  pin(actor: Actor, values: Pick<PinnedQuestion, "question" | "document" | "passage">): Promise<PinnedQuestion>
  unpin(actor: Actor, id: string): Promise<void>
}

const listedRuns = 200
/** Questions that answers are written for, at most: each takes seconds. */
const answeredQuestions = 50

export function createEvaluations(deps: EvaluationsDeps): Evaluations {
  const { repository } = deps
  return {
    async start(actor, request) {
      const runId = newId()
      // What cannot be read is told at once, not by a job that failed.
      const { name } = request.path === null ? await pinnedDataset(actor, repository) : await readDataset(request.path)
      const job = await deps.startJob(actor, { title: name, subjectId: runId, payload: { runId, ...request } })
      return { jobId: job.id, runId }
    },
    runner: {
      lane: "evaluate",
      async run(job, actor, report, signal) {
        const payload = job.payload as EvaluatePayload
        const dataset = payload.path === null ? await pinnedDataset(actor, repository) : await readDataset(payload.path)
        const progress = (done: number, current: string): void =>
          report({ done, total: dataset.questions.length, current })
        const measured = dataset.corpus
          ? await measureCollection(actor, { ...dataset, corpus: dataset.corpus }, deps, progress, signal)
          : await measureOwn(actor, dataset, payload.collectionIds, deps.retrieval, progress, signal)
        const grounded =
          payload.answers && !dataset.corpus ? await groundedness(actor, dataset, payload, deps, signal) : null
        await repository.addRun(actor, payload.runId, {
          name: dataset.name,
          datasetHash: dataset.hash,
          kind: payload.path === null ? "pinned" : "dataset",
          ...(await reportOf(measured.runs, signal)),
          grounded,
          embedder: measured.embedder,
          rankingVersion: measured.rankingVersion,
        })
      },
    },
    list: async (actor) => (await repository.runs(actor, listedRuns)).map(({ perQuestion: _, ...run }) => run),
    async get(actor, id) {
      const run = await repository.run(actor, id)
      const earlier = (await repository.runs(actor, listedRuns)).find(
        (other) => other.datasetHash === run.datasetHash && other.id !== id && other.createdAt <= run.createdAt,
      )
      return { run, comparison: earlier ? compareRuns(earlier, run) : null }
    },
    delete: repository.deleteRun,
    pins: repository.pins,
    pin: repository.pin,
    unpin: repository.unpin,
  }
}

/** Steps that both runs have, over the questions that both have. What people are answered from is the step `context`. */
export function compareRuns(before: EvalRunDetail, after: EvalRunDetail): EvalComparison {
  const earlier = new Map(before.perQuestion.map((question) => [question.id, question]))
  const shared = after.perQuestion.filter(({ id }) => earlier.has(id))
  const scoresOf = (step: string): { id: string; query: string; before: number; after: number }[] => {
    const old = before.steps.findIndex(({ name }) => name === step)
    const fresh = after.steps.findIndex(({ name }) => name === step)
    if (old < 0 || fresh < 0) return []
    return shared.map(({ id, query, ndcg10 }) => ({
      id,
      query,
      before: earlier.get(id)?.ndcg10[old] ?? 0,
      after: ndcg10[fresh] ?? 0,
    }))
  }
  const steps = after.steps.flatMap(({ name }) => {
    if (!before.steps.some((step) => step.name === name)) return []
    const scores = scoresOf(name)
    return [
      {
        name,
        ...gainOf(
          scores.map((each) => each.before),
          scores.map((each) => each.after),
        ),
      },
    ]
  })
  const changed = scoresOf("context")
    .filter((question) => Math.abs(question.after - question.before) > tie)
    .sort((a, b) => Math.abs(b.after - b.before) - Math.abs(a.after - a.before))
  return { against: before.id, steps, changed }
}

/** How well the pinned questions are found with these dependencies: what a change of embedder, chunks or weights must not lower. */
export async function pinnedRecall(
  actor: Actor,
  repository: Pick<EvaluationRepository, "pins">,
  retrieval: RetrieveDeps,
  signal: AbortSignal,
): Promise<PinnedRecall> {
  const pins = await repository.pins(actor)
  const missed: string[] = []
  for (const { question, document, passage } of pins) {
    const request = { query: question, collectionIds: null, topK: 5 }
    const { ranked } = await retrievePassages(actor, request, retrieval, signal)
    if (!ranked.some(({ chunk }) => isExpected(chunk, { document, passage }))) missed.push(question)
  }
  return {
    questions: pins.length,
    recallAt5: pins.length === 0 ? 1 : (pins.length - missed.length) / pins.length,
    missed,
  }
}

interface Measured {
  runs: QuestionRun[]
  embedder: string | null
  rankingVersion: string
}

async function measureOwn(
  actor: Actor,
  dataset: EvalDataset,
  collectionIds: string[] | null,
  retrieval: RetrieveDeps,
  progress: (done: number, current: string) => void,
  signal: AbortSignal,
): Promise<Measured> {
  const runs: QuestionRun[] = []
  for (const question of dataset.questions) {
    progress(runs.length, question.query)
    runs.push(await collectRun(actor, question, collectionIds, withoutMemory(retrieval), signal))
  }
  const embedder = await retrieval.queryEmbedder()
  const { version } = retrieval.ranking?.(actor) ?? shippedRanking
  return { runs, embedder: embedder?.modelId ?? null, rankingVersion: version }
}

/** What the person clicked, told and asked before is left out: a run measures ranking, and repeats. */
const withoutMemory = ({ feedback: _f, memories: _m, cache: _c, ...rest }: RetrieveDeps): RetrieveDeps => rest

async function measureCollection(
  actor: Actor,
  dataset: EvalDataset & { corpus: NonNullable<EvalDataset["corpus"]> },
  deps: EvaluationsDeps,
  progress: (done: number, current: string) => void,
  signal: AbortSignal,
): Promise<Measured> {
  const embedder = deps.embedder()
  const key = createHash("sha256").update(`${dataset.hash} ${embedder.fingerprint}`).digest("hex").slice(0, 16)
  const store = await deps.openScratch(key)
  try {
    const collectionId = await indexCorpus(actor, dataset, { store, embedder }, signal, (done, total) =>
      progress(0, `${done} of ${total} documents read`),
    )
    const retrieval = { ...withoutMemory(deps.retrieval), chunks: store.chunks, queryEmbedder: async () => embedder }
    return await measureOwn(actor, dataset, [collectionId], retrieval, progress, signal)
  } finally {
    await store.close()
  }
}

async function groundedness(
  actor: Actor,
  dataset: EvalDataset,
  payload: EvaluatePayload,
  deps: EvaluationsDeps,
  signal: AbortSignal,
): Promise<number | null> {
  let sentences = 0
  let supported = 0
  for (const { query } of dataset.questions
    .filter((question) => !question.isUnanswerable)
    .slice(0, answeredQuestions)) {
    for await (const event of deps.answer(actor, query, payload.collectionIds, signal)) {
      if (event.type !== "text-end" || !event.found) continue
      sentences += event.spans.length
      supported += event.spans.filter((span) => span.supported).length
    }
  }
  return sentences === 0 ? null : supported / sentences
}

async function pinnedDataset(actor: Actor, repository: Pick<EvaluationRepository, "pins">): Promise<EvalDataset> {
  const pins = (await repository.pins(actor)).toReversed()
  if (pins.length === 0) {
    throw new AppError("request.invalid", "No question is pinned yet.", {
      remedy: "Pin a question with the document it must find, or name a dataset.",
    })
  }
  return {
    name: "Pinned questions",
    hash: createHash("sha256")
      .update(pins.map(({ id }) => id).join(" "))
      .digest("hex"),
    corpus: null,
    questions: pins.map(({ id, question, document, passage }) => ({
      id,
      query: question,
      history: [],
      gains: new Map(),
      expected: [{ document, passage }],
      isUnanswerable: false,
    })),
  }
}
