import { ChatOpenAI } from "@langchain/openai"
import OpenAI from "openai"
import { zodTextFormat } from "openai/helpers/zod"
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest"
import { z } from "zod"
import { AppError } from "#core/errors.ts"
import { type CoreServer, createServer } from "#server/http.ts"
import { createFakeServer, type FakeServer, testKey } from "../fakes/fakeServerDeps.ts"
import { answer, endEvent } from "../fakes/fakeServerLlm.ts"

let fake: FakeServer
let server: CoreServer
let baseURL: string
let openai: OpenAI

beforeAll(async () => {
  fake = createFakeServer()
  server = createServer(fake.deps)
  baseURL = `${(await server.listen({ host: "127.0.0.1", port: 0, isPortExplicit: true })).baseUrl}/v1`
  openai = new OpenAI({ baseURL, apiKey: testKey, maxRetries: 0 })
})
afterEach(() => {
  fake.llm.script = null
  fake.llm.requests.length = 0
})
afterAll(async () => {
  await server.close()
  fake.remove()
})

const weatherTool = {
  type: "function" as const,
  name: "weather",
  description: "Weather of a city",
  parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
  strict: false,
}
const weatherCall = answer(
  { type: "reasoning", text: "I need the weather." },
  { type: "tool-call", index: 0, id: "call_1", name: "weather", argumentsDelta: '{"city":' },
  { type: "tool-call", index: 0, id: "call_1", name: "weather", argumentsDelta: '"Oslo"}' },
  endEvent("tool-calls", 9),
)

describe("the openai client's responses", () => {
  it("are whole, with instructions, limits and usage", async () => {
    const response = await openai.responses.create({
      model: "fake-chat",
      instructions: "Be short.",
      input: "Hello there",
      temperature: 0,
      max_output_tokens: 7,
      metadata: { purpose: "test" },
    })
    expect(response.output_text).toBe("Hello there")
    expect(response).toMatchObject({ status: "completed", metadata: { purpose: "test" }, previous_response_id: null })
    expect(response.usage).toMatchObject({
      input_tokens: 10,
      input_tokens_details: { cached_tokens: 3 },
      output_tokens: 2,
      total_tokens: 12,
    })
    expect(fake.llm.requests[0]).toMatchObject({
      messages: [
        { role: "system", content: "Be short." },
        { role: "user", content: "Hello there" },
      ],
      temperature: 0,
      maxTokens: 7,
    })
  })

  it("go on from the one before, whose instructions do not count any more", async () => {
    const first = await openai.responses.create({ model: "fake-chat", instructions: "Be short.", input: "One" })
    await openai.responses.create({ model: "fake-chat", input: "Two", previous_response_id: first.id })
    expect(fake.llm.requests[1]?.messages).toEqual([
      { role: "user", content: "One" },
      { role: "assistant", content: "One" },
      { role: "user", content: "Two" },
    ])
    expect((await openai.responses.retrieve(first.id)).output_text).toBe("One")
    await openai.responses.delete(first.id)
    await expect(openai.responses.retrieve(first.id)).rejects.toMatchObject({ status: 404 })
    await expect(
      openai.responses.create({ model: "fake-chat", input: "Three", previous_response_id: first.id }),
    ).rejects.toMatchObject({ status: 400, param: "previous_response_id" })
  })

  it("are not kept when told so", async () => {
    const response = await openai.responses.create({ model: "fake-chat", input: "One", store: false })
    await expect(openai.responses.retrieve(response.id)).rejects.toMatchObject({ status: 404 })
  })

  it("stream as typed, numbered events that add up to the whole", async () => {
    const types: string[] = []
    const numbers: number[] = []
    let text = ""
    const stream = openai.responses.stream({ model: "fake-chat", input: "one two three" })
    for await (const event of stream) {
      types.push(event.type)
      numbers.push(event.sequence_number)
      if (event.type === "response.output_text.delta") text += event.delta
    }
    const final = await stream.finalResponse()
    expect(text).toBe("one two three")
    expect(final.output_text).toBe(text)
    expect(numbers).toEqual(numbers.map((_number, index) => index))
    expect([...new Set(types)]).toEqual([
      "response.created",
      "response.in_progress",
      "response.output_item.added",
      "response.content_part.added",
      "response.output_text.delta",
      "response.output_text.done",
      "response.content_part.done",
      "response.output_item.done",
      "response.completed",
    ])
  })

  it("name each event on the wire and send no [DONE]", async () => {
    const reply = await fetch(`${baseURL}/responses`, {
      method: "POST",
      headers: { authorization: `Bearer ${testKey}`, "content-type": "application/json" },
      body: JSON.stringify({ model: "fake-chat", input: "one", stream: true }),
    })
    const body = await reply.text()
    const names = [...body.matchAll(/^event: (.*)\ndata: (.*)$/gm)].map(([, name, data]) => [
      name,
      JSON.parse(data ?? "").type,
    ])
    expect(names.length).toBeGreaterThan(7)
    for (const [name, type] of names) expect(name).toBe(type)
    expect(body).not.toContain("[DONE]")
  })

  it("call tools, with the thought apart, and take the results", async () => {
    fake.llm.script = weatherCall
    const first = await openai.responses.create({
      model: "fake-chat",
      input: "Weather?",
      tools: [weatherTool],
      tool_choice: { type: "function", name: "weather" },
    })
    expect(first.output.map((item) => item.type)).toEqual(["reasoning", "function_call"])
    expect(first.output[1]).toMatchObject({ call_id: "call_1", name: "weather", arguments: '{"city":"Oslo"}' })
    expect(fake.llm.requests[0]).toMatchObject({ toolChoice: { name: "weather" }, tools: [{ name: "weather" }] })

    fake.llm.script = null
    await openai.responses.create({
      model: "fake-chat",
      previous_response_id: first.id,
      input: [{ type: "function_call_output", call_id: "call_1", output: "Rain" }],
      tools: [weatherTool],
    })
    expect(fake.llm.requests[1]?.messages).toEqual([
      { role: "user", content: "Weather?" },
      {
        role: "assistant",
        content: "",
        toolCalls: [{ id: "call_1", name: "weather", arguments: '{"city":"Oslo"}' }],
      },
      { role: "tool", content: "Rain", toolCallId: "call_1" },
    ])
  })

  it("parse into a schema's value", async () => {
    fake.llm.script = answer({ type: "text", text: '{"city":"Oslo"}' }, endEvent("stop", 5))
    const response = await openai.responses.parse({
      model: "fake-chat",
      input: "Where?",
      text: { format: zodTextFormat(z.object({ city: z.string() }), "place") },
    })
    expect(response.output_parsed).toEqual({ city: "Oslo" })
    expect(fake.llm.requests[0]?.responseFormat).toMatchObject({ type: "json_schema" })
  })

  it("are incomplete when the limit cut them", async () => {
    fake.llm.script = answer({ type: "text", text: "Once upon" }, endEvent("length", 2))
    const response = await openai.responses.create({ model: "fake-chat", input: "A tale", max_output_tokens: 2 })
    expect(response).toMatchObject({ status: "incomplete", incomplete_details: { reason: "max_output_tokens" } })
  })

  it("answer from documents as rag/<collection>, marks annotated with the document", async () => {
    const response = await openai.responses.create({ model: "rag/manuals", input: "How often?" })
    const message = response.output[0]
    const part = message?.type === "message" ? message.content[0] : undefined
    if (part?.type !== "output_text") throw new Error("no text")
    expect(part.annotations.length).toBeGreaterThan(0)
    for (const annotation of part.annotations) {
      if (annotation.type !== "file_citation") throw new Error("another kind")
      expect(part.text.slice(annotation.index)).toMatch(/^\[\d+\]/)
    }
  })

  it("tell a late failure as response.failed", async () => {
    fake.llm.script = async function* () {
      yield { type: "text", text: "Half" }
      throw new AppError("engine.failed", "The model stopped working.")
    }
    const events = []
    for await (const event of await openai.responses.create({ model: "fake-chat", input: "Go", stream: true }))
      events.push(event)
    expect(events.at(-1)).toMatchObject({
      type: "response.failed",
      response: { status: "failed", error: { message: expect.stringContaining("stopped working") } },
    })
  })

  it("refuse what is not supported, naming it", async () => {
    const refused = async (more: object, param: string): Promise<void> => {
      const reply = openai.responses.create({ model: "fake-chat", input: "Hi", ...more })
      await expect(reply).rejects.toMatchObject({ status: 400, param })
    }
    await refused({ background: true }, "background")
    await refused({ conversation: "conv_1" }, "conversation")
    await refused({ prompt: { id: "p" } }, "prompt")
    await refused({ tools: [{ type: "web_search" }] }, "tools.0.type")
    await refused({ input: [] }, "input")
    await refused({ input: [{ type: "item_reference", id: "x" }] }, "input.0.type")
    await refused({ input: [{ role: "user", content: [{ type: "input_image" }] }] }, "input.0.content")
    await refused({ text: { format: { type: "json_schema", name: "x" } } }, "text.format.schema")
    expect(fake.llm.requests).toHaveLength(0)
  })
})

describe("LangChain by the Responses API", () => {
  it("invokes and streams", async () => {
    const chat = new ChatOpenAI({
      model: "fake-chat",
      apiKey: testKey,
      configuration: { baseURL },
      maxRetries: 0,
      useResponsesApi: true,
    })
    expect((await chat.invoke("hello there")).text).toBe("hello there")
    let text = ""
    for await (const chunk of await chat.stream("one two")) text += chunk.text
    expect(text).toBe("one two")
  })
})
