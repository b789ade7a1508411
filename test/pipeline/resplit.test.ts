import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { ownerActor } from "#core/actor.ts"
import { systemClock } from "#core/clock.ts"
import { pinnedRecall } from "#rag/evaluation/evaluations.ts"
import type { PinnedRecall } from "#rag/swapGate.ts"
import { createMemoryStore } from "#store/memory/createMemoryStore.ts"
import type { Store } from "#store/types.ts"
import { createResplitBench, nameOf, passagesOf, type ResplitBench } from "../fakes/resplitBench.ts"
import { createWordEmbedder } from "../fakes/wordEmbedder.ts"

const { signal } = new AbortController()
let folder: string
let store: Store
let shadows: Map<string, Store>
let passageTokens: number
let embedded: string[]
/** Called before every request to the embedder. */
let onEmbed: () => void
let recall: Record<string, PinnedRecall | null>
const embedder = createWordEmbedder({
  onEmbed(texts) {
    embedded.push(...texts)
    onEmbed()
  },
})

const paragraph = (topic: string, count = 14): string =>
  Array.from({ length: count }, (_, n) => `The ${topic} number ${n} is kept in room ${n} of the old house.`).join(" ")

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "zenglow-resplit-"))
  store = createMemoryStore()
  shadows = new Map()
  passageTokens = 200
  embedded = []
  onEmbed = () => {}
  recall = {}
  for (const topic of ["boiler", "garden", "piano", "cellar"]) {
    await writeFile(
      join(folder, `${topic}.md`),
      `# The ${topic}\n\n${paragraph(topic)}\n\n## More\n\nShort and unchanged.\n`,
    )
  }
  const bench = await open()
  await bench.addPath(folder)
  embedded = []
})
afterEach(() => rm(folder, { recursive: true, force: true }))

/** As after a start: what is not in the store or in a shadow is gone. */
const open = (options: Partial<Parameters<typeof createResplitBench>[0]> = {}): Promise<ResplitBench> =>
  createResplitBench({
    store,
    embedder,
    passageTokens: () => passageTokens,
    shadows: {
      async open(name) {
        const shadow = shadows.get(name) ?? createMemoryStore()
        shadows.set(name, shadow)
        return { ...shadow, close: async () => {} }
      },
      async remove(except) {
        for (const name of shadows.keys()) if (name !== except) shadows.delete(name)
      },
    },
    pinnedRecall: async (_actor, { fingerprint }) => recall[fingerprint] ?? null,
    ...options,
  })
const run = (bench: ResplitBench, during: AbortSignal = signal) => bench.resplit.run(ownerActor, during, () => {})

/** The same folder, read for the first time with this length. */
async function fresh(tokens: number): Promise<Record<string, string[]>> {
  const other = createMemoryStore()
  const noShadows = { open: () => Promise.reject(new Error("No shadow.")), remove: async () => {} }
  const options = { store: other, embedder: createWordEmbedder(), passageTokens: () => tokens, shadows: noShadows }
  const bench = await createResplitBench(options)
  const settings = { inUse: nameOf(tokens, embedder), isMoving: false }
  await other.settings.set(ownerActor, { "search.passages": settings })
  await bench.resplit.load(ownerActor)
  await bench.addPath(folder)
  return passagesOf(other)
}

describe("documents split anew", () => {
  it("has nothing to do while the length of passages stays", async () => {
    const bench = await open()
    expect(bench.resplit.claim()).toBe(false)
    await run(bench)
    expect([embedded, shadows.size]).toEqual([[], 0])
  })

  it("answers from the old passages until the new ones are complete, then equals a fresh index", async () => {
    const before = await passagesOf(store)
    passageTokens = 80
    const bench = await open()
    const meanwhile: unknown[] = []
    const looked: Promise<unknown>[] = []
    onEmbed = () => looked.push(passagesOf(store).then((found) => meanwhile.push(found)))
    expect([bench.resplit.claim(), bench.resplit.claim()]).toEqual([true, false])
    await run(bench)
    await Promise.all(looked)
    expect(meanwhile.length).toBeGreaterThan(0)
    for (const found of meanwhile) expect(found).toEqual(before)
    const after = await passagesOf(store)
    expect(after).toEqual(await fresh(80))
    expect(after).not.toEqual(before)
    const { counts, chunks } = await store.chunks.indexes()
    expect(counts[embedder.fingerprint]).toBe(chunks)
    expect([bench.resplit.current().targetTokens, bench.resplit.claim(), shadows.size]).toEqual([80, false, 0])
    // Passages whose words stayed keep their vectors.
    expect(embedded.some((text) => text.includes("Short and unchanged"))).toBe(false)
  })

  it("is refused when pinned questions are found worse: old passages stay, for new documents too, also after a restart", async () => {
    const before = await passagesOf(store)
    recall = {
      [nameOf(200, embedder)]: { recall: 0.9, questions: 10 },
      [nameOf(80, embedder)]: { recall: 0.8, questions: 10 },
    }
    passageTokens = 80
    await run(await open())
    expect(await passagesOf(store)).toEqual(before)
    const bench = await open()
    expect(bench.gate.refusal()).toMatchObject({ fingerprint: nameOf(80, embedder), before: 0.9, after: 0.8, at: 7 })
    expect([bench.resplit.current().targetTokens, bench.resplit.claim()]).toEqual([200, false])

    await writeFile(join(folder, "attic.md"), `# The attic\n\n${paragraph("attic")}\n`)
    await bench.addPath(folder)
    expect(await passagesOf(store)).toEqual(await fresh(200))

    await bench.gate.overrule(ownerActor)
    expect(bench.resplit.claim()).toBe(true)
    await run(bench)
    expect(await passagesOf(store)).toEqual(await fresh(80))
    expect([bench.gate.refusal(), shadows.size]).toEqual([null, 0])
  })

  it("forgets what was refused when the person goes back to what is in use", async () => {
    recall = {
      [nameOf(200, embedder)]: { recall: 1, questions: 2 },
      [nameOf(80, embedder)]: { recall: 0, questions: 2 },
    }
    passageTokens = 80
    const bench = await open()
    await run(bench)
    expect(shadows.size).toBe(1)
    passageTokens = 200
    expect(bench.resplit.claim()).toBe(true)
    await run(bench)
    expect([bench.gate.refusal(), shadows.size, bench.resplit.claim()]).toEqual([null, 0, false])
  })

  it("asks the pinned questions of the new passages themselves", async () => {
    // The words that must be found stand across two sentences, which passages of 64 tokens tear apart.
    const { evaluations } = store
    const passage =
      "The boiler number 3 is kept in room 3 of the old house. The boiler number 4 is kept in room 4 of the old house. The boiler number 5 is kept in room 5 of the old house. The boiler number 6 is kept in room 6 of the old house. The boiler number 7 is kept"
    await evaluations.pin(ownerActor, {
      question: "Where is the boiler number 5 kept?",
      document: "boiler.md",
      passage,
    })
    passageTokens = 64
    const bench = await open({
      async pinnedRecall(actor, { chunks }, inner) {
        const deps = { chunks, queryEmbedder: async () => embedder, clock: systemClock }
        const { questions, recallAt5 } = await pinnedRecall(actor, evaluations, deps, inner)
        return { recall: recallAt5, questions }
      },
    })
    await run(bench)
    expect(bench.gate.refusal()).toMatchObject({ before: 1, after: 0, questions: 1 })
  })

  it("goes on wherever it was stopped, with every document whole at any moment", async () => {
    const old = await passagesOf(store)
    const done = await fresh(80)
    passageTokens = 80
    let stops = 0
    for (let at = 1; ; at++) {
      const stopped = new AbortController()
      let steps = 0
      const bench = await open()
      const step = (): void => {
        if (++steps === at) stopped.abort(new Error("killed"))
      }
      onEmbed = step
      const isDone = await bench.resplit.run(ownerActor, stopped.signal, step).then(
        () => true,
        () => false,
      )
      for (const [path, passages] of Object.entries(await passagesOf(store))) {
        expect([old[path], done[path]]).toContainEqual(passages)
      }
      if (isDone) break
      stops++
    }
    expect(stops).toBeGreaterThan(3)
    expect(await passagesOf(store)).toEqual(done)
  })

  it("takes a document over as it is when its file is gone, and leaves one that changed to its own reading", async () => {
    const before = await passagesOf(store)
    const [boiler = ""] = Object.keys(before).filter((path) => path.endsWith("boiler.md"))
    const [garden = ""] = Object.keys(before).filter((path) => path.endsWith("garden.md"))
    await rm(join(folder, "boiler.md"))
    passageTokens = 80
    const bench = await open()
    onEmbed = () => {
      onEmbed = () => {}
      void writeFile(join(folder, "garden.md"), "# The garden\n\nIt was sold.\n")
    }
    await run(bench)
    const after = await passagesOf(store)
    expect(after[boiler]).toEqual(before[boiler])
    await bench.addPath(folder)
    expect((await passagesOf(store))[garden]).toEqual((await fresh(80))[garden])
  })
})
