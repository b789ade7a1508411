import type { EvalRunDetail, EvalStep, EvalStepName } from "#contract/evaluations.ts"
import { mean, pairedDifference, recallAt, reciprocalRank, scoreRankings } from "../evaluate.ts"
import { trainRanking } from "../trainRanking.ts"
import type { QuestionRun } from "./collect.ts"
import { learnedRankings } from "./crossValidate.ts"

/** Questions from which weights of this dataset's own are learned and shown. */
const learnableQuestions = 50
/** The step that each one's gain is told over. */
const basis: Record<EvalStepName, EvalStepName | null> = {
  bm25: null,
  vectors: "bm25",
  rrf: "bm25",
  hybrid: "rrf",
  learned: "hybrid",
  context: "learned",
  "learned-here": "hybrid",
}

export type Report = Pick<EvalRunDetail, "steps" | "perQuestion" | "judgement" | "medianMs" | "questions">

/** Scores what was collected: every step over the judged questions, with paired gains. */
export async function reportOf(collected: readonly QuestionRun[], signal: AbortSignal): Promise<Report> {
  const judged = collected.filter(({ gains }) => [...gains.values()].some((gain) => gain > 0))
  const hasVectors = judged.some(({ vectors }) => vectors.length > 0)
  const rankings = new Map<EvalStepName, string[][]>([["bm25", judged.map((run) => run.bm25)]])
  if (hasVectors) {
    rankings.set(
      "vectors",
      judged.map((run) => run.vectors),
    )
    rankings.set(
      "rrf",
      judged.map((run) => run.rrf),
    )
  }
  for (const [name, phase] of [
    ["hybrid", "P0"],
    ["learned", "P1"],
    ["context", "P2"],
  ] as const) {
    rankings.set(
      name,
      judged.map((run) => run[phase]),
    )
  }
  if (judged.length >= learnableQuestions) {
    const weightsOf = (train: Parameters<typeof trainRanking>[0]) => trainRanking(train, {}, signal)
    rankings.set("learned-here", await learnedRankings(judged, { weightsOf }))
  }
  const scores = new Map([...rankings].map(([name, lists]) => [name, scoreRankings(judged, lists).ndcg]))
  const steps = [...rankings].map(([name, lists]): EvalStep => {
    const own = scores.get(name) as number[]
    // Without vectors there is no rank fusion to build on.
    const over = basis[name] === "rrf" && !hasVectors ? "bm25" : basis[name]
    const average = (score: (run: QuestionRun, ranking: string[]) => number): number =>
      mean(judged.map((run, index) => score(run, lists[index] ?? [])))
    return {
      name,
      ndcg10: mean(own),
      mrr10: average((run, ranking) => reciprocalRank(run, ranking)),
      recall5: average((run, ranking) => recallAt(run, ranking, 5)),
      recall10: average((run, ranking) => recallAt(run, ranking, 10)),
      recall100: average((run, ranking) => recallAt(run, ranking, 100)),
      gain: over === null ? null : { over, ...gainOf(scores.get(over) as number[], own) },
    }
  })
  const share = (runs: readonly QuestionRun[], isRight: (run: QuestionRun) => boolean): number | null =>
    runs.length === 0 ? null : runs.filter(isRight).length / runs.length
  return {
    questions: collected.length,
    steps,
    judgement: {
      answerable: share(judged, (run) => run.found),
      unanswerable: share(
        collected.filter((run) => run.isUnanswerable),
        (run) => !run.found,
      ),
    },
    medianMs: collected.map(({ ms }) => ms).sort((a, b) => a - b)[Math.floor(collected.length / 2)] ?? 0,
    perQuestion: judged.map(({ id, query, found }, index) => ({
      id,
      query,
      found,
      ndcg10: steps.map(({ name }) => (scores.get(name) as number[])[index] ?? 0),
    })),
  }
}

/** Scores that differ by no more than this are the same. */
export const tie = 1e-9

/** Paired difference of per-question scores, and how many questions got better, stayed, got worse. */
export function gainOf(
  before: readonly number[],
  after: readonly number[],
): { mean: number; low: number; high: number; wins: number; ties: number; losses: number } {
  const differences = before.map((value, index) => (after[index] ?? 0) - value)
  return {
    ...pairedDifference(before, after),
    wins: differences.filter((difference) => difference > tie).length,
    ties: differences.filter((difference) => Math.abs(difference) <= tie).length,
    losses: differences.filter((difference) => difference < -tie).length,
  }
}
