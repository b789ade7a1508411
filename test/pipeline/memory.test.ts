import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { answer } from "#chat/answer.ts"
import { answerRouted } from "#chat/answerRouted.ts"
import { proposeFact } from "#chat/memory/proposeFact.ts"
import { recogniseMemory } from "#chat/memory/recogniseMemory.ts"
import type { AnswerInput } from "#chat/runTurn.ts"
import { memoryCollectionId } from "#contract/memory.ts"
import { ownerActor } from "#core/actor.ts"
import { silentLogger } from "#core/logger.ts"
import { createMemories, type Memories } from "#rag/memory/memories.ts"
import { fillWith, withMemories } from "#rag/memory/withMemories.ts"
import { retrievePassages } from "#rag/retrieve.ts"
import { createMemoryStore } from "#store/memory/createMemoryStore.ts"
import type { Store } from "#store/types.ts"
import { createTurnBench, type TurnBench } from "../fakes/turnBench.ts"
import { createWordEmbedder } from "../fakes/wordEmbedder.ts"

const signal = new AbortController().signal
let store: Store
let memories: Memories
let bench: TurnBench
const changes: (string | null)[] = []
const embedder = createWordEmbedder()

beforeEach(async () => {
  changes.length = 0
  store = createMemoryStore()
  const queryEmbedder = async () => embedder
  memories = createMemories({
    store: store.memories,
    queryEmbedder,
    onChange: (id) => changes.push(id),
    log: silentLogger,
  })
  const chunks = withMemories(store.chunks, {
    store: store.memories,
    fill: fillWith(queryEmbedder, memories.fill),
    version: memories.version,
  })
  bench = await createTurnBench({
    store,
    embedder,
    composes: null,
    voice: {
      openVoice: () => ({
        source: { [Symbol.asyncIterator]: () => ({ next: async () => ({ done: true, value: undefined }) }) } as never,
        sink: {} as never,
        streamId: 1,
        release: () => {},
        heard: () => {},
        close: async () => {},
      }),
      speakAnswer: (events) => events,
      // What was heard stands where the client's sound would.
      async *runVoice(_channel, { voice, ask }, inner) {
        const text = voice ?? ""
        yield { type: "listen-end", audioMs: 1 }
        yield { type: "stt-end", text, audioMs: 1, confidence: 1 }
        yield* ask(text, inner)
      },
    },
    wrap: (deps) => (input: AnswerInput, inner: AbortSignal) =>
      answerRouted(
        input,
        {
          memories,
          // biome-ignore lint/correctness/useYield: these questions are answered by passages.
          async *whole() {
            return false
          },
          answer: (asked, within) => answer(asked, { ...deps, retrieval: { ...deps.retrieval, chunks } }, within),
        },
        inner,
      ),
  })
})
afterEach(() => bench.close())

const all = async () => (await store.memories.list(ownerActor, { limit: 50 })).items
const keep = (text: string, weight = 1) =>
  memories
    .remember(ownerActor, { text, weight, kind: "added", conversationId: null, messageId: null }, signal)
    .then(({ memory }) => memory)

describe("what is said to the memory", () => {
  it.each([
    ["Remember that my dentist is in Harbour Street.", "My dentist is in Harbour Street."],
    ["please remember: the wifi is called Otter", "The wifi is called Otter."],
    ["Could you remember that I take the 7:40 train?!".replace("?!", ""), "I take the 7:40 train."],
    ["Remember my passport is in the blue drawer", "My passport is in the blue drawer."],
    ["Don't forget that Ada is allergic to nuts", "Ada is allergic to nuts."],
    ["Hey ZenGlow, keep in mind that we moved to Porto", "We moved to Porto."],
  ])("%s", (said, kept) => {
    expect(recogniseMemory(said)).toEqual({ kind: "remember", text: kept })
  })

  it.each([
    "Do you remember the deposit?",
    "Remember when we went to Lisbon?",
    "Remember that I asked about the lease? When does it end?",
    "What must I remember when descaling?",
    "How do I make the machine remember my settings?",
    "What do you know about the boiler?",
    "Remember to descale the machine",
    "I can't remember the name of the landlord",
    "Forget it",
    "remember that",
  ])("is not: %s", (said) => {
    expect(recogniseMemory(said)).toBeNull()
  })

  it("proposes lasting facts, and neither secrets nor questions nor passing remarks", () => {
    expect(proposeFact("My daughter's name is Ada. When is school over?")).toBe("My daughter's name is Ada.")
    expect(proposeFact("I'm allergic to peanuts, what can I cook?")).toBeNull()
    expect(proposeFact("I'm allergic to peanuts. What can I cook?")).toBe("I'm allergic to peanuts.")
    expect(proposeFact("I live in Lisbon.")).toBe("I live in Lisbon.")
    for (const said of [
      "My password is hunter22.",
      "My question is whether dogs are allowed.",
      "Is my landlord allowed to enter?",
      "My machine is broken.",
      "What is my name?",
      "The rent is high.",
    ])
      expect(proposeFact(said), said).toBeNull()
  })
})

describe("a chat that remembers", () => {
  it("keeps what it is asked to, says so, and knows where it was said", async () => {
    const { turn, events } = await bench.ask("Remember that my dentist is in Harbour Street.")
    const [memory] = await all()
    expect(memory).toMatchObject({
      text: "My dentist is in Harbour Street.",
      weight: 1,
      source: { kind: "chat", conversationId: turn.conversationId, messageId: turn.userMessageId },
    })
    expect(turn.memory).toEqual({ action: "stored", memoryId: memory?.id, text: memory?.text })
    expect(turn.text).toContain("My dentist is in Harbour Street.")
    expect(events.some((event) => event.type === "retrieve-start")).toBe(false)
    expect(turn.endReason).toBe("complete")
    expect(changes).toEqual([memory?.id])
    expect((await bench.ask("remember that my dentist is in HARBOUR street")).turn.memory?.action).toBe("known")
    expect(await all()).toHaveLength(1)
  })

  it("keeps what it is asked to by voice, and says where it was said", async () => {
    const said = "Remember that my dentist is in Harbour Street."
    const { turn } = await bench.ask("", {
      kind: "voice",
      text: undefined,
      source: { type: "socket", streamId: 1 },
      options: { voice: said },
    })
    expect(turn.memory).toMatchObject({ action: "stored", text: "My dentist is in Harbour Street." })
    expect((await all())[0]?.source).toMatchObject({ kind: "voice", conversationId: turn.conversationId })
  })

  it("never keeps anything in a temporary chat, nor proposes to", async () => {
    const { turn } = await bench.ask("Remember that my dentist is in Harbour Street.", { options: { temporary: true } })
    expect(turn.memory).toMatchObject({ action: "refused", memoryId: null })
    expect(turn.text).toContain("Nothing was kept")
    const stated = await bench.ask("I live in Lisbon. How often must I descale the machine?", {
      options: { temporary: true },
    })
    expect(stated.turn.memory).toBeNull()
    expect(await all()).toEqual([])
  })

  it("answers a question from memory, cited as such, beside the documents", async () => {
    await bench.ask("Remember that my dentist Ruiz is in Harbour Street.")
    const { turn } = await bench.ask("Where is my dentist Ruiz?")
    const cited = turn.passages.find((passage) => turn.spans.some(({ citations }) => citations.includes(passage.n)))
    expect(cited).toMatchObject({ kind: "memory", collectionId: memoryCollectionId, title: "Memory" })
    expect(turn.text).toContain("Harbour Street")
  })

  it("proposes a fact stated in passing and keeps it only when asked", async () => {
    const { turn } = await bench.ask("I live in Lisbon. How often must I descale the machine?")
    expect(turn.memory).toEqual({ action: "proposed", memoryId: null, text: "I live in Lisbon." })
    expect(await all()).toEqual([])
    await keep("I live in Lisbon.")
    expect((await bench.ask("I live in Lisbon. Is the lid safe in the dishwasher?")).turn.memory).toBeNull()
  })

  it("lists what it knows when asked, and forgets nothing by word of mouth", async () => {
    await keep("My dentist is in Harbour Street.")
    await keep("The boiler was serviced in May.")
    const { turn } = await bench.ask("What do you remember about me?")
    expect(turn.text).toContain("Harbour Street")
    expect(turn.text).toContain("boiler")
    expect(turn.spans).toHaveLength(2)
    const forgetting = await bench.ask("Forget what I said about the boiler")
    expect(forgetting.turn.text).toContain("Nothing was forgotten yet")
    expect(forgetting.turn.passages.map(({ text }) => text)).toEqual(["The boiler was serviced in May."])
    expect(await all()).toHaveLength(2)
  })
})

describe("memories in retrieval", () => {
  const search = (query: string, collectionIds: string[] | null = null) => {
    const chunks = withMemories(store.chunks, {
      store: store.memories,
      fill: fillWith(async () => embedder, memories.fill),
      version: memories.version,
    })
    const deps = { chunks, queryEmbedder: async () => embedder, clock: { now: () => 0, monotonic: () => 0 } }
    return retrievePassages(ownerActor, { query, collectionIds }, deps, signal)
  }
  const rankOf = async (id: string) =>
    (await search("How often is the machine descaled?")).ranked.findIndex(({ chunk }) => chunk.id === id)

  it("counts with its weight: more lifts it, 0 takes it out", async () => {
    const memory = await keep("Our machine is descaled by Tom every month.", 2)
    const heavy = (await search("How often is the machine descaled?")).ranked.find(
      ({ chunk }) => chunk.id === memory.id,
    )
    expect(await rankOf(memory.id)).toBe(0)
    await memories.change(ownerActor, memory.id, { weight: 0.1 }, signal)
    const light = (await search("How often is the machine descaled?")).ranked.find(
      ({ chunk }) => chunk.id === memory.id,
    )
    expect(light?.features.bm25).toBeCloseTo((heavy?.features.bm25 ?? 0) / 20, 5)
    expect(light?.features.similarity).toBeLessThan(heavy?.features.similarity ?? 0)
    expect(await rankOf(memory.id)).not.toBe(0)
    await memories.change(ownerActor, memory.id, { weight: 0 }, signal)
    expect(await rankOf(memory.id)).toBe(-1)
  })

  it("stays out of a search that names a collection", async () => {
    const memory = await keep("Our machine is descaled by Tom every month.", 2)
    const named = await search("How often is the machine descaled?", [bench.collectionId])
    expect(named.ranked.some(({ chunk }) => chunk.id === memory.id)).toBe(false)
    expect(named.found).toBe(true)
  })

  it("is gone from retrieval the moment it is forgotten, and makes what was cached stale", async () => {
    const memory = await keep("Our machine is descaled by Tom every month.", 2)
    expect(await rankOf(memory.id)).toBe(0)
    const before = memories.version()
    await memories.forget(ownerActor, memory.id)
    expect(await rankOf(memory.id)).toBe(-1)
    expect(memories.version()).toBeGreaterThan(before)
  })
})
