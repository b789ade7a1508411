import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { createFollowVoice } from "#app/followVoice.ts"
import { openPeople, type People } from "#app/peopleService.ts"
import { answer } from "#chat/answer.ts"
import { answerRouted } from "#chat/answerRouted.ts"
import type { TurnDeps } from "#chat/runTurn.ts"
import { roles } from "#core/access.ts"
import { type Actor, ownerActor } from "#core/actor.ts"
import { systemClock } from "#core/clock.ts"
import { silentLogger } from "#core/logger.ts"
import { createPins } from "#ops/pins.ts"
import { createMemories } from "#rag/memory/memories.ts"
import { gateRoles } from "#store/gateRoles.ts"
import { createMemoryStore } from "#store/memory/createMemoryStore.ts"
import type { Store } from "#store/types.ts"
import { createTurnBench, type TurnBench } from "../fakes/turnBench.ts"
import { createMemorySink } from "../fakes/voiceFakes.ts"

const ownersQuestion = "How long is the warranty of the coffee machine?"
const bensQuestion = "What is the code of the boathouse?"
const unknown = null

let store: Store
let people: People
let bench: TurnBench
let ben: Actor
let voices: { owner: { id: string; name: string }; ben: { id: string; name: string } }
let spoken: { by: { id: string; name: string } | null; text: string }

beforeEach(async () => {
  store = gateRoles(createMemoryStore())
  people = await openPeople({
    store,
    pins: createPins(systemClock),
    leave: async () => {},
    settle: async () => {},
    onShared: () => {},
  })
  const learned = async (name: string) => {
    const { id } = await store.voiceProfiles.create(ownerActor, { name, fingerprint: "f", sealed: "sealed" })
    return { id, name }
  }
  voices = { owner: await learned("Ada"), ben: await learned("Ben") }
  await people.change(ownerActor, "owner", { speakerId: voices.owner.id })
  const { id } = await people.add(ownerActor, { name: "Ben", role: "adult", speakerId: voices.ben.id })
  ben = { personId: id, role: "adult", scopes: roles.adult.scopes }
  await addBensDocument()
  const memories = createMemories({
    store: store.memories,
    queryEmbedder: async () => null,
    onChange: () => {},
    log: silentLogger,
  })
  const persona: TurnDeps["persona"] = async () => ({
    id: "default",
    name: "Test",
    description: "",
    systemPrompt: "",
    voice: null,
    temperature: null,
  })
  bench = await createTurnBench({
    store,
    composes: null,
    followVoice: createFollowVoice({ people, store, persona, log: silentLogger }),
    wrap: (deps) => (input, signal) =>
      answerRouted(
        input,
        {
          memories,
          // biome-ignore lint/correctness/useYield: it never answers
          async *whole() {
            return false
          },
          answer: (question, inner) => answer(question, deps, inner),
        },
        signal,
      ),
    voice: {
      openVoice: () => ({
        source: { async *frames() {} },
        sink: createMemorySink(),
        streamId: 1,
        release() {},
        heard() {},
        async close() {},
      }),
      speakAnswer: (events) => events,
      async *runVoice(_channel, { ask }, signal) {
        yield { type: "speaker", identified: spoken.by, similarity: 0.6, threshold: 0.5 }
        yield { type: "stt-end", text: spoken.text, audioMs: 900, confidence: 1 }
        yield* ask(spoken.text, signal)
      },
    },
  })
})
afterEach(() => bench.close())

async function addBensDocument(): Promise<void> {
  const { id: collectionId } = await store.collections.create(ben, { name: "Ben's" })
  const text = "The code of the boathouse is 5150."
  const base = {
    collectionId,
    title: "Boathouse",
    path: "b.md",
    kind: "md",
    sizeBytes: 1,
    filePath: null,
    contentHash: "h",
  } as const
  const { document } = await store.documents.upsert(ben, base)
  const chunk = { ordinal: 0, text, headingPath: [], page: null, start: 0, end: text.length, tokenCount: 9 }
  await store.documents.writeContent(ben, document.id, {
    text,
    pages: [],
    pageCount: null,
    chunks: [chunk],
    vectors: null,
    fingerprint: null,
  })
}

const say = (by: { id: string; name: string } | null, text: string, request = {}) => {
  spoken = { by, text }
  return bench.ask("", { kind: "voice", source: { type: "socket", streamId: 1 }, ...request })
}
const messagesOf = async (actor: Actor, id: string) => (await store.messages.list(actor, id, { limit: 50 })).items
const idOf = ({ turn }: Awaited<ReturnType<typeof say>>): string => turn.conversationId ?? ""

describe("a voice chat of somebody whose voice is known", () => {
  it("answers them as themselves", async () => {
    const asked = await say(voices.owner, ownersQuestion)
    expect(asked.turn.text).toContain("3 years")
    expect(await messagesOf(ownerActor, idOf(asked))).toHaveLength(2)
  })

  it("gives an unknown voice nothing private: no documents, no earlier words, and keeps nothing on its word", async () => {
    const first = await say(voices.owner, ownersQuestion)
    const conversationId = idOf(first)
    const asked = await say(unknown, ownersQuestion, { conversationId })
    expect(asked.turn.text).not.toContain("3 years")
    expect(asked.turn.passages).toEqual([])
    expect(asked.events.find(({ type }) => type === "speaker")).toMatchObject({ actsAs: null })
    const told = await say(unknown, "Remember that the gate stays open.", { conversationId })
    expect(told.events.find(({ type }) => type === "memory")).toMatchObject({ action: "proposed", memoryId: null })
    expect((await store.memories.list(ownerActor, { limit: 5 })).total).toBe(0)
    // Whose conversation it is sees that somebody unknown asked.
    expect((await messagesOf(ownerActor, conversationId)).map(({ speaker }) => speaker)).toContain(null)
    const { items } = await store.audit.list(ownerActor, { action: "people.voice", limit: 5 })
    expect(items.map(({ detail }) => detail)).toEqual(["guest", "guest"])
  })

  it("limits an unknown voice to what it may read of the collections that were chosen", async () => {
    const asked = await say(unknown, ownersQuestion, { collectionIds: [bench.collectionId] })
    expect(asked.turn.error).toBeNull()
    expect(asked.turn.passages).toEqual([])
    await store.collections.setSharing(ownerActor, bench.collectionId, { audience: "household", personIds: [] })
    expect((await say(unknown, ownersQuestion, { collectionIds: [bench.collectionId] })).turn.text).toContain("3 years")
  })

  it("answers somebody else as themselves, in a conversation of their own that goes on", async () => {
    const first = await say(voices.owner, ownersQuestion)
    const conversationId = idOf(first)
    const asked = await say(voices.ben, bensQuestion, { conversationId })
    expect(asked.turn.text).toContain("5150")
    expect(asked.events.find(({ type }) => type === "speaker")).toMatchObject({ actsAs: { name: "Ben" } })
    await say(voices.ben, bensQuestion, { conversationId })
    const owners = await messagesOf(ownerActor, conversationId)
    expect(JSON.stringify(owners)).not.toContain("5150")
    expect(owners).toHaveLength(2)
    const { items } = await store.conversations.list(ben, { limit: 5 })
    expect(items).toHaveLength(1)
    expect(await messagesOf(ben, items[0]?.id ?? "")).toHaveLength(4)
    await expect(store.conversations.get(ownerActor, items[0]?.id ?? "")).rejects.toMatchObject({
      code: "conversation.not-found",
    })
    // And never with what is the other's.
    expect((await say(voices.ben, ownersQuestion, { conversationId })).turn.text).not.toContain("3 years")
  })

  it("treats somebody else as a guest where its person does not want others answered as themselves", async () => {
    await people.change(ownerActor, "owner", { followsVoices: false })
    const asked = await say(voices.ben, bensQuestion)
    expect(asked.turn.text).not.toContain("5150")
    expect((await store.conversations.list(ben, { limit: 5 })).items).toEqual([])
  })

  it("keeps to its person where they never told which voice is theirs", async () => {
    await people.change(ownerActor, "owner", { speakerId: null })
    expect((await say(unknown, ownersQuestion)).turn.text).toContain("3 years")
  })
})
