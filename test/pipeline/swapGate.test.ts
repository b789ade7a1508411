import { beforeEach, describe, expect, it } from "vitest"
import { ownerActor } from "#core/actor.ts"
import { silentLogger } from "#core/logger.ts"
import type { Embedder } from "#engines/types.ts"
import { createSwapGate, type PinnedRecall, type SwapGate } from "#rag/swapGate.ts"
import { createVectorIndex, type VectorIndex } from "#rag/vectorIndex.ts"
import { createMemoryStore } from "#store/memory/createMemoryStore.ts"
import type { Store } from "#store/types.ts"
import { createWordEmbedder } from "../fakes/wordEmbedder.ts"

const { signal } = new AbortController()
const old = createWordEmbedder({ fingerprint: "old" })
let store: Store
let current: Embedder
let recall: Record<string, PinnedRecall | null>
/** What was asked of the index while it was being judged. */
let judged: string[]
beforeEach(async () => {
  store = createMemoryStore()
  current = old
  recall = {}
  judged = []
  const { id: collectionId } = await store.collections.create(ownerActor, { name: "c" })
  for (let n = 0; n < 70; n++) await add(collectionId, n)
  await store.chunks.setActiveIndex("old")
  await open().index.rebuild(ownerActor, signal, () => {})
})

async function add(collectionId: string, n: number): Promise<void> {
  const base = { collectionId, title: `Note ${n}`, path: `${n}.md`, kind: "md" as const, sizeBytes: 1, filePath: null }
  const { document } = await store.documents.upsert(ownerActor, { ...base, contentHash: String(n) })
  const chunk = { ordinal: 0, text: `Passage ${n}.`, headingPath: [], page: null, start: 0, end: 9, tokenCount: 3 }
  const content = { text: chunk.text, pages: [], pageCount: null, chunks: [chunk], vectors: null, fingerprint: null }
  await store.documents.writeContent(ownerActor, document.id, content)
}

/** As the core has them after a start. */
function open(): { gate: SwapGate<Embedder>; index: VectorIndex } {
  const gate = createSwapGate({
    settings: store.settings,
    pinnedRecall: async (_actor, embedder) => {
      judged.push(embedder.fingerprint)
      return recall[embedder.fingerprint] ?? null
    },
    now: () => 7,
    log: silentLogger,
  })
  const index = createVectorIndex({
    chunks: store.chunks,
    embedder: () => current,
    embedderOf: (fingerprint) => (fingerprint === "old" ? old : null),
    gate,
    log: silentLogger,
  })
  return { gate, index }
}
const active = async () => (await store.chunks.indexes()).active
const useNew = (onEmbed: () => void = () => {}): void => {
  current = createWordEmbedder({ fingerprint: "new", onEmbed })
}

describe("an index built beside the one in use", () => {
  it("takes its place when nothing is pinned, or pinned questions are found as well", async () => {
    recall = { old: { recall: 0.8, questions: 5 }, new: { recall: 0.8, questions: 5 } }
    const { index, gate } = open()
    const answering: (string | undefined)[] = []
    const asked: Promise<unknown>[] = []
    useNew(() => asked.push(index.queryEmbedder().then((embedder) => answering.push(embedder?.fingerprint))))
    await index.rebuild(ownerActor, signal, () => {})
    await Promise.all(asked)
    expect(new Set(answering)).toEqual(new Set(["old"]))
    expect([await active(), gate.refusal(), judged]).toEqual(["new", null, ["old", "new"]])
    expect((await index.queryEmbedder())?.fingerprint).toBe("new")
  })

  it("is refused when pinned questions are found worse: the old one goes on, complete, also after a restart", async () => {
    recall = { old: { recall: 0.8, questions: 5 }, new: { recall: 0.6, questions: 5 } }
    useNew()
    await open().index.rebuild(ownerActor, signal, () => {})
    const { gate, index } = open()
    await gate.load(ownerActor)
    expect(gate.refusal()).toEqual({ fingerprint: "new", modelId: "new", before: 0.8, after: 0.6, questions: 5, at: 7 })
    expect([await active(), (await index.queryEmbedder())?.fingerprint]).toEqual(["old", "old"])
    expect(await index.needsRebuild()).toBe(false)
    expect(index.writingEmbedder()?.fingerprint).toBe("old")
    const [collection] = await store.collections.list(ownerActor)
    await add(collection?.id ?? "", 99)
    expect(await index.needsRebuild()).toBe(true)
    await index.rebuild(ownerActor, signal, () => {})
    expect((await store.chunks.indexes()).counts.old).toBe(71)
    expect(await active()).toBe("old")
  })

  it("is used all the same when the person wants it, with what was added since", async () => {
    recall = { old: { recall: 1, questions: 2 }, new: { recall: 0, questions: 2 } }
    useNew()
    const { gate, index } = open()
    await index.rebuild(ownerActor, signal, () => {})
    const [collection] = await store.collections.list(ownerActor)
    await add(collection?.id ?? "", 99)
    await gate.overrule(ownerActor)
    expect(await index.needsRebuild()).toBe(true)
    await index.rebuild(ownerActor, signal, () => {})
    expect([await active(), gate.refusal()]).toEqual(["new", null])
    expect((await store.chunks.indexes()).counts.new).toBe(71)
    const later = open().gate
    await later.load(ownerActor)
    expect(later.refusal()).toBeNull()
  })

  it("goes on where it stopped, and is judged only when it is complete", async () => {
    recall = { old: { recall: 1, questions: 2 }, new: { recall: 1, questions: 2 } }
    const stopped = new AbortController()
    let texts = 0
    useNew(() => {
      if (++texts === 2) stopped.abort(new Error("killed"))
    })
    await expect(open().index.rebuild(ownerActor, stopped.signal, () => {})).rejects.toThrow("killed")
    expect([await active(), judged]).toEqual(["old", []])
    const kept = (await store.chunks.indexes()).counts.new ?? 0
    expect(kept).toBeGreaterThan(0)
    let made = 0
    const count = (texts: string[]): void => {
      made += texts.length
    }
    current = createWordEmbedder({ fingerprint: "new", onEmbed: count })
    await open().index.rebuild(ownerActor, signal, () => {})
    expect([await active(), made]).toEqual(["new", 70 - kept])
  })

  it("is not judged against a model that is gone", async () => {
    await store.chunks.setActiveIndex("older")
    useNew()
    await open().index.rebuild(ownerActor, signal, () => {})
    expect([await active(), judged]).toEqual(["new", []])
  })
})
