import { existsSync } from "node:fs"
import { mkdtemp, readFile, rm } from "node:fs/promises"
import { availableParallelism, tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { ownerActor } from "#core/actor.ts"
import { createHostClient } from "#core/host/client.ts"
import { createForkAdapter } from "#core/host/forkAdapter.ts"
import type { EngineClient } from "#core/host/types.ts"
import { silentLogger } from "#core/logger.ts"
import type { OnnxContract } from "#engines/onnx/contract.ts"
import { createOnnxEmbedder } from "#engines/onnx/embedder.ts"
import { bestSentence } from "#rag/bestSentence.ts"
import { extractiveAnswer } from "#rag/extractiveAnswer.ts"
import { openSqliteStore } from "#store/sqlite/openSqliteStore.ts"
import type { Store } from "#store/types.ts"
import { createRagBench, type RagBench } from "../fakes/ragBench.ts"
import { miniLmFiles } from "./modelFiles.ts"

const signal = new AbortController().signal
const sampleDir = fileURLToPath(new URL("../../main/rag/sample", import.meta.url))
const fixture = new URL("../fixtures/rag/judgements.json", import.meta.url)

describe.skipIf(!existsSync(miniLmFiles.modelPath))("retrieval with the real embedder and the real store", () => {
  let folder: string
  let client: EngineClient<OnnxContract>
  let store: Store
  let bench: RagBench
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "zenglow-retrieval-"))
    const entry = new URL("../../main/engines/onnx/entry.ts", import.meta.url)
    client = createHostClient<OnnxContract>({ name: "onnx", adapter: createForkAdapter({ entry }), log: silentLogger })
    const embedder = createOnnxEmbedder({
      client,
      threads: availableParallelism(),
      model: {
        id: "all-minilm-l6-v2",
        ...miniLmFiles,
        dimensions: 384,
        maxTokens: 256,
        pooling: "mean",
        sha256: "test",
      },
    })
    store = await openSqliteStore({ file: join(folder, "zenglow.db"), backupDir: folder, log: silentLogger })
    bench = createRagBench({ embedder, store })
    await bench.addPath(sampleDir)
  })
  afterAll(async () => {
    await store?.close()
    await client?.stop()
    await rm(folder, { recursive: true, force: true })
  })

  it("finds, quotes and refuses on the judged questions as often as it is calibrated for", async () => {
    const judgements = JSON.parse(await readFile(fixture, "utf8")) as {
      question: string
      path: string | null
      says?: string
      history?: string[]
    }[]
    const share = { right: [0, 0], found: [0, 0], quoted: [0, 0], refused: [0, 0] }
    const count = (name: keyof typeof share, isGood: boolean): void => {
      share[name][0]! += isGood ? 1 : 0
      share[name][1]! += 1
    }
    for (const { question, path, says = "", history = [] } of judgements) {
      const retrieval = await bench.ask(question, { history })
      if (path === null) {
        count("refused", !retrieval.found)
        continue
      }
      count("right", retrieval.ranked[0]?.chunk.documentPath.endsWith(path) ?? false)
      count("found", retrieval.found)
      const answer = await extractiveAnswer(retrieval.passages, retrieval, signal)
      count("quoted", answer?.text.toLowerCase().includes(says.toLowerCase()) ?? false)
    }
    const of = (name: keyof typeof share): number => share[name][0]! / share[name][1]!
    expect(of("right")).toBeGreaterThanOrEqual(0.95)
    expect(of("found")).toBeGreaterThanOrEqual(0.9)
    expect(of("quoted")).toBeGreaterThanOrEqual(0.85)
    expect(of("refused")).toBeGreaterThanOrEqual(0.8)
  })

  it("finds a passage by meaning where no word is the same", async () => {
    const { ranked } = await bench.ask("Which hotline advises on swallowed toxins?")
    expect(ranked[0]?.chunk.text).toContain("Poison centre")
  })

  it("quotes a sentence that stands in the document where its passage says", async () => {
    const retrieval = await bench.ask("How long should I cool a burn?")
    const best = await bestSentence(retrieval.passages, retrieval, signal)
    const passage = retrieval.passages.find((each) => each.n === best?.citation)
    expect(best?.text).toContain("10 minutes")
    const { text } = await store.documents.text(ownerActor, passage?.documentId ?? "")
    expect(text.slice(passage?.start, passage?.end)).toContain(best?.text)
  })
})
