/**
 * Trains the ranking weights that come with the product, `models/ranking.json`, on the judged questions in `ranking/`:
 *
 *     node models/train/ranking.ts            prints the figures of a 5-fold run by question, writes nothing
 *     node models/train/ranking.ts --write    also writes the weights of all questions
 *     node models/train/ranking.ts --pulls    also prints other strengths of the pull to the hand-set weights
 *
 * Needs the default embedder (`zenglow models pull all-minilm-l6-v2`). Deterministic: the same documents give the same weights.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { ownerActor } from "#core/actor.ts"
import { systemClock } from "#core/clock.ts"
import { loadConfig } from "#core/config.ts"
import { createHostClient } from "#core/host/client.ts"
import { createForkAdapter } from "#core/host/forkAdapter.ts"
import { silentLogger } from "#core/logger.ts"
import type { OnnxContract } from "#engines/onnx/contract.ts"
import { createOnnxEmbedder } from "#engines/onnx/embedder.ts"
import { mean, pairedDifference, scoreRankings } from "#rag/evaluate.ts"
import { collectRun, type QuestionRun } from "#rag/evaluation/collect.ts"
import { type CrossValidateOptions, learnedRankings } from "#rag/evaluation/crossValidate.ts"
import { readDataset } from "#rag/evaluation/dataset.ts"
import { featureSchemaVersion } from "#rag/features.ts"
import { createIngest } from "#rag/ingest.ts"
import { readDocument } from "#rag/parse/readDocument.ts"
import { type RankingModel, shippedRanking } from "#rag/ranking.ts"
import { fitBias, trainRanking } from "#rag/trainRanking.ts"
import { createVectorIndex } from "#rag/vectorIndex.ts"
import { openSqliteStore } from "#store/sqlite/openSqliteStore.ts"

const folder = fileURLToPath(new URL("ranking", import.meta.url))
const target = fileURLToPath(new URL("../ranking.json", import.meta.url))
const signal = new AbortController().signal
const pull = 0.02

/** Where learning starts and what it is pulled to: what should hold of any question, set by hand. */
const prior: RankingModel = {
  ...shippedRanking,
  version: "prior",
  weights: {
    similarity: 1,
    similarity_share: 1,
    bm25_share: 1,
    neighbour_vectors: 0.5,
    neighbour_words: 0.5,
    bm25_title: 0.3,
    bm25_heading: 0.3,
    bm25_body: 0.5,
    coverage: 1,
    title_match: 0.3,
    heading_match: 0.3,
    proximity: 0.5,
    phrase: 0.3,
    density: 0.2,
    answer_form: 0.3,
    recency: 0.1,
    // Not learned here: clicks belong to the person.
    feedback: 2,
  },
}

const temporary = mkdtempSync(join(tmpdir(), "zenglow-train-"))
const client = createHostClient<OnnxContract>({
  name: "onnx",
  adapter: createForkAdapter({ entry: new URL("../../main/engines/onnx/entry.ts", import.meta.url) }),
  log: silentLogger,
})
const store = await openSqliteStore({ file: join(temporary, "train.db"), backupDir: temporary, log: silentLogger })
try {
  const modelFolder = join(loadConfig({}, process.env).modelsDir, "all-minilm-l6-v2")
  const embedder = createOnnxEmbedder({
    client,
    model: {
      id: "all-minilm-l6-v2",
      modelPath: join(modelFolder, "all-minilm-l6-v2.onnx"),
      tokenizerPath: join(modelFolder, "all-minilm-l6-v2-tokenizer.json"),
      dimensions: 384,
      maxTokens: 256,
      pooling: "mean",
      sha256: "train",
    },
    threads: 2,
  })
  const vectorIndex = createVectorIndex({ chunks: store.chunks, embedder: () => embedder, log: silentLogger })
  const ingest = createIngest({
    store,
    parser: { parse: (input) => readDocument(input), close: async () => {} },
    embedder: () => embedder,
    vectorIndex,
    log: silentLogger,
  })
  const collection = await store.collections.create(ownerActor, { name: "Ranking" })
  const documents = { type: "path", collectionId: collection.id, path: join(folder, "documents") } as const
  await ingest.run(ownerActor, documents, { signal, progress: () => {} })
  const dataset = await readDataset(join(folder, "judgements.yaml"))
  const deps = { chunks: store.chunks, queryEmbedder: vectorIndex.queryEmbedder, clock: systemClock }
  const runs: QuestionRun[] = []
  for (const question of dataset.questions) runs.push(await collectRun(ownerActor, question, null, deps, signal))

  const p0 = print(
    "hybrid (P0)",
    runs,
    runs.map((run) => run.P0),
  )
  print("prior", runs, await learnedRankings(runs, { weightsOf: () => prior.weights }), p0)
  const options = { prior, pull }
  if (process.argv.includes("--pulls")) {
    for (const other of [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1]) {
      const weightsOf: CrossValidateOptions["weightsOf"] = (train) =>
        trainRanking(train, { prior, pull: other }, signal)
      print(`pull ${other}`, runs, await learnedRankings(runs, { weightsOf }), p0)
    }
  }
  print(
    "learned, 5-fold",
    runs,
    await learnedRankings(runs, { weightsOf: (train) => trainRanking(train, options, signal) }),
    p0,
  )
  print(
    "shipped weights",
    runs,
    runs.map((run) => run.P1),
    p0,
  )

  const lists = runs.map((run) =>
    run.candidates.map(({ id, features }) => ({ features, gain: run.gains.get(id) ?? 0 })),
  )
  const weights = Object.fromEntries(
    Object.entries(await trainRanking(lists, options, signal)).map(([name, weight]) => [
      name,
      Number(weight.toFixed(4)),
    ]),
  )
  const bias = Number(fitBias(weights, lists).toFixed(4))
  const model: RankingModel = {
    version: `own-${dataset.hash.slice(0, 8)}`,
    featureSchemaVersion,
    bias,
    weights,
    provenance: {
      method: `Pairwise logistic regression weighted by nDCG@10, L2 pull ${pull} to hand-set weights; models/train/ranking.ts.`,
      data: `${runs.length} questions about documents written for ZenGlow (models/train/ranking), Apache-2.0. No other data.`,
      datasetSha256: dataset.hash,
      embedder: "all-minilm-l6-v2",
    },
  }
  const text = `${JSON.stringify(model, null, 2)}\n`
  if (process.argv.includes("--write")) writeFileSync(target, text)
  say(readFileSync(target, "utf8") === text ? "models/ranking.json is up to date" : text)
} finally {
  await store.close()
  await client.stop()
  rmSync(temporary, { recursive: true, force: true })
}

function print(name: string, runs: QuestionRun[], rankings: string[][], against?: number[]): number[] {
  const { ndcg } = scoreRankings(runs, rankings)
  const gain = against ? pairedDifference(against, ndcg) : null
  const change = gain ? `  ${gain.mean.toFixed(4)} [${gain.low.toFixed(4)}, ${gain.high.toFixed(4)}]` : ""
  say(`${name.padEnd(18)} nDCG@10 ${mean(ndcg).toFixed(4)}${change}`)
  return ndcg
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
