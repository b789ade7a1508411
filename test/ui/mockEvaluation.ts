import type { EvalRun, EvalRunDetail, EvalStep, PinnedQuestion } from "#contract/evaluations.ts"
import type { RouteInput, RouteOutput } from "#contract/route.ts"
import type { RouteKey, Routes } from "#contract/routes.ts"
import type { SeedState } from "./seed.ts"

type Handlers = {
  [K in RouteKey]?: (input: RouteInput<Routes[K]>, files: string[]) => RouteOutput<Routes[K]>
}

const step = (name: EvalStep["name"], ndcg10: number, over: EvalStep["name"] | null): EvalStep => ({
  name,
  ndcg10,
  mrr10: ndcg10 + 0.05,
  recall5: ndcg10 - 0.1,
  recall10: ndcg10,
  recall100: ndcg10 + 0.1,
  gain: over ? { over, mean: 0.02, low: 0.004, high: 0.036, wins: 9, ties: 20, losses: 3 } : null,
})

const runOf = (id: string, createdAt: number, shift: number): EvalRunDetail => ({
  id,
  name: "Pinned questions",
  datasetHash: "pins",
  kind: "pinned",
  questions: 32,
  steps: [
    step("bm25", 0.71 + shift, null),
    step("hybrid", 0.8 + shift, "bm25"),
    step("learned", 0.83 + shift, "hybrid"),
    step("context", 0.83 + shift, "learned"),
  ],
  judgement: { answerable: 0.94, unanswerable: null },
  grounded: null,
  embedder: "all-minilm-l6-v2",
  rankingVersion: "own-1",
  medianMs: 31,
  createdAt,
  perQuestion: [
    { id: "1", query: "Where is the main water valve?", ndcg10: [0.4, 0.5, 0.6, 0.63], found: true },
    { id: "2", query: "How often must the filter be changed?", ndcg10: [1, 1, 1, 1], found: true },
  ],
})

/** Runs and pinned questions, kept in memory. */
export function evaluationHandlers(state: SeedState, now: number, fail: () => never): Handlers {
  const isFull = state === "full"
  let runs = isFull ? [runOf("run-2", now - 3_600_000, 0.03), runOf("run-1", now - 90_000_000, 0)] : []
  let pins: PinnedQuestion[] = isFull
    ? [
        {
          id: "pin-1",
          question: "How often must the filter be changed?",
          document: "water-filter-jug.md",
          passage: "every 4 weeks",
          createdAt: now - 90_000_000,
        },
      ]
    : []
  return {
    "GET /api/evaluations": () => ({ items: runs.map(({ perQuestion: _, ...run }): EvalRun => run) }),
    "GET /api/evaluations/:id": ({ params }) => {
      const run = runs.find(({ id }) => id === params.id) ?? fail()
      const other = runs.find(({ id }) => id !== run.id)
      const difference = { mean: 0.03, low: 0.01, high: 0.05, wins: 5, ties: 26, losses: 1 }
      const changed = [{ id: "2", query: "Which day is the bin emptied?", before: 0.43, after: 0.63 }]
      return {
        run,
        comparison: other ? { against: other.id, steps: [{ name: "context" as const, ...difference }], changed } : null,
      }
    },
    "DELETE /api/evaluations/:id": ({ params }) => {
      runs = runs.filter(({ id }) => id !== params.id)
      return { ok: true as const }
    },
    "POST /api/evaluations": () => ({ jobId: "job-evaluate", runId: "run-3" }),
    "GET /api/pinned-questions": () => ({ items: pins }),
    "POST /api/pinned-questions": ({ body: { question, document = null, passage = null } }) => {
      const pin = { id: `pin-${pins.length + 1}`, question, document, passage, createdAt: now }
      pins = [pin, ...pins]
      return pin
    },
    "DELETE /api/pinned-questions/:id": ({ params }) => {
      pins = pins.filter(({ id }) => id !== params.id)
      return { ok: true as const }
    },
  }
}
