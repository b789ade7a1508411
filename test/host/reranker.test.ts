import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, expect, it } from "vitest"
import { createHostClient } from "#core/host/client.ts"
import { createForkAdapter } from "#core/host/forkAdapter.ts"
import type { EngineClient } from "#core/host/types.ts"
import { silentLogger } from "#core/logger.ts"
import type { OnnxContract } from "#engines/onnx/contract.ts"
import { createOnnxReranker } from "#engines/onnx/reranker.ts"
import type { Reranker } from "#engines/types.ts"
import { tinyCrossEncoder } from "../fakes/tinyCrossEncoder.ts"

const { signal } = new AbortController()
const tiny = tinyCrossEncoder()
let folder: string
let client: EngineClient<OnnxContract>
let reranker: Reranker

const open = (name: string, model: Uint8Array, maxTokens = 512): Reranker => {
  const paths = { modelPath: join(folder, `${name}.onnx`), tokenizerPath: join(folder, `${name}.json`) }
  writeFileSync(paths.modelPath, model)
  writeFileSync(paths.tokenizerPath, tiny.tokenizer)
  return createOnnxReranker({ client, model: { id: name, ...paths, maxTokens }, threads: 1 })
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "zenglow-rank-"))
  client = createHostClient<OnnxContract>({
    name: "onnx",
    adapter: createForkAdapter({ entry: new URL("../../main/engines/onnx/entry.ts", import.meta.url) }),
    log: silentLogger,
    concurrency: 4,
  })
  reranker = open("tiny", tiny.model)
})
afterAll(async () => {
  await client.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** What the published formula gives for `[CLS] question [SEP] text [SEP]`. */
function expected(query: string, text: string): number {
  const idsOf = (words: string): number[] => (words.toLowerCase().match(/\w+|[.?]/g) ?? []).map(tiny.idOf)
  const first = [tiny.idOf("[CLS]"), ...idsOf(query), tiny.idOf("[SEP]")]
  const score = tiny.score([...first, ...idsOf(text), tiny.idOf("[SEP]")], first.length)
  return 1 / (1 + Math.exp(-score))
}

const query = "How often do I change the filter?"

it("scores question and text as one sequence with both parts marked, in the order of the texts, whatever their lengths", async () => {
  const texts = [
    "The filter is changed every month.",
    "Boiler.",
    "The boiler is changed every year. ".repeat(12),
    "Nothing that it knows",
    ...Array.from({ length: 40 }, (_, n) =>
      `The jug is changed every ${n % 2 ? "month" : "year"}. `.repeat(1 + (n % 9)),
    ),
  ]
  const scores = await reranker.rank(query, texts, signal)
  expect(scores).toHaveLength(texts.length)
  for (const [index, text] of texts.entries()) expect(scores[index], text).toBeCloseTo(expected(query, text), 5)
  // The parts are told apart: a text is not its question.
  const [swapped] = await reranker.rank(texts[0] as string, [query], signal)
  expect(Math.abs((swapped as number) - (scores[0] as number))).toBeGreaterThan(1e-3)
})

it("cuts the text where both do not fit, and keeps the question", async () => {
  const small = open("small", tiny.model, 24)
  const long = "the boiler is changed every year . ".repeat(30)
  const [cut] = await small.rank(query, [long], signal)
  const kept = 24 - 10 - 1
  const words = long.trim().split(" ").slice(0, kept).join(" ")
  expect(cut).toBeCloseTo(expected(query, words), 5)
})

it("ends an aborted request with its reason, and answers the next one", async () => {
  const stopped = new AbortController()
  const texts = Array.from({ length: 2000 }, () => "the boiler is changed every year . ".repeat(20))
  const asked = reranker.rank(query, texts, stopped.signal)
  stopped.abort(new Error("late"))
  await expect(asked).rejects.toThrow("late")
  expect(await reranker.rank(query, [], signal)).toEqual([])
  expect(await reranker.rank(query, ["the filter"], signal)).toHaveLength(1)
})

it("refuses a model that gives several numbers for a pair", async () => {
  const wrong = open("wrong", tinyCrossEncoder(3).model)
  await expect(wrong.rank(query, ["the filter", "the jug"], signal)).rejects.toMatchObject({
    code: "model.incompatible",
  })
})

it("is freed and loaded again", async () => {
  await reranker.unload()
  expect(reranker.loadState()).toBe("unloaded")
  expect(await reranker.rank(query, ["the filter"], signal)).toHaveLength(1)
  expect(reranker.loadState()).toBe("loaded")
})
