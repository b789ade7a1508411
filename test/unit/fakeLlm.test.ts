import { expect, it } from "vitest"
import { createFakeLlm } from "#engines/fake/fakeLlm.ts"
import type { GenerateEvent, GenerateRequest, Llm } from "#engines/types.ts"

const ask: GenerateRequest = { messages: [{ role: "user", content: "How  many?\n" }] }

async function collect(llm: Llm, request: GenerateRequest, signal = new AbortController().signal) {
  const events: GenerateEvent[] = []
  try {
    for await (const event of llm.generate(request, signal)) events.push(event)
  } catch (error) {
    return { events, text: textOf(events), error }
  }
  return { events, text: textOf(events), end: events.at(-1) }
}
const textOf = (events: GenerateEvent[]): string =>
  events.map((event) => (event.type === "text" ? event.text : "")).join("")

it("streams scripted replies in order and repeats the last one", async () => {
  const llm = createFakeLlm({ replies: [{ text: "One  two\nthree. " }, { text: ["a", "b"] }] })
  expect((await collect(llm, ask)).text).toBe("One  two\nthree. ")
  expect((await collect(llm, ask)).text).toBe("ab")
  expect((await collect(llm, ask)).text).toBe("ab")
  expect(llm.requests).toHaveLength(3)
})

it("keeps stop strings, the token limit and the context as the real engine does", async () => {
  const llm = createFakeLlm({ replies: [{ text: "one two three four" }], contextTokens: 8 })
  expect((await collect(llm, { ...ask, stop: ["thr"] })).text).toBe("one two ")
  const limited = await collect(llm, { ...ask, maxTokens: 2 })
  expect(limited).toMatchObject({ text: "one two ", end: { reason: "length", usage: { completionTokens: 2 } } })
  const long: GenerateRequest = { messages: [{ role: "user", content: "w ".repeat(20) }] }
  expect((await collect(llm, long)).error).toMatchObject({ code: "llm.context-exceeded" })
})

it("counts the prefix of a conversation as cached in its second turn", async () => {
  const llm = createFakeLlm({ replies: [{ text: "Four apples." }] })
  await collect(llm, { ...ask, cacheKey: "a" })
  const messages = [...ask.messages, { role: "assistant" as const, content: "Four apples." }, ...ask.messages]
  const { end } = await collect(llm, { messages, cacheKey: "a" })
  expect(end).toMatchObject({ usage: { cachedTokens: 6, promptTokens: 10 } })
})

it("crashes and hangs where the script says, and an abort ends the hanging", async () => {
  const crashing = createFakeLlm({ replies: [{ text: "a b c", breakAfter: { pieces: 2, how: "crash" } }] })
  expect(await collect(crashing, ask)).toMatchObject({ text: "a b ", error: { code: "engine.crashed" } })
  const hanging = createFakeLlm({ replies: [{ text: "a b c", breakAfter: { pieces: 1, how: "hang" } }] })
  const controller = new AbortController()
  const seen: GenerateEvent[] = []
  const run = async (): Promise<void> => {
    for await (const event of hanging.generate(ask, controller.signal)) {
      seen.push(event)
      if (event.type === "text") queueMicrotask(() => controller.abort(new Error("enough")))
    }
  }
  await expect(run()).rejects.toThrow("enough")
  expect(textOf(seen)).toBe("a ")
})
