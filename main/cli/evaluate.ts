import { resolve } from "node:path"
import type { EvalComparison, EvalRunDetail } from "#contract/evaluations.ts"
import { chooseCollections } from "./ask.ts"
import type { Client } from "./client.ts"
import { ensureModels } from "./ensureModels.ts"
import { awaitDocuments, followJob } from "./jobs.ts"
import { exitCode, printResult } from "./output.ts"

/** `eval`: measures retrieval on a dataset, or on the pinned questions, keeps the run and compares it with the one before. */
export async function evaluate(
  client: Client,
  dataset: string | undefined,
  options: { answers: boolean; collection?: string; json: boolean },
  signal: AbortSignal,
): Promise<number> {
  await ensureModels(client, options.answers ? ["embedder", "llm"] : ["embedder"], signal)
  await awaitDocuments(client, signal)
  const collectionIds = await chooseCollections(client, { collection: options.collection }, signal)
  const { jobId, runId } = await client.api(
    "POST /api/evaluations",
    {
      body: {
        ...(dataset === undefined ? {} : { path: resolve(dataset) }),
        ...(collectionIds ? { collectionIds } : {}),
        answers: options.answers,
      },
    },
    signal,
  )
  await followJob(client, jobId, signal)
  const result = await client.api("GET /api/evaluations/:id", { params: { id: runId } }, signal)
  printResult(result, options.json, () =>
    [
      ...table(result.run),
      ...(result.comparison
        ? [
            "",
            "Against the run before:",
            ...result.comparison.steps.map(({ name, ...gain }) => `  ${name.padEnd(13)} ${gainText(gain)}`),
            ...changes(result.comparison),
          ]
        : []),
    ].join("\n"),
  )
  return exitCode.done
}

const shownChanges = 20

/** The questions that were won and lost, largest change first. */
function changes({ changed }: EvalComparison): string[] {
  const left = changed.length - shownChanges
  return [
    ...changed
      .slice(0, shownChanges)
      .map(
        ({ query, before, after }) =>
          `  ${after > before ? "better" : "worse "}        ${before.toFixed(4)} → ${after.toFixed(4)}  ${query}`,
      ),
    ...(left > 0 ? [`  and ${left} more (--json)`] : []),
  ]
}

function table(run: EvalRunDetail): string[] {
  const share = (value: number | null): string => (value === null ? "not run" : `${(100 * value).toFixed(0)} %`)
  return [
    `${run.name}: ${run.questions} questions, ${run.embedder ?? "words alone"}, ranking ${run.rankingVersion}`,
    "step           nDCG@10   MRR@10  R@5     R@10    R@100   gain in nDCG@10 [95 %], wins / ties / losses",
    ...run.steps.map((step) =>
      [
        step.name.padEnd(13),
        ...[step.ndcg10, step.mrr10, step.recall5, step.recall10, step.recall100].map(
          (value) => ` ${value.toFixed(4)}`,
        ),
        step.gain ? ` ${gainText(step.gain)} over ${step.gain.over}` : "",
      ].join(" "),
    ),
    `judged answerable: ${share(run.judgement.answerable)}, unanswerable told so: ${share(run.judgement.unanswerable)}`,
    `sentences that a citation supports: ${share(run.grounded)}`,
    `${run.medianMs.toFixed(1)} ms per question (median)`,
  ]
}

const gainText = (gain: {
  mean: number
  low: number
  high: number
  wins: number
  ties: number
  losses: number
}): string =>
  `${gain.mean >= 0 ? "+" : ""}${gain.mean.toFixed(4)} [${gain.low.toFixed(4)}, ${gain.high.toFixed(4)}]  ${gain.wins} / ${gain.ties} / ${gain.losses}`
