/**
 * Speed of the embedder in its child against a raw onnxruntime loop in this process over the same texts, length-sorted, with as many
 * threads. Both sides take the same 48 texts in turn, and who is first changes with each turn; the ratio is the median over the turns'
 * own ratios, so that what slows the machine for a while slows both. By token budget with `--budgets`. With `--transformers FOLDER`, where
 * `@huggingface/transformers` is installed in FOLDER, its pipeline takes the same texts in the order they come.
 */

import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { availableParallelism, tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { pathToFileURL } from "node:url"
import { Tensor } from "onnxruntime-node"
import { dot as cosine } from "#core/dot.ts"
import { loadEmbedder } from "#engines/onnx/embeddingModel.ts"
import { planBatches } from "#engines/onnx/planBatches.ts"
import { openSession } from "#engines/onnx/session.ts"
import { loadTokenizer } from "#engines/onnx/textTokenizer.ts"
import { miniLmFiles, testdataDir } from "../models/modelFiles.ts"
import { openMiniLm, questionTimes } from "./shared/miniLm.ts"

const rounds = 4
const textCount = 192
/** Texts per turn: some seconds of work. */
const turnTexts = 48
const maxTokens = 256
const threads = Math.max(1, availableParallelism())
const signal = new AbortController().signal
const texts = sampleTexts()

const tokenizer = await loadTokenizer(miniLmFiles.tokenizerPath)
const session = await openSession(miniLmFiles.modelPath, { threads, inputs: ["input_ids"] })

/** What anybody would write without a product: tokenise, sort by length, batches of a fixed size, mean, unit length. */
async function rawLoop(texts: readonly string[], batchSize: number): Promise<Float32Array[]> {
  const encoded = texts.map((text) => tokenizer.encode(text, maxTokens))
  const order = encoded.map((_, index) => index).sort((a, b) => encoded[a]!.length - encoded[b]!.length)
  const result: Float32Array[] = new Array(texts.length)
  for (let start = 0; start < order.length; start += batchSize) {
    const batch = order.slice(start, start + batchSize)
    const width = Math.max(...batch.map((index) => encoded[index]!.length))
    const ids = new BigInt64Array(batch.length * width)
    const mask = new BigInt64Array(batch.length * width)
    batch.forEach((index, row) => {
      encoded[index]!.forEach((token, column) => {
        ids[row * width + column] = BigInt(token)
        mask[row * width + column] = 1n
      })
    })
    const shape = [batch.length, width]
    const output = await session.run({
      input_ids: new Tensor("int64", ids, shape),
      attention_mask: new Tensor("int64", mask, shape),
      token_type_ids: new Tensor("int64", new BigInt64Array(ids.length), shape),
    })
    const hidden = output.last_hidden_state!.data as Float32Array
    batch.forEach((index, row) => {
      const vector = new Float32Array(384)
      for (let token = 0; token < encoded[index]!.length; token++)
        for (let k = 0; k < 384; k++) vector[k]! += hidden[(row * width + token) * 384 + k]!
      let squares = 0
      for (const value of vector) squares += value * value
      result[index] = vector.map((value) => value / Math.sqrt(squares))
    })
  }
  return result
}

const { embedder, stop } = openMiniLm({ threads, maxTokens })

try {
  const first = await embedder.embed(texts, "passage", signal)
  const reference = await rawLoop(texts, 32)
  const worst = Math.min(...first.map((vector, index) => cosine(vector, reference[index]!)))
  for (const batchSize of [32, 8]) {
    await compare(`raw loop in batches of ${batchSize}`, (own) => rawLoop(own, batchSize))
  }
  await timeQuestions()
  console.log(`embed: lowest cosine to the raw loop ${worst.toFixed(6)}`)
  const peer = process.argv.indexOf("--transformers")
  if (peer > 0) await compareTransformers(resolve(process.argv[peer + 1] ?? "."))
  if (process.argv.includes("--budgets")) await compareBudgets()
} finally {
  await stop()
  await session.release()
}

/** Prints our rate, the other's, and the ratio. */
async function compare(name: string, other: (own: string[]) => Promise<unknown>): Promise<void> {
  const ours: number[] = []
  const others: number[] = []
  for (let turn = 0; turn < (rounds * texts.length) / turnTexts; turn++) {
    const own = texts.filter((_, index) => index % (texts.length / turnTexts) === turn % (texts.length / turnTexts))
    const runOurs = async () => ours.push(await timed(() => embedder.embed(own, "passage", signal)))
    const runOther = async () => others.push(await timed(() => other(own)))
    for (const run of turn % 2 === 0 ? [runOurs, runOther] : [runOther, runOurs]) await run()
  }
  const ratios = others.map((time, turn) => time / ours[turn]!).sort((a, b) => a - b)
  const quartile = (share: number): string => ratios[Math.floor((ratios.length - 1) * share)]!.toFixed(3)
  console.log(
    `embed: ours ${rate(ours)} texts/s, ${name} ${rate(others)}, ratio ${median(ratios).toFixed(3)} (quartiles ${quartile(0.25)} to ${quartile(0.75)}, ${ratios.length} turns of ${turnTexts} texts, ${threads} threads)`,
  )
}

/** What a question adds before the first event of a search: its embedding alone, through the child. */
async function timeQuestions(): Promise<void> {
  const questions = texts.slice(0, 100).map((text) => `${text.split(/\s+/).slice(0, 9).join(" ")}?`)
  console.log(`embed: one question of nine words, ${await questionTimes(embedder, questions)}`)
}

/** The pipeline of transformers.js as its README drives it, on the same weights: batches of 32 in the order of arrival. */
async function compareTransformers(folder: string): Promise<void> {
  const model = mkdtempSync(join(tmpdir(), "transformers-peer-"))
  try {
    mkdirSync(join(model, "onnx"))
    symlinkSync(miniLmFiles.modelPath, join(model, "onnx", "model.onnx"))
    symlinkSync(miniLmFiles.tokenizerPath, join(model, "tokenizer.json"))
    writeFileSync(join(model, "config.json"), JSON.stringify({ model_type: "bert" }))
    const tokenizerConfig = { tokenizer_class: "BertTokenizer", pad_token: "[PAD]", model_max_length: maxTokens }
    writeFileSync(join(model, "tokenizer_config.json"), JSON.stringify(tokenizerConfig))
    const entry = createRequire(join(folder, "package.json")).resolve("@huggingface/transformers")
    const { pipeline, env } = await import(pathToFileURL(entry).href)
    env.allowRemoteModels = false
    env.localModelPath = "/"
    const extract = await pipeline("feature-extraction", model, {
      dtype: "fp32",
      session_options: { intraOpNumThreads: threads },
    })
    await compare("transformers.js", async (own) => {
      for (let start = 0; start < own.length; start += 32)
        await extract(own.slice(start, start + 32), { pooling: "mean", normalize: true })
    })
    await extract.dispose()
  } finally {
    rmSync(model, { recursive: true })
  }
}

async function compareBudgets(): Promise<void> {
  const model = await loadEmbedder({ ...miniLmFiles, dimensions: 384, maxTokens, pooling: "mean", threads })
  const encoded = texts.map((text) => model.tokenizer.encode(text, maxTokens))
  const lengths = encoded.map((tokens) => tokens.length)
  const budgets = [256, 512, 1024, 2048, 4096, 8192]
  const times = new Map(budgets.map((budget) => [budget, [] as number[]]))
  for (let round = 0; round < 3; round++)
    for (const budget of budgets)
      times.get(budget)?.push(
        await timed(async () => {
          for (const batch of planBatches(lengths, budget))
            await model.embedBatch(batch.map((index) => encoded[index]!))
        }),
      )
  for (const [budget, taken] of times)
    console.log(`embed: batches of ${budget} tokens: ${rate(taken, texts.length)} texts/s`)
  await model.release()
}

/** Abstracts beside the project, else sentences made here. */
function sampleTexts(): string[] {
  const folder = testdataDir()
  if (folder) {
    const all = readFileSync(join(folder, "ir", "cranfield", "cran.all.1400"), "utf8")
    const bodies = [...all.matchAll(/\.W\r?\n([\s\S]*?)(?=\n\.I |$(?![\s\S]))/g)].map((match) =>
      (match[1] ?? "").replace(/\s+/g, " "),
    )
    return bodies.filter((body) => body.length > 20).slice(0, textCount)
  }
  const words =
    "the filter of a pump is changed every six months unless water runs clear and pressure holds steady".split(" ")
  return Array.from({ length: textCount }, (_, index) =>
    Array.from({ length: 8 + ((index * 37) % 120) }, (_, at) => words[(index * 7 + at * 3) % words.length]).join(" "),
  )
}

async function timed(run: () => Promise<unknown>): Promise<number> {
  const begin = performance.now()
  await run()
  return performance.now() - begin
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!
}

function rate(times: readonly number[], count = turnTexts): string {
  return ((1000 * count) / median(times)).toFixed(1)
}
