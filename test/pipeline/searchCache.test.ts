import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, expect, it } from "vitest"
import { createMemoryCache } from "#cache/memoryCache.ts"
import { type Actor, ownerActor } from "#core/actor.ts"
import { systemClock } from "#core/clock.ts"
import { AppError } from "#core/errors.ts"
import { silentLogger } from "#core/logger.ts"
import { createFakeEmbedder } from "#engines/fake/fakeEmbedder.ts"
import { type RetrieveDeps, retrievePassages } from "#rag/retrieve.ts"
import { createSearchCache } from "#rag/searchCache.ts"
import { openSqliteStore } from "#store/sqlite/openSqliteStore.ts"
import type { Store } from "#store/types.ts"

let directory: string
let store: Store
let deps: RetrieveDeps
let embedded = 0
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "zenglow-cache-"))
  store = await openSqliteStore({ file: join(directory, "a.db"), backupDir: directory, log: silentLogger })
  embedded = 0
  const embedder = createFakeEmbedder({ onEmbed: () => void embedded++ })
  const cache = createMemoryCache({ clock: systemClock })
  deps = {
    chunks: store.chunks,
    // It stands still: recency is part of the scores.
    clock: { now: () => 1_800_000_000_000, monotonic: () => 0 },
    queryEmbedder: async () => embedder,
    cache: createSearchCache({ cache, generation: store.chunks.generation }),
  }
})
afterEach(async () => {
  await store.close()
  await rm(directory, { recursive: true, force: true })
})

async function write(actor: Actor, name: string, body: string): Promise<string> {
  const [known] = await store.collections.list(actor)
  const collection = known ?? (await store.collections.create(actor, { name: "Notes" }))
  const { document } = await store.documents.upsert(actor, {
    collectionId: collection.id,
    title: name,
    path: `${name}.md`,
    kind: "md",
    sizeBytes: 1,
    filePath: null,
    contentHash: body,
  })
  const [vector] = await createFakeEmbedder().embed([body], "passage", new AbortController().signal)
  await store.documents.writeContent(actor, document.id, {
    text: body,
    pages: [],
    pageCount: null,
    chunks: [{ ordinal: 0, text: body, headingPath: [], page: null, start: 0, end: body.length, tokenCount: 4 }],
    vectors: vector ? [vector] : null,
    fingerprint: "fake-v1",
  })
  return document.id
}
const ask = async (query: string, actor = ownerActor, filter = {}) => {
  const found = await retrievePassages(
    actor,
    { query, collectionIds: null, filter },
    deps,
    new AbortController().signal,
  )
  return {
    texts: found.ranked.map(({ chunk }) => chunk.text),
    error: found.embedError?.code,
    cache: found.cache,
    ranked: found.ranked,
    weights: found.weights,
  }
}

it("answers a repeated question from before, the same in every score", async () => {
  await write(ownerActor, "kettle", "The kettle is descaled every month.")
  await write(ownerActor, "filter", "The filter of the kettle is washed.")
  const first = await ask("How often is the kettle descaled?")
  const second = await ask(" How often  is the kettle descaled?")
  expect(first.cache).toEqual({ embedding: "miss", retrieval: "miss" })
  expect(second.cache).toEqual({ embedding: "hit", retrieval: "hit" })
  expect(embedded).toBe(1)
  expect(second.ranked).toEqual(first.ranked)
  expect(second.weights).toEqual(first.weights)
})

it("never answers with what the index said before a change", async () => {
  const id = await write(ownerActor, "kettle", "The kettle is red.")
  expect((await ask("kettle")).texts).toEqual(["The kettle is red."])
  await write(ownerActor, "kettle", "The kettle is blue.")
  expect(await ask("kettle")).toMatchObject({ texts: ["The kettle is blue."], cache: { retrieval: "miss" } })
  expect(await ask("kettle")).toMatchObject({ cache: { retrieval: "hit" } })
  await store.documents.setTags(ownerActor, id, ["red"])
  expect(await ask("kettle", ownerActor, { tags: ["red"] })).toMatchObject({ texts: ["The kettle is blue."] })
  await store.documents.setTags(ownerActor, id, [])
  expect(await ask("kettle", ownerActor, { tags: ["red"] })).toMatchObject({ texts: [] })
  await store.documents.delete(ownerActor, id)
  expect((await ask("kettle")).texts).toEqual([])
  await write(ownerActor, "kettle", "The kettle is green.")
  expect((await ask("kettle")).texts).toEqual(["The kettle is green."])
})

it("answers by words and says why while the embedder fails or gives what is no vector, and keeps none of that", async () => {
  await write(ownerActor, "kettle", "The kettle is red.")
  const working = deps.queryEmbedder
  const embedder = createFakeEmbedder()
  const broken = [
    { ...embedder, embed: async () => Promise.reject(new AppError("engine.crashed", "The model stopped.")) },
    { ...embedder, embed: async () => [new Float32Array(32).fill(Number.NaN)] },
    { ...embedder, embed: async () => [new Float32Array(32)] },
    { ...embedder, embed: async () => [new Float32Array(3)] },
  ]
  for (const [n, other] of broken.entries()) {
    deps.queryEmbedder = async () => other
    const code = n === 0 ? "engine.crashed" : "store.bad-vector"
    expect(await ask("kettle")).toMatchObject({
      texts: ["The kettle is red."],
      error: code,
      cache: { embedding: "miss" },
    })
  }
  deps.queryEmbedder = working
  expect(await ask("kettle")).toMatchObject({ error: undefined, cache: { embedding: "miss", retrieval: "miss" } })
})

it("searches again for what found nothing", async () => {
  expect(await ask("kettle")).toMatchObject({ texts: [], cache: { embedding: "miss", retrieval: "miss" } })
  expect(await ask("kettle")).toMatchObject({ texts: [], cache: { embedding: "hit", retrieval: "miss" } })
})

it("gives nobody what was found for somebody else", async () => {
  await write(ownerActor, "kettle", "The kettle is red.")
  await ask("kettle")
  const stranger: Actor = { personId: "stranger", scopes: ["owner"] }
  expect(await ask("kettle", stranger)).toMatchObject({ texts: [], cache: { embedding: "hit", retrieval: "miss" } })
})
