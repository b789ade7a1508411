import { z } from "zod"
import { id, ok, timestamp } from "./common.ts"
import type { RouteTable } from "./route.ts"

/** Ways of ranking that a run compares. `learned-here`: weights learned on this dataset, each question ranked by those of the others. */
export const evalStepName = z.enum(["bm25", "vectors", "rrf", "hybrid", "learned", "context", "learned-here"])
export type EvalStepName = z.infer<typeof evalStepName>

/** Mean over questions with a 95 % bootstrap interval of the paired difference. */
export const evalGain = z.object({
  over: evalStepName,
  mean: z.number(),
  low: z.number(),
  high: z.number(),
  wins: z.number().int(),
  ties: z.number().int(),
  losses: z.number().int(),
})

export const evalStep = z.object({
  name: evalStepName,
  ndcg10: z.number(),
  mrr10: z.number(),
  recall5: z.number(),
  recall10: z.number(),
  recall100: z.number(),
  /** nDCG@10 against the step it builds on. */
  gain: evalGain.nullable(),
})
export type EvalStep = z.infer<typeof evalStep>

export const evalRun = z.object({
  id,
  /** The dataset's name. */
  name: z.string(),
  /** sha256 of the dataset: only runs of the same one compare. */
  datasetHash: z.string(),
  /** `pinned`: the person's pinned questions. */
  kind: z.enum(["dataset", "pinned"]),
  questions: z.number().int(),
  steps: z.array(evalStep),
  /** Of questions whose dataset says whether the documents answer them: shares that were judged right. */
  judgement: z.object({ answerable: z.number().nullable(), unanswerable: z.number().nullable() }),
  /** Share of the answers' sentences that a citation supports. Null: answers were not asked for. */
  grounded: z.number().nullable(),
  embedder: z.string().nullable(),
  rankingVersion: z.string(),
  medianMs: z.number(),
  createdAt: timestamp,
})
export type EvalRun = z.infer<typeof evalRun>

export const evalRunDetail = evalRun.extend({
  perQuestion: z.array(
    z.object({
      id: z.string(),
      query: z.string(),
      /** nDCG@10 of each step, in the order of `steps`. */
      ndcg10: z.array(z.number()),
      found: z.boolean(),
    }),
  ),
})
export type EvalRunDetail = z.infer<typeof evalRunDetail>

export const evalComparison = z.object({
  against: id,
  steps: z.array(
    z.object({
      name: evalStepName,
      mean: z.number(),
      low: z.number(),
      high: z.number(),
      wins: z.number().int(),
      ties: z.number().int(),
      losses: z.number().int(),
    }),
  ),
  /** Questions that the step `context` ranks better or worse than before, the largest change first. */
  changed: z.array(
    z.object({
      id: z.string(),
      query: z.string(),
      /** nDCG@10. */
      before: z.number(),
      after: z.number(),
    }),
  ),
})
export type EvalComparison = z.infer<typeof evalComparison>

/** A question with what it must find: a change of embedder is only taken over when these are found as well as before. */
export const pinnedQuestion = z.object({
  id,
  question: z.string(),
  /** File name, end of a path, or title. */
  document: z.string().nullable(),
  /** Words that stand in the passage. */
  passage: z.string().nullable(),
  createdAt: timestamp,
})
export type PinnedQuestion = z.infer<typeof pinnedQuestion>

const params = z.strictObject({ id })
const text = z.string().trim().min(1)

export const evaluationRoutes = {
  "POST /api/evaluations": {
    summary:
      "Measure retrieval on a dataset of this machine, or on the pinned questions (job; its subject is the run).",
    scope: "owner",
    body: z.strictObject({
      /** A test collection's folder or a YAML file of questions. Absent: the pinned questions. */
      path: z.string().max(4096).optional(),
      collectionIds: z.array(id).max(100).optional(),
      /** Also write answers and check their sentences. Slow. */
      answers: z.boolean().default(false),
    }),
    output: z.object({ jobId: id, runId: id }),
    status: 202,
    errors: ["request.invalid"],
  },
  "GET /api/evaluations": {
    summary: "Measured runs, newest first.",
    scope: "rag",
    output: z.object({ items: z.array(evalRun) }),
  },
  "GET /api/evaluations/:id": {
    summary: "One run with its questions, compared with the one before of the same dataset.",
    scope: "rag",
    params,
    output: z.object({ run: evalRunDetail, comparison: evalComparison.nullable() }),
    errors: ["evaluation.not-found"],
  },
  "DELETE /api/evaluations/:id": {
    summary: "Forget a run.",
    scope: "rag",
    audit: "evaluation.delete",
    params,
    output: ok,
    errors: ["evaluation.not-found"],
  },
  "GET /api/pinned-questions": {
    summary: "Pinned questions, newest first.",
    scope: "rag",
    output: z.object({ items: z.array(pinnedQuestion) }),
  },
  "POST /api/pinned-questions": {
    summary: "Pin a question with the document or the words that it must find.",
    scope: "rag",
    body: z
      .strictObject({
        question: text.max(2000),
        document: text.max(1000).optional(),
        passage: text.max(1000).optional(),
      })
      .refine(({ document, passage }) => document !== undefined || passage !== undefined, {
        message: "Say which document or which words it must find.",
      }),
    output: pinnedQuestion,
    status: 201,
  },
  "DELETE /api/pinned-questions/:id": {
    summary: "Unpin a question.",
    scope: "rag",
    audit: "pinned-question.delete",
    params,
    output: ok,
    errors: ["evaluation.not-found"],
  },
} as const satisfies RouteTable
