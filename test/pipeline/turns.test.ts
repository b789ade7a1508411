import { afterEach, describe, expect, it } from "vitest"
import type { TurnEvent } from "#contract/turns.ts"
import { ownerActor } from "#core/actor.ts"
import { AppError } from "#core/errors.ts"
import type { Embedder } from "#engines/types.ts"
import { createMemoryStore } from "#store/memory/createMemoryStore.ts"
import { createTurnBench, type TurnBench, type TurnBenchOptions } from "../fakes/turnBench.ts"
import { createWordEmbedder } from "../fakes/wordEmbedder.ts"

let bench: TurnBench
const open = async (options: TurnBenchOptions = {}): Promise<TurnBench> => {
  bench = await createTurnBench(options)
  return bench
}
afterEach(async () => bench?.close())

const descale = "How often should the machine be descaled?"
const rightAnswer = { text: "The machine should be descaled every two months." }
const typesOf = (events: TurnEvent[]): string[] => events.map((event) => event.type)
const messagesOf = async (conversationId: string | null) =>
  (await bench.store.messages.list(ownerActor, conversationId ?? "", { limit: 100 })).items

describe("a turn about documents", () => {
  it("retrieves, quotes, streams and closes, in this order", async () => {
    const { ask } = await open({ llm: { replies: [rightAnswer] } })
    const { events } = await ask(descale)
    const order = [
      "turn-start",
      "retrieve-start",
      "retrieve-end",
      "quote",
      "text-delta",
      "text-end",
      "title",
      "turn-end",
    ]
    expect(typesOf(events).filter((type, index, all) => order.includes(type) && all.indexOf(type) === index)).toEqual(
      order,
    )
    expect(events.map((event) => event.seq)).toEqual(events.map((_, index) => index))
  })

  it("cites the passage that states each sentence", async () => {
    const { ask } = await open({ llm: { replies: [rightAnswer] } })
    const { turn } = await ask(descale)
    expect(turn).toMatchObject({ text: rightAnswer.text, found: true, endReason: "complete" })
    const [span] = turn.spans
    expect(span?.supported).toBe(true)
    expect(turn.passages.find((passage) => passage.n === span?.citations[0])?.text).toContain("every two months")
  })

  it("quotes the best sentence before the model has written anything", async () => {
    let release = (): void => {}
    const until = new Promise<void>((resolve) => {
      release = resolve
    })
    const { ask } = await open({ llm: { replies: [{ ...rightAnswer, hold: { before: 0, until } }] } })
    const { events } = await ask(descale, {}, (event) => {
      if (event.type === "quote") release()
    })
    const quote = events.find((event) => event.type === "quote")
    expect(quote).toMatchObject({ sentence: "Descale the machine every two months." })
  })

  it("says so when the documents do not answer, with what came closest, and asks no model", async () => {
    const { ask, llm } = await open({ llm: { replies: [{ text: "Paris." }] } })
    const { turn } = await ask("What is the capital of Mongolia?")
    expect(turn).toMatchObject({ found: false, endReason: "not-found", text: "Your documents do not say." })
    expect(turn.closest.length).toBeGreaterThan(0)
    expect(llm.requests).toHaveLength(0)
  })

  it("withdraws an answer that the model itself does not find stated", async () => {
    const reply = { text: "The filter bag of the grinder holds nothing." }
    const { ask } = await open({ llm: { replies: [reply], choose: () => [0.02, 0.98] } })
    const { turn, events } = await ask("How long is the warranty of the lid for the milk jug?")
    expect(turn).toMatchObject({ found: false, endReason: "not-found", spans: [] })
    expect(turn.closest.length).toBeGreaterThan(0)
    expect(typesOf(events)).toContain("text-delta")
  })

  it("quotes instead when the model's figure stands nowhere", async () => {
    const { ask } = await open({ llm: { replies: [{ text: "The machine should be descaled every 17 weeks." }] } })
    const { turn } = await ask(descale)
    expect(turn.text).not.toContain("17")
    expect(turn.text).toContain("every two months")
    expect(turn.spans[0]).toMatchObject({ supported: true })
  })

  it("reads again when the first answer fails, and shows nothing of it before it is checked", async () => {
    const filler = Array.from({ length: 20 }, (_, index) => `Machine ${index + 40} should not be descaled often.`).join(
      " ",
    )
    const { ask, llm } = await open({
      documents: { "long.md": `# Machine\n\nDescale the machine every two months. ${filler}` },
      llm: { replies: [{ text: "Every 17 weeks." }, { text: "The machine is descaled every two months." }] },
    })
    const { turn, events } = await ask(descale)
    expect(turn.text).toBe("The machine is descaled every two months.")
    expect(turn.spans).toMatchObject([{ supported: true, citations: [1] }])
    const [first, second] = llm.requests.map(({ messages }) => messages.at(-1)?.content ?? "")
    expect(second).toContain("every two months")
    expect(second?.length).toBeLessThan(first?.length ?? 0)
    const streamed = events.map((event) => (event.type === "text-delta" ? event.text : "")).join("")
    expect(streamed).toBe("Every 17 weeks.")
  })

  it("quotes instead when the answer is not of the kind that was asked for", async () => {
    const { ask } = await open({
      llm: { replies: [{ text: "The warranty of the machine runs from the date of purchase." }] },
    })
    const { turn } = await ask("How long is the warranty of the machine?")
    expect(turn.text).toContain("“The warranty of the machine runs for 3 years from the date of purchase.”")
  })

  it("shows the statement without saying that a document states it", async () => {
    const text = "The document states that the warranty of the machine runs for 3 years."
    const { ask } = await open({ llm: { replies: [{ text }] } })
    const { turn } = await ask("How long is the warranty of the machine?")
    expect(turn.text).toBe("The warranty of the machine runs for 3 years.")
  })

  it("drops citation markers that the model invents", async () => {
    const { ask } = await open({ llm: { replies: [{ text: "The machine should be descaled every two months [7]." }] } })
    const { turn, events } = await ask(descale)
    expect(turn.text).toBe("The machine should be descaled every two months.")
    const streamed = events.map((event) => (event.type === "text-delta" ? event.text : "")).join("")
    expect(streamed).not.toContain("[7]")
  })

  it("resolves every citation to a passage of the turn", async () => {
    const { ask } = await open({
      llm: { replies: [{ text: "Descale every two months. The warranty runs for 3 years." }] },
    })
    const { turn } = await ask("How often is the machine descaled and how long is its warranty?")
    const known = new Set(turn.passages.map((passage) => passage.n))
    expect(turn.spans.flatMap((span) => span.citations).every((n) => known.has(n))).toBe(true)
  })

  it("asks for Yes or No first where the question does", async () => {
    const { ask, llm } = await open({
      llm: { replies: [{ text: "No. The lid may not be washed in the dishwasher." }] },
    })
    const { turn } = await ask("May the lid be washed in the dishwasher?")
    expect(llm.requests[0]?.messages.at(-1)?.content).toContain("Begin with Yes or No")
    expect(turn.text).toMatch(/^No\b/)
    expect(turn.spans.every((span) => span.supported)).toBe(true)
  })

  it.each(["No.", "Yes."])("puts the sentence that decides behind a bare %s", async (text) => {
    const { ask } = await open({
      documents: {
        "washer.md": "# Washer\n\nHalf Load works with Eco and Auto. It cannot be combined with Glass or Quick 35.\n",
      },
      llm: { replies: [{ text }] },
    })
    const { turn } = await ask("Can Half Load be combined with the programme Quick 35?")
    expect(turn.text).toContain("It cannot be combined with Glass or Quick 35.")
    expect(turn.text).not.toMatch(/^Yes/)
  })

  it("lets the documents' sentence stand alone where the model's Yes contradicts it", async () => {
    const { ask } = await open({ llm: { replies: [{ text: "Yes. The lid may be washed in the dishwasher." }] } })
    const { turn } = await ask("May the lid be washed in the dishwasher?")
    expect(turn.text).toBe("The lid may not be washed in the dishwasher.")
  })

  it("shows the model the sentences that matter, not whole documents", async () => {
    const filler = Array.from({ length: 60 }, (_, index) => `Paragraph ${index} tells of gardens and hedges.`).join(" ")
    const { ask, llm } = await open({
      documents: { "long.md": `# Long\n\n${filler} Descale the machine every two months. ${filler}` },
      llm: { replies: [rightAnswer] },
    })
    await ask(descale)
    const prompt = llm.requests[0]?.messages.at(-1)?.content ?? ""
    expect(prompt).toContain("every two months")
    expect(prompt.length).toBeLessThan(2000)
  })

  it("gives a follow-up the exchange before it, and searches for what it is about", async () => {
    const { ask, llm } = await open({ llm: { replies: [rightAnswer, { text: "Use 30 ml of the liquid descaler." }] } })
    const first = await ask(descale)
    const { turn } = await ask("And how much of it?", { conversationId: first.turn.conversationId ?? "" })
    expect(llm.requests[1]?.messages.map((message) => message.content)).toContain(descale)
    expect(turn.passages[0]?.text).toContain("30 ml")
  })

  it("answers a question that stands alone without the older exchanges", async () => {
    const { ask, llm } = await open({ llm: { replies: [rightAnswer, { text: "The warranty runs for 3 years." }] } })
    const first = await ask(descale)
    await ask("How long is the warranty of the machine?", { conversationId: first.turn.conversationId ?? "" })
    expect(llm.requests[1]?.messages.map((message) => message.content)).not.toContain(descale)
  })

  it("tells what the answer took of the model's window", async () => {
    const { ask } = await open({ llm: { contextTokens: 2048, replies: [rightAnswer] } })
    const { turn } = await ask(descale)
    expect(turn.context?.limit).toBe(2048)
    expect(turn.context?.tokens).toBe((turn.usage?.promptTokens ?? 0) + (turn.usage?.completionTokens ?? 0))
  })
})

describe("a turn without a composing model", () => {
  it("quotes and cites when only a small model is there", async () => {
    const { ask, llm } = await open({ composes: false })
    const { turn } = await ask(descale)
    expect(turn.text).toMatch(/“Descale the machine every two months\.” \[\d\]/)
    expect(turn).toMatchObject({ found: true, model: null })
    expect(llm.requests).toHaveLength(0)
  })

  it("lets the small model chat", async () => {
    const { ask } = await open({ composes: false, llm: { replies: [{ text: "Hello there." }] } })
    const { turn, events } = await ask("Hello!")
    expect(turn).toMatchObject({ text: "Hello there.", endReason: "complete" })
    expect(typesOf(events)).not.toContain("retrieve-start")
  })

  it("says plainly that none is installed", async () => {
    const { ask } = await open({ composes: null })
    expect((await ask("Hello!")).turn.text).toContain("No chat model is installed")
    expect((await ask(descale)).turn.text).toContain("every two months")
  })

  it("quotes when the model cannot be loaded", async () => {
    const { ask } = await open({ llm: { loadError: new AppError("model.no-memory", "Not enough memory.") } })
    const { turn } = await ask(descale)
    expect(turn).toMatchObject({ found: true, endReason: "complete" })
    expect(turn.text).toContain("every two months")
  })
})

describe("small talk and tasks", () => {
  it("answers a task without the documents", async () => {
    const { ask, llm } = await open({ llm: { replies: [{ text: "Rain falls." }] } })
    const { turn, events } = await ask("Write a poem about the coffee machine")
    expect(turn.text).toBe("Rain falls.")
    expect(typesOf(events)).not.toContain("retrieve-start")
    expect(llm.requests[0]?.messages.at(-1)?.content).not.toContain("<document")
  })

  it("asks only the documents that the question names, whatever the wording", async () => {
    const care = (weeks: string) => `# Care\n\nThe machine should be descaled every ${weeks} weeks.`
    const documents = { "one.md": care("two"), "other.md": care("nine") }
    const { ask, store } = await open({ documents, llm: { replies: [{ text: "Every nine weeks." }] } })
    const { items } = await store.documents.list(ownerActor, { limit: 10 })
    const other = items.find(({ path }) => path.endsWith("other.md"))
    const { turn } = await ask("Write down how often the machine is descaled", { documentIds: [other?.id ?? ""] })
    const shown = [...turn.passages, ...turn.closest].map(({ documentId }) => documentId)
    expect(new Set(shown)).toEqual(new Set([other?.id]))
  })

  it("searches whatever the wording where collections were chosen", async () => {
    const { ask, collectionId } = await open({ llm: { replies: [rightAnswer] } })
    const { events } = await ask("Write down how often the machine is descaled", { collectionIds: [collectionId] })
    expect(typesOf(events)).toContain("retrieve-end")
  })

  it("trims the history by tokens, oldest first", async () => {
    const { ask, llm } = await open({ llm: { contextTokens: 256, replies: [{ text: "word ".repeat(40) }] } })
    let conversationId: string | undefined
    for (let round = 0; round < 4; round++) {
      const { turn } = await ask(
        `Write story ${round} ${"please ".repeat(30)}`,
        conversationId ? { conversationId } : {},
      )
      conversationId = turn.conversationId ?? undefined
    }
    const messages = llm.requests.at(-1)?.messages ?? []
    expect(messages.at(-1)?.content).toContain("story 3")
    expect(messages.some((message) => message.content.includes("story 0"))).toBe(false)
    expect(messages.some((message) => message.content.includes("story 2"))).toBe(true)
    expect(messages[1]?.role).toBe("user")
  })

  it("tells a message that does not fit the window, with sizes", async () => {
    const { ask } = await open({ llm: { contextTokens: 200 } })
    const { turn } = await ask(`Translate ${"word ".repeat(500)}`)
    expect(turn).toMatchObject({ endReason: "error", error: { code: "llm.context-exceeded" } })
    expect(turn.error?.message).toMatch(/50\d tokens.*room for \d+/)
  })

  it("keeps reasoning apart from the answer", async () => {
    const { ask } = await open({ llm: { replies: [{ text: "Fine.", reasoning: "They greet me." }] } })
    const { turn } = await ask("How are you?")
    expect(turn).toMatchObject({ text: "Fine.", reasoning: "They greet me." })
    expect((await messagesOf(turn.conversationId)).at(-1)).toMatchObject({ text: "Fine.", reasoning: "They greet me." })
  })

  it("says when an answer reached its limit", async () => {
    const { ask } = await open({ llm: { replies: [{ text: "word ".repeat(200) }] } })
    const { turn } = await ask("Write a lot")
    expect(turn.endReason).toBe("length")
  })
})

describe("what is kept", () => {
  it("has stored the question when the turn is accepted", async () => {
    const { turns, store } = await open({ llm: { replies: [{ text: "x", breakAfter: { pieces: 0, how: "hang" } }] } })
    const { turnId } = await turns.start(ownerActor, { kind: "text", text: "Hello!" })
    const { items } = await store.conversations.list(ownerActor, { limit: 10 })
    expect((await messagesOf(items[0]?.id ?? "")).map((message) => message.text)).toEqual(["Hello!"])
    await turns.abort(ownerActor, turnId)
  })

  it("has stored the answer when the turn ends", async () => {
    const order: string[] = []
    const store = createMemoryStore()
    const append = store.messages.append.bind(store.messages)
    store.messages.append = async (actor, message) => {
      const stored = await append(actor, message)
      order.push(`stored ${message.role}`)
      return stored
    }
    const { ask } = await open({ store, llm: { replies: [{ text: "Hi." }] } })
    await ask("Hello!", {}, (event) => {
      if (event.type === "turn-start" || event.type === "turn-end") order.push(event.type)
    })
    expect(order).toEqual(["stored user", "turn-start", "stored assistant", "turn-end"])
  })

  it("keeps the partial answer when the turn is aborted", async () => {
    const { ask, turns } = await open({
      llm: { replies: [{ text: "one two three four", breakAfter: { pieces: 2, how: "hang" } }] },
    })
    let shown = 0
    const { turn } = await ask("Write numbers", {}, (event, turnId) => {
      if (event.type === "text-delta" && ++shown === 2) void turns.abort(ownerActor, turnId)
    })
    expect(turn).toMatchObject({ endReason: "aborted", text: "one two " })
    expect((await messagesOf(turn.conversationId)).at(-1)).toMatchObject({ text: "one two ", endReason: "aborted" })
  })

  it("keeps the partial answer with the reason when the engine dies, and goes on", async () => {
    const { ask } = await open({
      llm: {
        replies: [{ text: "one two three", breakAfter: { pieces: 2, how: "crash" } }, { text: "all of it" }],
      },
    })
    const { turn } = await ask("Write numbers")
    expect(turn).toMatchObject({ endReason: "error", text: "one two ", error: { code: "engine.crashed" } })
    const stored = (await messagesOf(turn.conversationId)).at(-1)
    expect(stored).toMatchObject({ text: "one two ", error: { code: "engine.crashed" } })
    const next = await ask("Write numbers again", { conversationId: turn.conversationId ?? "" })
    expect(next.turn).toMatchObject({ endReason: "complete", text: "all of it" })
  })

  it("keeps a finished answer when the engine dies during the check", async () => {
    const { ask } = await open({
      llm: {
        replies: [rightAnswer],
        choose: () => {
          throw new AppError("engine.crashed", "The llm engine crashed.")
        },
      },
    })
    expect((await ask(descale)).turn).toMatchObject({ endReason: "complete", text: rightAnswer.text, found: true })
  })

  it("ends at once when aborted during a retrieval that does not listen", async () => {
    const deaf: Embedder = { ...createWordEmbedder(), embed: (texts) => deafEmbed(texts) }
    const words = createWordEmbedder()
    let isDeaf = false
    const deafEmbed = (texts: string[]): Promise<Float32Array[]> =>
      isDeaf ? new Promise(() => {}) : words.embed(texts, "query", new AbortController().signal)
    const { ask, turns } = await open({ embedder: deaf })
    isDeaf = true
    const { turn } = await ask(descale, {}, (event, turnId) => {
      if (event.type === "retrieve-start") void turns.abort(ownerActor, turnId)
    })
    expect(turn).toMatchObject({ endReason: "aborted", text: "" })
    expect((await messagesOf(turn.conversationId)).map((message) => message.role)).toEqual(["user"])
  })

  it("ends at once when aborted during a check that does not listen, and keeps what was written", async () => {
    const { ask, turns, llm } = await open({ llm: { replies: [rightAnswer] } })
    let turnOf = ""
    llm.choose = () => {
      void turns.abort(ownerActor, turnOf)
      return new Promise(() => {})
    }
    const { turn } = await ask(descale, {}, (_, turnId) => {
      turnOf = turnId
    })
    expect(turn).toMatchObject({ endReason: "aborted", text: rightAnswer.text })
  })

  it("answers again as a sibling, and the older answer stays", async () => {
    const { ask } = await open({ llm: { replies: [{ text: "First." }, { text: "Second." }] } })
    const { turn } = await ask("Hello!")
    const again = await ask("", {
      text: undefined,
      conversationId: turn.conversationId ?? "",
      options: { regenerateMessageId: turn.messageId ?? "" },
    })
    expect(again.turn.text).toBe("Second.")
    const answers = (await messagesOf(turn.conversationId)).filter((message) => message.role === "assistant")
    expect(answers.map((message) => message.text).sort()).toEqual(["First.", "Second."])
    expect(new Set(answers.map((message) => message.parentId)).size).toBe(1)
  })

  it("branches where a question is edited, without what came after", async () => {
    const { ask, llm } = await open({ llm: { replies: [{ text: "A." }, { text: "B." }, { text: "C." }] } })
    const first = await ask("Write one")
    const conversationId = first.turn.conversationId ?? ""
    await ask("Write two", { conversationId })
    await ask("Write three", { conversationId, options: { parentMessageId: first.turn.messageId } })
    expect(llm.requests.at(-1)?.messages.map((message) => message.content)).toEqual([
      "Be brief.",
      "Write one",
      "A.",
      "Write three",
    ])
  })

  it("leaves no trace of a temporary chat, but goes on with it", async () => {
    const { ask, store, llm } = await open({ llm: { replies: [{ text: "A." }, { text: "B." }] } })
    const first = await ask("Write one", { options: { temporary: true } })
    const conversationId = first.turn.conversationId ?? ""
    const second = await ask("Write two", { conversationId, options: { temporary: true } })
    expect(second.turn.conversationId).toBe(conversationId)
    expect(llm.requests[1]?.messages.map((message) => message.content)).toEqual([
      "Be brief.",
      "Write one",
      "A.",
      "Write two",
    ])
    expect((await store.conversations.list(ownerActor, { limit: 10 })).items).toEqual([])
  })

  it("names a conversation after its first question, and a name given by hand stays", async () => {
    const { ask, store } = await open({ llm: { replies: [{ text: "A." }] } })
    const { turn } = await ask("Write one")
    const id = turn.conversationId ?? ""
    expect((await store.conversations.get(ownerActor, id)).title).toBe("Write one")
    await store.conversations.update(ownerActor, id, { title: "Mine" })
    await ask("Write two", { conversationId: id })
    expect((await store.conversations.get(ownerActor, id)).title).toBe("Mine")
  })
})
