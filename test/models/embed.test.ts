import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { dot as cosine } from "#core/dot.ts"
import { createHostClient } from "#core/host/client.ts"
import { createForkAdapter } from "#core/host/forkAdapter.ts"
import type { EngineClient } from "#core/host/types.ts"
import { silentLogger } from "#core/logger.ts"
import type { OnnxContract } from "#engines/onnx/contract.ts"
import { createOnnxEmbedder } from "#engines/onnx/embedder.ts"
import type { Embedder } from "#engines/types.ts"
import { miniLmFiles } from "./modelFiles.ts"

const signal = new AbortController().signal

describe.skipIf(!existsSync(miniLmFiles.modelPath))("embeddings on MiniLM", () => {
  let client: EngineClient<OnnxContract>
  let embedder: Embedder
  const model = {
    id: "all-minilm-l6-v2",
    ...miniLmFiles,
    dimensions: 384,
    maxTokens: 256,
    pooling: "mean",
    sha256: "0".repeat(64),
  } as const
  beforeAll(() => {
    client = createHostClient<OnnxContract>({
      name: "onnx",
      adapter: createForkAdapter({ entry: new URL("../../main/engines/onnx/entry.ts", import.meta.url) }),
      log: silentLogger,
      concurrency: 4,
    })
    embedder = createOnnxEmbedder({ client, model, threads: 2 })
  })
  afterAll(() => client.stop())

  it("matches the cosines that the model's hosted reference gives", async () => {
    // The sentence-similarity example of Hugging Face's inference documentation.
    const [person, ...others] = await embedder.embed(
      ["That is a happy person", "That is a happy dog", "That is a very happy person", "Today is a sunny day"],
      "passage",
      signal,
    )
    const cosines = others.map((other) => cosine(person as Float32Array, other))
    for (const [index, expected] of [0.694577, 0.942915, 0.256876].entries())
      expect(cosines[index]).toBeCloseTo(expected, 4)
  })

  it("gives a text the same unit vector alone as among others, in the order asked", async () => {
    const texts = Array.from(
      { length: 40 },
      (_, index) => `Note ${index}: ${"the pump is checked and cleaned ".repeat(1 + ((index * 7) % 20))}`,
    )
    const together = await embedder.embed(texts, "passage", signal)
    for (const index of [0, 7, 19, 39]) {
      const [alone] = await embedder.embed([texts[index] as string], "passage", signal)
      expect(cosine(alone as Float32Array, together[index] as Float32Array)).toBeGreaterThan(0.99999)
      expect(Math.hypot(...(together[index] as Float32Array))).toBeCloseTo(1, 5)
    }
  })

  it("reads past the tokenizer's own cut at 128 tokens, and cuts at 256", async () => {
    const filler = "one two three four five six seven eight nine ten ".repeat(14)
    const [plain, late] = await embedder.embed([filler, `${filler} volcano eruption`], "passage", signal)
    expect(cosine(plain as Float32Array, late as Float32Array)).toBeLessThan(0.995)
    const [long, longer] = await embedder.embed(
      [filler.repeat(4), `${filler.repeat(4)} volcano eruption`],
      "passage",
      signal,
    )
    expect(cosine(long as Float32Array, longer as Float32Array)).toBeGreaterThan(0.99999)
    expect(await embedder.countTokens([filler, ""])).toEqual([142, 2])
  })

  it("answers an empty list, an empty text and odd characters", async () => {
    expect(await embedder.embed([], "passage", signal)).toEqual([])
    const vectors = await embedder.embed(["", "\u0000\uD800 🎧 汉字", " ".repeat(10_000)], "passage", signal)
    for (const vector of vectors) expect(Math.hypot(...vector)).toBeCloseTo(1, 5)
  })

  it("lets a question go before the rest of an ingest, and drops an aborted one between batches", async () => {
    const texts = Array.from(
      { length: 200 },
      (_, index) => `Passage ${index}. ${"Water flows through the valve. ".repeat(12)}`,
    )
    const finished: string[] = []
    const controller = new AbortController()
    const ingest = embedder.embed(texts, "passage", controller.signal).then(
      () => finished.push("ingest"),
      () => finished.push("aborted"),
    )
    await embedder.embed(["How is the valve opened?"], "query", signal)
    finished.push("question")
    controller.abort(new Error("enough"))
    await ingest
    expect(finished).toEqual(["question", "aborted"])
  })

  it("refuses damaged files and other networks without losing its child", async () => {
    const folder = mkdtempSync(join(tmpdir(), "zenglow-onnx-"))
    try {
      const cut = join(folder, "cut.onnx")
      const badTokenizer = join(folder, "tokenizer.json")
      writeFileSync(cut, readFileSync(miniLmFiles.modelPath).subarray(0, 1_000_000))
      writeFileSync(badTokenizer, "{}")
      for (const [change, code] of [
        [{ modelPath: cut }, "model.corrupt"],
        [{ modelPath: join(folder, "none.onnx") }, "model.missing"],
        [{ tokenizerPath: badTokenizer }, "model.corrupt"],
      ] as const) {
        const bad = createOnnxEmbedder({ client, model: { ...model, ...change }, threads: 1 })
        await expect(bad.embed(["text"], "passage", signal)).rejects.toMatchObject({ code })
      }
      const wide = createOnnxEmbedder({ client, model: { ...model, dimensions: 768 }, threads: 1 })
      await expect(wide.embed(["text"], "passage", signal)).rejects.toMatchObject({ code: "model.incompatible" })
      expect(await embedder.embed(["text"], "passage", signal)).toHaveLength(1)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})
