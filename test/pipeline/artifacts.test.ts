import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, expect, it } from "vitest"
import { recorded } from "#app/jobRunners.ts"
import { createKnowledge, type Knowledge } from "#app/knowledge.ts"
import { recordIndex, recordModel } from "#app/recordArtifacts.ts"
import { ownerActor } from "#core/actor.ts"
import { silentLogger } from "#core/logger.ts"
import { loadCatalog } from "#models/catalog.ts"
import { createRagBench, type RagBench } from "../fakes/ragBench.ts"
import { createWordEmbedder } from "../fakes/wordEmbedder.ts"

let folder: string
let bench: RagBench
let knowledge: Knowledge
const changes: string[] = []
const embedder = createWordEmbedder()

beforeEach(async () => {
  changes.length = 0
  folder = await mkdtemp(join(tmpdir(), "zenglow-artifacts-"))
  bench = createRagBench({ embedder })
  knowledge = createKnowledge({
    store: bench.store,
    queryEmbedder: async () => embedder,
    embedder: () => embedder,
    changed: (channel) => () => void changes.push(channel),
    log: silentLogger,
  })
})
afterEach(async () => {
  await bench.store.close()
  await rm(folder, { recursive: true, force: true })
})

const list = async () => (await bench.store.artifacts.list(ownerActor, { limit: 20 })).items

it("notes an index when its documents change, and only then, with a hash that says what is in it", async () => {
  const index = { store: bench.store, embedder: () => embedder, chunking: () => "1-200-30", record: knowledge.record }
  await writeFile(join(folder, "a.md"), "# A\n\nThe boiler was serviced in May.")
  const collectionId = await bench.addPath(folder)
  await recordIndex(ownerActor, index, collectionId)
  await recordIndex(ownerActor, index, collectionId)
  const [first, ...others] = await list()
  expect(others).toEqual([])
  expect(first).toMatchObject({
    kind: "index",
    tags: ["index", "collection", embedder.modelId],
    provenance: { collectionId, documents: 1, passages: 1, fingerprint: embedder.fingerprint },
  })
  expect(first?.hash).toMatch(/^[0-9a-f]{64}$/)
  await writeFile(join(folder, "a.md"), "# A\n\nThe boiler was serviced in June.")
  await bench.addPath(folder)
  await recordIndex(ownerActor, index, collectionId)
  expect(new Set((await list()).map(({ hash }) => hash)).size).toBe(2)
  expect(changes).toEqual(["artifacts", "artifacts"])
})

it("notes a model with the catalogue's own hash and where it may come from", async () => {
  const catalog = loadCatalog()
  const model = catalog.models.find(({ files }) => files.length === 1)
  await recordModel(ownerActor, model?.id ?? "", { catalog, record: knowledge.record })
  await recordModel(ownerActor, "no-such-model", { catalog, record: knowledge.record })
  expect(await list()).toMatchObject([
    { kind: "model", name: model?.name, hash: model?.files[0]?.sha256, sizeBytes: model?.sizeBytes },
  ])
})

it("notes an export with the hash of its bytes", async () => {
  await knowledge.artifactService.exported(ownerActor, {
    name: "Chat",
    body: "hello\n",
    format: "md",
    provenance: { conversationId: "c", messages: 1 },
  })
  expect(await list()).toMatchObject([
    {
      kind: "export",
      sizeBytes: 6,
      tags: ["export", "md"],
      hash: "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03",
    },
  ])
})

it("never fails a job whose artifact cannot be noted", async () => {
  const done: string[] = []
  const runner = recorded(
    {
      lane: "x",
      run: async () => {
        done.push("run")
      },
    },
    silentLogger,
    async () => {
      throw new Error("The disk is full.")
    },
  )
  await runner.run({} as never, ownerActor, () => {}, new AbortController().signal)
  expect(done).toEqual(["run"])
})
